#!/usr/bin/env python
"""Django's command line, for one service of this repository.

`SERVICE=payment python manage.py …` picks `config.settings.payment`; a set
`DJANGO_SETTINGS_MODULE` is respected; with neither, the service is booking. Where no setting is
given in the environment, those of a running `make demo` or `make up` are taken, so that a second
terminal meets the running system.
"""

import os
import sys
from pathlib import Path

RUNNING = (Path("var/demo/env"), Path("var/up/env"))


def main() -> int:
    """Run the command that `sys.argv` names and return the exit status."""
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from config.environment import choose_settings, load_running_environment
    except ModuleNotFoundError as error:
        print(
            f"manage.py: {error.name} is not installed for {sys.executable}; run it with "
            ".venv/bin/python (`make demo` creates it) or install requirements.txt",
            file=sys.stderr,
        )
        return 1
    root = Path(__file__).resolve().parent
    load_running_environment(os.environ, [root / path for path in RUNNING])
    try:
        choose_settings(os.environ)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"manage.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
