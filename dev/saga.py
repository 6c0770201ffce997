"""`make saga`: writes docs/saga.md as the saga's tables say."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then draw."""
    bootstrap.require_python()
    bootstrap.enter_venv(bootstrap.BASE)
    os.environ.update(TRIAL="1", DJANGO_SETTINGS_MODULE="config.settings.booking")

    import django

    django.setup()

    from booking import saga_diagram

    stale = saga_diagram.is_stale()
    saga_diagram.write()
    console.step("written: docs/saga.md" if stale else "docs/saga.md is up to date")
    return 0


if __name__ == "__main__":
    console.run(main)
