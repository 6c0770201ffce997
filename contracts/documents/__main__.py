"""python -m contracts.documents [--check | --baseline]"""

import argparse
import sys

from contracts.documents.files import BASELINE, ROOT, BreakingChange, stale, write, write_baseline


def main(arguments: list[str] | None = None) -> int:
    """Write what is generated from the contracts; 1 when a check fails or a baseline is refused."""
    parser = argparse.ArgumentParser(prog="python -m contracts.documents", description=main.__doc__)
    task = parser.add_mutually_exclusive_group()
    task.add_argument("--check", action="store_true", help="write nothing; 1 when files are stale")
    task.add_argument("--baseline", action="store_true", help="promise the schemas as they are now")
    asked = parser.parse_args(arguments)
    if asked.check:
        return _check()
    if asked.baseline:
        return _promise()
    _say(*(f"written: {path}" for path in write(ROOT)))
    return 0


def _check() -> int:
    outdated = stale(ROOT)
    _say(*(f"stale: {path} (make events)" for path in outdated))
    return int(bool(outdated))


def _promise() -> int:
    try:
        write_baseline(ROOT)
    except BreakingChange as refusal:
        _say(str(refusal))
        return 1
    _say(f"written: {BASELINE}")
    return 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
