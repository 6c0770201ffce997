"""The public keys of an identity provider: a JSON Web Key Set (RFC 7517), in a file or at a URL."""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

from jwt import PyJWK, PyJWTError
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from gateway.watched import Watched

logger = logging.getLogger(__name__)

# A key's type says which algorithm it is for, whatever a token says: nothing that is public can be
# taken for the secret of an HMAC.
ALGORITHMS: Final[Mapping[tuple[Any, Any], str]] = {
    ("RSA", None): "RS256",
    ("OKP", "Ed25519"): "EdDSA",
}

FRESH_SECONDS: Final = 300.0
# How soon it is asked again for a key that was not there: anybody can make up a key's name.
AGAIN_SECONDS: Final = 5.0
WAIT_SECONDS: Final = 3.0
LARGEST_BYTES: Final = 256 * 1024


class KeysUnavailable(Exception):
    """The keys cannot be had just now."""


@dataclass(frozen=True)
class Key:
    """A key and the algorithm that it is for."""

    algorithm: str
    material: Any


KeySet = Mapping[str, Key]


class Keys(Protocol):
    """Where keys come from."""

    def now(self) -> KeySet:
        """The keys by their names.

        Raises:
            KeysUnavailable: they cannot be had just now.
        """

    def again(self) -> KeySet:
        """The same, for somebody who misses one."""


def parsed(text: str) -> KeySet:
    """The keys of a set that sign tokens in a way that is accepted here; others are left out.

    Raises:
        ValueError: it is no such set.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("it is no JSON Web Key Set")
    keys = {}
    for entry in document["keys"]:
        algorithm = _algorithm(entry)
        if algorithm:
            keys[str(entry.get("kid", ""))] = Key(algorithm, _material(entry, algorithm))
    return keys


def _algorithm(entry: Any) -> str | None:
    """What a key of the set signs with, if we accept that."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    return ALGORITHMS.get((entry.get("kty"), entry.get("crv")))


def _material(entry: dict[str, Any], algorithm: str) -> Any:
    try:
        return PyJWK(entry, algorithm).key
    except PyJWTError as error:
        raise ValueError(f"one of its keys cannot be used: {error}") from error


def check(path: Path) -> None:
    """See that a file is a set, which is asked of it when a process starts.

    Raises:
        ValueError: it is none.
        OSError: it cannot be read.
    """
    parsed(path.read_text(encoding="utf-8"))


class KeysInFile:
    """A set in a file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        nothing: KeySet = {}
        self._file = Watched(path, parsed, nothing=nothing)

    def now(self) -> KeySet:
        """The keys by their names."""
        return self._file.now()

    def again(self) -> KeySet:
        """The same."""
        return self._file.now()


class KeysAtUrl:
    """A set at a URL, asked for again every few minutes; what it said last holds while nobody
    answers there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = PoolManager(num_pools=1)
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._asked_at = float("-inf")

    def now(self) -> KeySet:
        """The keys by their names.

        Raises:
            KeysUnavailable: nobody has answered yet.
        """
        return self._known(FRESH_SECONDS if self._keys is not None else AGAIN_SECONDS)

    def again(self) -> KeySet:
        """The same, asked for anew, unless that was done just now."""
        return self._known(AGAIN_SECONDS)

    def _known(self, fresh_seconds: float) -> KeySet:
        is_old = monotonic() - self._asked_at > fresh_seconds
        # One asks; those who have keys go on with them meanwhile.
        if is_old and self._lock.acquire(blocking=self._keys is None):
            try:
                self._ask(fresh_seconds)
            finally:
                self._lock.release()
        if self._keys is None:
            raise KeysUnavailable(self._url)
        return self._keys

    def _ask(self, fresh_seconds: float) -> None:
        if monotonic() - self._asked_at <= fresh_seconds:
            return  # somebody else has, while this one waited
        try:
            self._keys = parsed(self._fetched())
        except (HTTPError, ValueError) as error:
            logger.error("the keys at %s cannot be had: %s", self._url, error)
        finally:
            self._asked_at = monotonic()

    def _fetched(self) -> str:
        response = self._pool.request(
            "GET",
            self._url,
            timeout=Timeout(total=WAIT_SECONDS),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        with response:
            if response.status != 200:
                raise ValueError(f"the answer is {response.status}")
            body = response.read(LARGEST_BYTES + 1)
        if len(body) > LARGEST_BYTES:
            raise ValueError("the answer does not end")
        return body.decode("utf-8")


def keys_at(place: str) -> Keys | None:
    """The keys at a URL or in a file, or none where no place is given."""
    if not place:
        return None
    return KeysAtUrl(place) if "://" in place else KeysInFile(Path(place))
