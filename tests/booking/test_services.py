"""Creating a reservation: one transaction, and which seat it takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from uuid_utils.compat import uuid7

from booking import services
from booking.models import (
    Departure,
    Reservation,
    ReservationPassenger,
    Saga,
    Seat,
    TimelineEntry,
)
from booking.models.reservation import LOCATOR_ALPHABET
from booking.selectors import DepartureClosed, SeatTaken, UnknownFlight, UnknownSeat
from booking.services import Traveler
from contracts.booking import PaymentAuthorizeRequested, ReservationCreated
from outbox import events
from outbox.models import OutboxEvent
from outbox.transactions import ATTEMPTS, LostRace
from tests.booking import factories
from tests.booking.factories import FLIGHT_NUMBER, NOW, PRICE

pytestmark = pytest.mark.django_db


def test_a_new_reservation_is_pending_at_the_flights_price_until_its_hold_ends() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(passenger_id=7, customer_id="anna")
    stored = Reservation.objects.get()
    assert stored.pk == reservation.pk
    assert (stored.status, stored.version) == (Reservation.Status.PENDING, 1)
    assert (stored.amount, stored.currency) == (PRICE, "EUR")
    assert (stored.customer_id, stored.passenger_id) == ("anna", 7)
    assert (stored.flight_number, stored.seat_number) == (FLIGHT_NUMBER, "12A")
    assert stored.hold_expires_at == NOW + timedelta(minutes=15)


def test_a_new_reservation_holds_its_seat_and_no_other() -> None:
    departure = factories.departure(factories.flight())
    reservation = factories.reserve()
    assert list(departure.seats.order_by("number").values_list("number", "status")) == [
        ("12A", Seat.Status.HELD),
        ("12B", Seat.Status.FREE),
    ]
    assert departure.seats.get(number="12A").reservation == reservation


def test_the_first_passenger_has_a_row() -> None:
    reservation = factories.pending_reservation()
    passenger = ReservationPassenger.objects.get()
    assert passenger.reservation == reservation
    assert (passenger.passenger_id, passenger.seat_number) == (1, "12A")


def test_a_buying_saga_waits_for_the_authorization() -> None:
    reservation = factories.pending_reservation()
    buying = Saga.objects.get()
    assert (buying.kind, buying.step) == (Saga.Kind.BUYING, "AUTHORIZING")
    assert (buying.reservation, buying.live) == (reservation, reservation.pk)


def test_the_timeline_begins_with_the_creation() -> None:
    reservation = factories.pending_reservation()
    entry = TimelineEntry.objects.get()
    assert (entry.reservation, entry.entry, entry.at) == (reservation, "created", NOW)


def test_two_events_follow_in_order() -> None:
    reservation = factories.pending_reservation()
    stored = OutboxEvent.objects.order_by("id").values_list("type", "sequence", "key", "state")
    assert list(stored) == [
        (ReservationCreated.type, 1, str(reservation.pk), "PENDING"),
        (PaymentAuthorizeRequested.type, 2, str(reservation.pk), "PENDING"),
    ]
    reservation.refresh_from_db()
    assert reservation.event_sequence == 2


def test_the_events_say_what_was_reserved_and_what_is_to_be_authorized() -> None:
    reservation = factories.pending_reservation()
    created, authorize = (row.payload for row in OutboxEvent.objects.order_by("sequence"))
    assert msgspec.json.decode(created, type=ReservationCreated) == ReservationCreated(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.passengers.all()),
        price=reservation.price(),
        hold_expires_at=reservation.hold_expires_at,
    )
    asked = msgspec.json.decode(authorize, type=PaymentAuthorizeRequested)
    assert asked == PaymentAuthorizeRequested(
        reservation_id=reservation.pk,
        saga_id=Saga.objects.get().pk,
        operation_number=1,
        amount=PRICE,
        currency="EUR",
        payment_token="tok_approve",
        customer_id=reservation.customer_id,
    )


class Broken(Exception):
    """The failure that a test puts into the middle of a transaction."""


def assert_nothing_is_written() -> None:
    for model in (Reservation, ReservationPassenger, Saga, TimelineEntry, OutboxEvent):
        assert not model._default_manager.exists(), model
    assert not Seat.objects.exclude(status=Seat.Status.FREE, reservation=None).exists()


@contextmanager
def breaking_at(table: str, *, after: bool = False) -> Iterator[None]:
    """Let the INSERT into a table fail, or what follows it."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = sql.startswith(f"INSERT INTO {connection.ops.quote_name(table)} ")
        if found and not after:
            raise Broken
        result = run(sql, params, many, context)
        if found:
            raise Broken
        return result

    with connection.execute_wrapper(execute):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "table",
    ["outbox_event", "reservation", "reservation_passenger", "saga", "reservation_timeline"],
)
def test_a_failure_leaves_nothing_written(table: str) -> None:
    factories.departure(factories.flight())
    with breaking_at(table), pytest.raises(Broken):
        factories.reserve()
    assert_nothing_is_written()


