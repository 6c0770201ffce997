"""Child processes that are measured: told what to do by lines, answering in JSON lines."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dev.console import RefusalError
from dev.supervision import tethered

END_SECONDS: Final = 20
ANSWER_SECONDS: Final = 180  # far more than any round takes


class Child:
    """A Python process of this benchmark; it ends when this process ends, however it ends.

    Args:
        arguments: what follows `python`.
        variables: added to this process's environment.
    """

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            tethered([sys.executable, *arguments]),
            env={**os.environ, **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.pid = self._process.pid
        self._name = " ".join(arguments)

    def tell(self, word: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None  # noqa: S101 (a pipe was asked for)
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def answer(self, seconds: float = ANSWER_SECONDS) -> Any:
        """Its next line; it says one for every time it is asked.

        Raises:
            RefusalError: it has ended, or says nothing for so long.
        """
        assert self._process.stdout is not None  # noqa: S101 (a pipe was asked for)
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise RefusalError(f"{self._name} has said nothing for {seconds:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise RefusalError(f"{self._name} ended with status {self._process.wait()}")
        return json.loads(line)

    def dismiss(self) -> None:
        """Tell it that there is nothing more, and wait for its end."""
        assert self._process.stdin is not None  # noqa: S101 (a pipe was asked for)
        self._process.stdin.close()
        self._process.wait(timeout=END_SECONDS)

    def terminate(self) -> None:
        """SIGTERM; it may still answer."""
        self._process.terminate()

    def end(self) -> None:
        """Have it gone."""
        self._process.terminate()
        try:
            self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def child(*arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[Child]:
    """A child that is gone after the block."""
    started = Child(*arguments, variables=variables)
    try:
        yield started
    finally:
        started.end()
