"""`make lint` and `make types`: what can be said about the code without running it.

python3 dev/lint.py            format, rules, import contracts, migrations, deployment checks
python3 dev/lint.py types      mypy, strict, under each service's settings
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then run the checks."""
    parser = argparse.ArgumentParser(description="Lint, or check types.")
    parser.add_argument("what", nargs="?", choices=["lint", "types"], default="lint")
    what = parser.parse_args().what
    bootstrap.require_python()

    from dev import packages

    # Nothing here connects to a database: no reason to install or to ask for anything.
    without = "mysqlclient" if packages.missing() else ""
    bootstrap.enter_venv(bootstrap.DEV, without=without)

    from dev import checks

    return checks.run(checks.types() if what == "types" else checks.lint())


if __name__ == "__main__":
    console.run(main)
