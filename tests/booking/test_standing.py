"""How booking stands, for its operators."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from booking import selectors, standing
from booking.models import Reservation, Saga, TimelineEntry
from outbox.events import RELAY
from outbox.models import Lease, OutboxEvent
from tests import operations
from tests.booking import factories
from tests.booking.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.status.consumer_lag", lambda name, seconds: None)


def reserve(seat: str, *, age: timedelta = timedelta(0)) -> Reservation:
    """A PENDING reservation made so long before NOW."""
    made = factories.reserve(seat_number=seat)
    Reservation.objects.filter(pk=made.pk).update(created_at=NOW - age)
    return Reservation.objects.get(pk=made.pk)


def confirm(reservation: Reservation, *, after: timedelta) -> None:
    """Confirm it so long after it was made."""
    factories.confirm(reservation)
    told = TimelineEntry.objects.filter(reservation=reservation, entry="confirmed")
    assert told.update(at=reservation.created_at + after)


@pytest.fixture(autouse=True)
def _seats() -> None:
    seats = [f"{row}{letter}" for row in range(1, 30) for letter in "ABCDEF"]
    factories.departure(factories.flight(), seats=seats)


def test_without_the_switch_for_trials_only_operators_are_told(settings: Any) -> None:
    settings.TRIAL = False
    operations.assert_only_operators_are_told()


def test_in_a_trial_everybody_is_told() -> None:
    assert operations.ask(Client()).status_code == 200


def test_every_link_leads_to_a_page_of_the_admin(admin_client: Client) -> None:
    reserve("1A")
    Lease.objects.create(group=RELAY, shard=0, owner="", expires_at=timezone.now())
    operations.assert_pages_are_there(admin_client)


def test_the_address_of_the_admin_is_told(settings: Any) -> None:
    settings.ADMIN_URL = "https://admin.example"
    assert operations.standing().admin_url == "https://admin.example"


def test_reservations_are_counted_by_the_minute_and_their_status() -> None:
    confirm(reserve("1A"), after=timedelta(seconds=1))
    reserve("1B")
    reserve("1C", age=timedelta(minutes=2))
    minutes = {one.at: one.statuses for one in standing.sold(NOW).minutes}
    assert len(minutes) == standing.MINUTES
    assert minutes[NOW] == {"CONFIRMED": 1, "PENDING": 1}
    assert minutes[NOW - timedelta(minutes=1)] == {}
    assert minutes[NOW - timedelta(minutes=2)] == {"PENDING": 1}


def test_what_was_made_before_the_first_minute_is_not_counted() -> None:
    confirm(reserve("1A", age=timedelta(minutes=standing.MINUTES)), after=timedelta(seconds=1))
    sold = standing.sold(NOW)
    assert [one.statuses for one in sold.minutes] == [{}] * standing.MINUTES
    assert sold.confirmations.count == 0


def test_minutes_before_are_left_out() -> None:
    reserve("1A", age=timedelta(seconds=1))
    assert selectors.counts_by_minute(since=NOW) == {}


def test_the_percentiles_are_of_the_time_until_confirmed() -> None:
    for seconds, seat in enumerate(("1A", "1B", "1C", "1D"), start=1):
        confirm(reserve(seat), after=timedelta(seconds=seconds))
    reserve("1E")
    told = standing.sold(NOW).confirmations
    assert (told.count, told.p50_ms, told.p99_ms) == (4, 2000, 4000)


def test_no_more_than_the_newest_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors.standing, "NEWEST", 2)
    for seat in ("1A", "1B", "1C"):
        reserve(seat)
    assert selectors.counts_by_minute(since=NOW) == {NOW: {"PENDING": 2}}


def test_live_sagas_are_counted_by_step_with_the_age_of_the_oldest() -> None:
    reserve("1A")
    reserve("1B")
    saga = Saga.objects.latest("pk")
    Saga.objects.filter(pk=saga.pk).update(entered_at=NOW - timedelta(minutes=1))
    (stuck, waiting) = standing.backlogs(NOW)
    assert (stuck.count, stuck.needs_operator) == (0, True)
    assert (waiting.name, waiting.count) == (f"sagas BUYING at {saga.step}", 2)
    assert waiting.oldest_seconds == 60


def test_a_stuck_saga_needs_an_operator() -> None:
    reserve("1A")
    Saga.objects.update(stuck_at=NOW)
    assert operations.backlog("sagas stuck").count == 1


def test_events_that_are_not_out_and_those_held_are_counted() -> None:
    reserve("1A")
    events = OutboxEvent.objects.count()
    first = OutboxEvent.objects.earliest("pk")
    OutboxEvent.objects.filter(pk=first.pk).update(state=OutboxEvent.State.HELD)
    assert operations.backlog("events to publish").count == events - 1
    held = operations.backlog("events held")
    assert (held.count, held.needs_operator) == (1, True)


def test_owners_of_shards_are_told_and_how_many_shards_have_none() -> None:
    later = timezone.now() + timedelta(hours=1)
    for shard, owner in enumerate(("relay-1", "relay-1", "relay-2", "")):
        Lease.objects.create(group=RELAY, shard=shard, owner=owner, expires_at=later)
    (owners,) = operations.standing().owners
    assert owners.workers == {"relay-1": 2, "relay-2": 1}
    assert owners.unowned == 1


def test_a_broker_that_does_not_answer_leaves_the_lag_unknown() -> None:
    lags = {lag.consumer: lag.messages for lag in operations.standing().lags}
    assert lags == {"fares": None, "payments": None}
