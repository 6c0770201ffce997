"""Runs a management command that kills itself (-9) the moment it reaches a given function.

    python -m tests.e2e.crash outbox.relay:Relay._mark_published run_outbox_relay

The function is replaced before the command starts; its first call with something to work on ends
the process as the operating system would: no handler runs, nothing is flushed or closed.
"""

import os
import signal
import sys
from functools import reduce
from importlib import import_module
from typing import Any


def die(*arguments: Any, **keywords: Any) -> None:
    """Stand in for the function; calls with nothing to do, such as an empty list, pass."""
    if any(not isinstance(argument, list) or argument for argument in arguments[1:]):
        os.kill(os.getpid(), signal.SIGKILL)


def main(target: str, *command: str) -> None:
    """Replace `module:Class.function` and run the command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"config.settings.{os.environ['SERVICE']}")
    import django
    from django.core.management import call_command

    django.setup()
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, import_module(module))
    getattr(owner, name)  # a renamed function must fail here, not turn the test into nothing
    setattr(owner, name, die)
    call_command(*command)


if __name__ == "__main__":
    main(*sys.argv[1:])
