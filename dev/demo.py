"""`make demo`: the whole system on SQLite and an in-memory broker, with nothing but Python.

    python3 dev/demo.py [--once] [--port-offset N]

Shows one reservation on its way from PENDING to CONFIRMED, then stays up until Ctrl-C; with
`--once` it ends there: 0 if the reservation was confirmed.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then show the demo."""
    parser = argparse.ArgumentParser(description="The whole system with nothing but Python.")
    parser.add_argument("--once", action="store_true", help="end after the reservation's way")
    parser.add_argument(
        "--port-offset", type=console.port_offset, default=0, help="added to every port"
    )
    parser.add_argument("--folder", type=Path, default=bootstrap.ROOT / "var" / "demo")
    options = parser.parse_args()
    bootstrap.require_python()
    bootstrap.enter_venv(bootstrap.BASE)

    from dev.demonstration import Demonstration

    return Demonstration(options.folder.resolve(), options.port_offset).run(once=options.once)


if __name__ == "__main__":
    console.run(main)
