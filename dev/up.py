"""`make up`: the whole system on a private MariaDB and Kafka below var/up, without Docker.

    python3 dev/up.py [--port-offset N]

Starts what does not run yet, and leaves it running under a process manager that restarts what
dies; `make down` stops it. The data stays.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then the system up."""
    parser = argparse.ArgumentParser(description="The whole system on real MariaDB and Kafka.")
    parser.add_argument(
        "--port-offset", type=console.port_offset, default=0, help="added to every port"
    )
    options = parser.parse_args()
    bootstrap.require_python()

    from dev import packages
    from dev.lasting import lasting_stack, report

    packages.ensure()
    bootstrap.enter_venv(bootstrap.FULL)
    stack = lasting_stack(options.port_offset)
    stack.start()
    report(stack)
    return 0


if __name__ == "__main__":
    console.run(main)
