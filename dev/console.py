"""What the scripts of this folder say, and how they end.

Parsed by every Python 3, however old: `bootstrap` needs it to refuse one.
"""

import sys
import time
from pathlib import Path
from typing import Callable  # noqa: UP035 (an older Python has it here only)

STARTED = time.monotonic()
LAST_LINES = 15


class RefusalError(Exception):
    """Why a script cannot go on: one line for a person, and the log that tells more, if any."""

    def __init__(self, message: str, log: "Path | None" = None) -> None:
        super().__init__(message)
        self.log = log


def step(text: str) -> None:
    """Print one line of progress with the seconds since the script started."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def explain(refusal: RefusalError) -> None:
    """Print the end of the log that the refusal names, then the one line of the refusal."""
    if refusal.log is not None and refusal.log.exists():
        text = refusal.log.read_text(errors="replace")
        for line in text.splitlines()[-LAST_LINES:]:
            print(f"    {line}", file=sys.stderr)
    hint = f" (log: {refusal.log})" if refusal.log is not None else ""
    print(f"error: {refusal}{hint}", file=sys.stderr, flush=True)


def run(main: "Callable[[], int]") -> None:
    """Call `main` and exit with its status; a refusal is explained and exits 1, Ctrl-C 130."""
    try:
        status = main()
    except RefusalError as refusal:
        explain(refusal)
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def port_offset(text: str) -> int:
    """An offset that leaves every documented port (3000 to 9093) one that can be listened on."""
    offset = int(text)
    if not -1900 <= offset <= 55_000:
        raise ValueError
    return offset