@pytest.mark.django_db(transaction=True)
def test_a_failure_after_the_last_insert_leaves_nothing_written() -> None:
    factories.departure(factories.flight())
    with breaking_at("reservation_timeline", after=True), pytest.raises(Broken):
        factories.reserve()
    assert_nothing_is_written()


@pytest.mark.django_db(transaction=True)
def test_the_event_and_the_reservation_are_seen_together_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The append happens inside the transaction that inserts the reservation."""
    factories.departure(factories.flight())
    append, seen = events.append, []

    def watched_append(*args: Any, **kwargs: Any) -> list[OutboxEvent]:
        seen.append(connection.in_atomic_block)
        return append(*args, **kwargs)

    monkeypatch.setattr("outbox.append", watched_append)
    factories.reserve()
    assert seen == [True]


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Each statement as its verb and its table."""

    def kind(sql: str) -> str:
        words = sql.replace("`", "").replace('"', "").split()
        table = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}.get(words[0])
        return f"{words[0]} {words[words.index(table) + 1]}" if table else words[0]

    return [kind(query["sql"]) for query in captured.captured_queries]


@pytest.mark.django_db(transaction=True)
def test_a_reservation_costs_nine_statements(settings: Settings) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "NUDGE_LISTEN": ""}  # read once a second
    factories.departure(factories.flight())
    asked = factories.asked()
    with CaptureQueriesContext(connection) as captured:
        services.create_reservation(**asked)
    assert statements(captured) == [
        "BEGIN",
        "SELECT seat",
        "UPDATE seat",
        "INSERT outbox_event",
        "INSERT reservation",
        "INSERT reservation_passenger",
        "INSERT saga",
        "INSERT reservation_timeline",
        "COMMIT",
    ]


# Which departure


def test_the_next_departure_is_taken() -> None:
    flight = factories.flight()
    factories.departure(flight, in_days=3)
    soonest = factories.departure(flight, in_days=2)
    assert factories.reserve().departure == soonest


def test_the_same_request_takes_the_next_departure_each_time() -> None:
    flight = factories.flight()
    planned = [factories.departure(flight, in_days=day) for day in (1, 2, 3)]
    assert [factories.reserve().departure for _ in planned] == planned


def test_another_seat_on_the_same_departure_is_still_free() -> None:
    first = factories.departure(factories.flight())
    assert factories.reserve(seat_number="12A").departure == first
    assert factories.reserve(seat_number="12B").departure == first


@pytest.mark.parametrize(
    "status", [Departure.Status.CLOSED, Departure.Status.CANCELED, Departure.Status.DEPARTED]
)
def test_only_open_departures_sell(status: Departure.Status) -> None:
    flight = factories.flight()
    factories.departure(flight, in_days=1, status=status)
    open_one = factories.departure(flight, in_days=2)
    assert factories.reserve().departure == open_one


def test_a_departure_that_has_left_does_not_sell_though_it_says_open() -> None:
    flight = factories.flight()
    factories.departure(flight, in_days=-1)
    factories.departure(flight, in_days=0)
    coming = factories.departure(flight, in_days=1)
    assert factories.reserve().departure == coming


@pytest.mark.parametrize(("minutes", "sells"), [(46, True), (45, False)])
def test_nothing_sells_after_the_check_in_cut_off_though_it_says_open(
    settings: Settings, minutes: int, sells: bool
) -> None:
    settings.CHECK_IN_CUT_OFF_MINUTES = 45
    flight = factories.flight()
    soon, later = (factories.departure(flight, in_days=day) for day in (1, 2))
    now = soon.departs_at - timedelta(minutes=minutes)
    assert factories.reserve(now=now).departure == (soon if sells else later)


