"""Wake-up of workers by datagrams."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from outbox import nudge as nudging
from outbox.models import Worker
from outbox.nudge import Listener, nudge, nudge_on_commit

pytestmark = pytest.mark.django_db(transaction=True)

# Refused at once: a broadcast that this process has not asked to be allowed.
UNREACHABLE = "255.255.255.255:1"


@pytest.fixture(autouse=True)
def nobody_known() -> None:
    """This process has not read anybody's address yet."""
    nudging._sender()._known.clear()


class Ear:
    """A worker that counts the datagrams it gets."""

    def __init__(self, group: str = "relay", *, lives_for: int = 60) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        host, port = self._socket.getsockname()
        register(f"{host}:{port}", group, lives_for=lives_for)

    def heard(self) -> int:
        """How many came since it was asked last; on one machine they come at once."""
        count = 0
        try:
            while self._socket.recv(16):
                count += 1
        except BlockingIOError:
            pass
        return count

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()


def register(address: str, group: str = "relay", *, lives_for: int = 60) -> None:
    """Announce a worker, as its leases do."""
    end = Now() + timedelta(seconds=lives_for)
    Worker.objects.create(group=group, name=address, address=address, expires_at=end)


@pytest.fixture
def an_ear() -> Iterator[Callable[..., Ear]]:
    """Makes them."""
    with ExitStack() as ears:
        yield lambda *args, **facts: ears.enter_context(closing(Ear(*args, **facts)))


@pytest.fixture
def ear(an_ear: Callable[..., Ear]) -> Ear:
    """A relay's."""
    return an_ear()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A registered one, as the settings say."""
    made = Listener()
    register(made.address)
    yield made
    made.close()


# Hearing


def test_a_nudge_wakes_a_listener(listener: Listener) -> None:
    nudge("relay")
    assert listener.wait(5)


def test_without_a_nudge_a_listener_sleeps_on(listener: Listener) -> None:
    assert not listener.wait(0.01)


def test_many_nudges_wake_a_listener_once(listener: Listener) -> None:
    for _ in range(3):
        nudge("relay")
    assert [listener.wait(0.01) for _ in range(2)] == [True, False]


def test_a_listener_on_every_address_tells_one_that_others_can_send_to(settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "NUDGE_LISTEN": nudging.ANY}
    with closing(Listener()) as listener:
        register(listener.address)
        nudge("relay")
        assert listener.wait(5)
        assert not listener.address.startswith(nudging.ANY)


def test_an_address_of_another_machine_is_named(settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "NUDGE_LISTEN": "192.0.2.1"}
    with pytest.raises(
        ImproperlyConfigured, match=r"cannot listen at NUDGE_LISTEN, '192\.0\.2\.1'"
    ):
        Listener()


# Sending


def test_every_worker_of_the_group_is_nudged_and_nobody_else(
    an_ear: Callable[..., Ear],
) -> None:
    ears = [an_ear(), an_ear(), an_ear("operations"), an_ear(lives_for=-1)]
    nudge("relay")
    assert [ear.heard() for ear in ears] == [1, 1, 0, 0]


def test_a_transaction_nudges_once_when_it_commits(ear: Ear) -> None:
    with transaction.atomic():
        nudge_on_commit("relay")
        nudge_on_commit("relay")
        assert ear.heard() == 0
    assert ear.heard() == 1


def test_a_transaction_nudges_each_group_it_has_work_for(an_ear: Callable[..., Ear]) -> None:
    ears = [an_ear("relay"), an_ear("operations")]
    with transaction.atomic():
        nudge_on_commit("relay")
        nudge_on_commit("operations")
    assert [ear.heard() for ear in ears] == [1, 1]


def test_a_rollback_nudges_nobody(ear: Ear) -> None:
    with transaction.atomic():
        nudge_on_commit("relay")
        transaction.set_rollback(True)
    assert ear.heard() == 0


def test_work_after_a_savepoint_that_was_rolled_back_nudges(ear: Ear) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            nudge_on_commit("relay")
            raise ZeroDivisionError
        nudge_on_commit("relay")
    assert ear.heard() == 1


def test_addresses_are_not_read_for_every_nudge(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    with CaptureQueriesContext(connection) as queries:
        nudge("relay")
        nudge("relay")
        assert len(queries) == 1
        monkeypatch.setattr(nudging, "ADDRESSES_LAST_SECONDS", 0)
        nudge("relay")
    assert len(queries) == 2
    assert ear.heard() == 3


# Doing without


def test_turned_off_nobody_listens_or_sends_or_reads_addresses(ear: Ear, settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "NUDGE_LISTEN": ""}
    assert Listener.from_settings() is None
    with CaptureQueriesContext(connection) as queries:
        nudge("relay")
        nudge_on_commit("relay")
    assert (ear.heard(), len(queries)) == (0, 0)


@pytest.mark.parametrize("address", ["", "127.0.0.1:1", UNREACHABLE])
def test_that_nobody_hears_harms_nobody(ear: Ear, address: str) -> None:
    register(address)
    nudge("relay")
    nudge("relay")


def test_who_cannot_be_reached_does_not_keep_others_from_hearing(
    an_ear: Callable[..., Ear],
) -> None:
    register(UNREACHABLE)
    ear = an_ear()
    nudge("relay")
    assert ear.heard() == 1


def test_that_the_database_is_away_harms_nobody(ear: Ear) -> None:
    def refuse(*args: Any) -> None:
        raise OperationalError(2013, "lost")

    with connection.execute_wrapper(refuse):
        nudge("relay")
    nudge("relay")
    assert ear.heard() == 1, "it asks again at once"
