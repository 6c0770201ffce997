"""Run a command under the settings of an environment file, ending it when its parent ends.

    python tether.py PARENT ENV_FILE [NAME=VALUE ...] -- COMMAND [ARGUMENT ...]

PARENT is the process that starts this one: its id, or a file that holds it. The kernel sends
SIGTERM to the command when that process dies, however it dies (prctl(2), PR_SET_PDEATHSIG; kept
across exec). So a process manager that is killed -9 leaves no process behind. Elsewhere than on
Linux the command runs without that. `-` stands for no environment file.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with_parent(parent: str) -> None:
    """Ask the kernel for SIGTERM on the parent's death; exits if it has died already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the kernel was asked: then nobody will send anything.
    if os.getppid() != parent_id(parent):
        sys.exit(f"the process that started this one has ended: {parent}")


def parent_id(parent: str) -> int | None:
    """The id that `parent` is or, as a file, holds; None when there is no such file any more."""
    try:
        return int(parent if parent.isdigit() else Path(parent).read_text())
    except (OSError, ValueError):
        return None


def settings(path: str) -> Iterator[tuple[str, str]]:
    """The NAME=VALUE lines of an environment file; values are taken as they stand."""
    if path == "-":
        return
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, equals, value = line.rstrip("\n").partition("=")
            if equals and not name.startswith("#"):
                yield name, value


def main(arguments: list[str]) -> None:
    """Replace this process by the command; never returns."""
    split = arguments.index("--")
    parent, path, *assignments = arguments[:split]
    end_with_parent(parent)
    command = arguments[split + 1 :]
    os.environ.update(settings(path))
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        os.environ[name] = value
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
