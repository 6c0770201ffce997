"""API keys: secrets that we make, of which only digests are kept, in one file.

A line is `<SHA-256 of the key, in hexadecimal> <customer> <scope>,<scope>`; what follows a `#`
after a blank is for people. Deleting a line revokes its key at once. A key has 256 bits of chance:
there is nothing to guess, so that no slow digest has to stand in the way of guessing.
"""

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from contracts.callers import SCOPES
from gateway.customers import Customer, checked
from gateway.watched import Watched

logger = logging.getLogger(__name__)

# Tells a key from a JSON Web Token, and makes a leaked one easy to search for.
PREFIX: Final = "airline_"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
COMMENT: Final = re.compile(r"(?:^|\s)#")

Keys = Mapping[str, Customer]


def new_key() -> str:
    """A key that nobody has had before."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def line(key: str, customer: str, scopes: Iterable[str]) -> str:
    """The line of the file that lets a key in.

    Raises:
        ValueError: the customer's name or a scope cannot be one.
    """
    made = f"{digest(key)} {customer} {','.join(scopes)}"
    parsed(made)
    return made


def parsed(text: str) -> tuple[str, Customer]:
    """The digest and the customer of a line.

    Raises:
        ValueError: it is none; what is wrong is said without the line, which may hold a secret.
    """
    words = text.split()
    if len(words) != 3:
        raise ValueError("it is not a digest, a customer and scopes")
    kept, name, scopes = words
    if not DIGEST.fullmatch(kept):
        raise ValueError("its first word is not a SHA-256 digest in hexadecimal")
    named = frozenset(scopes.split(","))
    if not named <= set(SCOPES):
        raise ValueError(f"its scopes are not among {', '.join(SCOPES)}")
    return kept, checked(name, named)


class ApiKeys:
    """The keys of a file, as it is now.

    Args:
        path: the file; without one there are no keys.
    """

    def __init__(self, path: Path | None) -> None:
        nothing: Keys = {}
        self._file = Watched(path, _keys, nothing=nothing) if path else None

    def customer(self, key: str) -> Customer | None:
        """Whose key it is; nobody's where its line is not there, or not any more."""
        return self._file.now().get(digest(key)) if self._file else None


def _entries(text: str) -> Iterable[tuple[int, str]]:
    """The lines that are not for people alone, by number."""
    for number, whole in enumerate(text.splitlines(), 1):
        if entry := COMMENT.split(whole)[0].strip():
            yield number, entry


def _keys(text: str) -> Keys:
    """The keys; a line that cannot be used lets nobody in, and keeps no other line from counting:
    or a slip of the pen would shut everybody out, or leave a revoked key in use."""
    keys: dict[str, Customer] = {}
    for number, entry in _entries(text):
        try:
            kept, customer = parsed(entry)
            keys[kept] = customer
        except ValueError as error:
            logger.error("line %d of the API keys is left out: %s", number, error)
    return keys


def check(path: Path) -> None:
    """See that each line of a file can be used, which is asked of it when a process starts.

    Raises:
        ValueError: one cannot.
        OSError: the file cannot be read.
    """
    for number, entry in _entries(path.read_text(encoding="utf-8")):
        try:
            parsed(entry)
        except ValueError as error:
            raise ValueError(f"line {number} of {path}: {error}") from error
