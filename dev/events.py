"""`make events`: writes docs/events/ as the contracts say.

python3 dev/events.py [--check | --baseline]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then generate."""
    bootstrap.require_python()
    bootstrap.enter_venv(bootstrap.BASE)

    from contracts.documents.__main__ import main as generate

    return generate()


if __name__ == "__main__":
    console.run(main)
