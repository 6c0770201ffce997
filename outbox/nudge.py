"""Wake-up: a commit tells the workers at once, by one UDP datagram to each.

Workers register the address they listen at in their `Worker` row; whoever commits work for a group
reads those addresses, at most once a second, and sends. A datagram that is lost costs a poll's
pause and nothing else: correctness never rests on it. An empty `NUDGE_LISTEN` turns it off.
"""

import atexit
import logging
import select
import socket
import threading
import time
from functools import cache, partial
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models.functions import Now

from outbox.conf import options
from outbox.models import Worker
from outbox.prepared import Rows, argument

logger = logging.getLogger(__name__)

ADDRESSES_LAST_SECONDS: Final = 1.0
ANY: Final = "0.0.0.0"  # noqa: S104 (compared with, and advertised by name)


class Listener:
    """Where one worker hears nudges.

    Raises:
        ImproperlyConfigured: the configured address is not one of this machine's.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind((options().nudge_listen, 0))
        except OSError as error:
            self._socket.close()
            raise ImproperlyConfigured(
                f"workers cannot listen at NUDGE_LISTEN, {options().nudge_listen!r}: {error}"
            ) from error

    @classmethod
    def from_settings(cls) -> "Listener | None":
        """A listener, unless nudges are turned off."""
        return cls() if options().nudge_listen else None

    @property
    def address(self) -> str:
        """What a sender needs, as `host:port`."""
        host, port = self._socket.getsockname()
        return f"{socket.gethostbyname(socket.gethostname()) if host == ANY else host}:{port}"

    def wait(self, seconds: float) -> bool:
        """Wait for a nudge, at most so long; whether one came."""
        heard, _, _ = select.select([self._socket], [], [], seconds)
        if heard:
            self._drain()
        return bool(heard)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _drain(self) -> None:
        """Many nudges ask for one look."""
        try:
            while self._socket.recv(16):
                pass
        except BlockingIOError:
            return


class Sender:
    """Nudges workers from any thread of this process."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        atexit.register(self._socket.close)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, list[tuple[str, int]]]] = {}

    def send(self, group: str) -> None:
        """Nudge every worker of a group. Never raises: a poll finds what this misses."""
        try:
            addresses = self._addresses(group)
        except (DatabaseError, InterfaceError) as error:
            logger.debug("%s not nudged: %s", group, error)
            return
        for address in addresses:
            try:
                self._socket.sendto(b"\n", address)
            except OSError as error:
                logger.debug("%s not nudged at %s: %s", group, address, error)

    def _addresses(self, group: str) -> list[tuple[str, int]]:
        with self._lock:
            read_at, addresses = self._known.get(group, (0.0, []))
            if time.monotonic() - read_at > ADDRESSES_LAST_SECONDS:
                addresses = _registered(group)
                self._known[group] = (time.monotonic(), addresses)
            return addresses


def _registered(group: str) -> list[tuple[str, int]]:
    found = (str(address).rpartition(":") for (address,) in _listening().all(group=group))
    return [(host, int(port)) for host, _, port in found]


@cache
def _listening() -> Rows:
    """The addresses of a group's workers."""
    live = Worker.objects.filter(group=argument(Worker, "group"), expires_at__gt=Now())
    return Rows(live.exclude(address="").values_list("address"))


_making: Final = threading.Lock()


def _sender() -> Sender:
    """This process's sender. Threads that ask for it first at the same moment get the same."""
    with _making:
        return _made_sender()


@cache
def _made_sender() -> Sender:
    return Sender()


@cache
def _send_to(group: str) -> "partial[None]":
    return partial(_sender().send, group)


def nudge(group: str) -> None:
    """Wake the workers of a group now."""
    if options().nudge_listen:
        _sender().send(group)


def nudge_on_commit(group: str) -> None:
    """Wake the workers of a group when the current transaction commits, once for all its work."""
    if not options().nudge_listen:
        return
    send = _send_to(group)
    if not any(entry[1] is send for entry in connection.run_on_commit):
        transaction.on_commit(send, robust=True)
