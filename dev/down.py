"""`make down`: stop what `make up` started; the data stays in var/up.

python3 dev/down.py
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Stop the processes first, then the servers."""
    argparse.ArgumentParser(description="Stop what `make up` started.").parse_args()
    bootstrap.require_python()
    if not (bootstrap.ROOT / "var" / "up" / "supervisord.conf").exists():
        console.step("nothing is up")
        return 0
    bootstrap.enter_venv(bootstrap.BASE)

    from dev.lasting import lasting_stack

    stack = lasting_stack(0)
    if stack.supervisor.pid() is None:
        console.step("nothing is up")
    else:
        console.step("stopping the processes, then Kafka and MariaDB")
        stack.stop()
        console.step("stopped; the data is kept in var/up")
    return 0


if __name__ == "__main__":
    console.run(main)