def test_a_date_after_the_check_in_cut_off_is_closed(settings: Settings) -> None:
    settings.CHECK_IN_CUT_OFF_MINUTES = 45
    soon = factories.departure(factories.flight())
    now = soon.departs_at - timedelta(minutes=45)
    with pytest.raises(DepartureClosed, match="check-in has ended"):
        factories.reserve(now=now, departure_date=soon.date)


def test_a_blocked_seat_does_not_sell() -> None:
    flight = factories.flight()
    factories.departure(flight, in_days=1).seats.update(status=Seat.Status.BLOCKED)
    later = factories.departure(flight, in_days=2)
    assert factories.reserve().departure == later


def test_another_flights_seats_are_not_taken() -> None:
    factories.departure(factories.flight(1002), in_days=1)
    own = factories.departure(factories.flight(1001), in_days=2)
    assert factories.reserve().departure == own


def test_a_seat_taken_on_every_open_departure_is_refused() -> None:
    factories.pending_reservation()
    with pytest.raises(SeatTaken, match="12A is free on no open departure of flight 1001"):
        factories.reserve()


def test_an_unknown_flight_is_refused() -> None:
    with pytest.raises(UnknownFlight, match="no flight 1001"):
        factories.reserve()


def test_a_seat_that_the_aircraft_does_not_have_is_refused() -> None:
    factories.departure(factories.flight())
    with pytest.raises(UnknownSeat, match="Flight 1001 has no seat 31A"):
        factories.reserve(seat_number="31A")


@pytest.mark.parametrize("refused", [SeatTaken, UnknownFlight, UnknownSeat])
def test_a_refusal_writes_nothing(refused: type[Exception]) -> None:
    prepare: dict[type[Exception], Callable[[], object]] = {
        SeatTaken: factories.flight,
        UnknownFlight: lambda: None,
        UnknownSeat: lambda: factories.departure(factories.flight(seat_rows=11), seats=["1A"]),
    }
    prepare[refused]()
    with pytest.raises(refused):
        factories.reserve()
    assert_nothing_is_written()


def test_who_loses_one_departure_after_another_goes_on_to_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many are snatched away between the look and the grasp."""
    flight, take = factories.flight(), Seat.take
    departures = [factories.departure(flight, in_days=day) for day in range(1, ATTEMPTS + 3)]

    def snatched(departure: Departure, numbers: list[str], *, owner: UUID) -> None:
        if departure != departures[-1]:
            take(departure, numbers, owner=uuid7())
        take(departure, numbers, owner=owner)

    monkeypatch.setattr(Seat, "take", snatched)
    assert factories.reserve(offered=False).departure == departures[-1]


def test_who_was_outrun_chooses_no_longer_the_foremost_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those who choose at the same moment would all wait for it, one after the other."""
    departure, take = factories.departure(factories.flight(), seats=["1A", "2A", "9C"]), Seat.take
    asked: list[list[str]] = []

    def outrun_once(departure: Departure, numbers: list[str], *, owner: UUID) -> None:
        asked.append(numbers)
        take(departure, numbers, owner=uuid7() if len(asked) == 1 else owner)
        if len(asked) == 1:
            raise LostRace

    monkeypatch.setattr(Seat, "take", outrun_once)
    monkeypatch.setattr("random.choice", lambda choices: choices[-1])
    assert factories.reserve(travelers=[Traveler(1)]).departure == departure
    assert asked == [["1A"], ["9C"]]


# A record locator that somebody else has


def drawn(*locators: str) -> Callable[[int], bytes]:
    """A random source that draws these locators."""
    places = iter([bytes(map(LOCATOR_ALPHABET.index, locator)) for locator in locators])
    return lambda count: next(places)


@pytest.mark.django_db(transaction=True)
def test_a_taken_record_locator_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    departure = factories.departure(factories.flight())
    factories.row(departure, record_locator="AAAAAA")
    monkeypatch.setattr("secrets.token_bytes", drawn("AAAAAA", "BBBBBB"))
    assert factories.reserve().record_locator == "BBBBBB"
    assert Seat.objects.filter(status=Seat.Status.HELD).count() == 1
    assert OutboxEvent.objects.count() == 2
