"""Files that are read again when they have changed."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

Stamp = tuple[int, int, int, int]


class Watched(Generic[T]):
    """What a file says, as it is now.

    Args:
        path: the file.
        parse: what it says; raises ValueError where it cannot be used.
        nothing: what holds while there is no such file, or none that can be used.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], *, nothing: T) -> None:
        self._path = path
        self._parse = parse
        self._nothing = nothing
        self._lock = threading.Lock()
        self._read: tuple[Stamp | None, T] = (None, nothing)

    def now(self) -> T:
        """What the file says; costs one look at its times while it stays as it is."""
        stamp = self._stamp()
        known, said = self._read
        if stamp == known:
            return said
        with self._lock:
            if stamp != self._read[0]:
                # The times are looked at before the file is: who writes in between is read again.
                self._read = (stamp, self._parsed())
            return self._read[1]

    def _stamp(self) -> Stamp | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)

    def _parsed(self) -> T:
        """What the file says; nothing rather than what it said before, which may be revoked."""
        try:
            return self._parse(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            logger.error("%s cannot be used: %s", self._path, error)
            return self._nothing
