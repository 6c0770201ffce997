"""Departures' statuses and seats' owners."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from uuid_utils.compat import uuid7

from booking.models import Airport, Departure, Flight, IllegalDeparture, Seat
from booking.models.inventory import SeatNotHeld
from contracts.values import Itinerary
from outbox.transactions import LostRace
from tests.booking import factories

Status = Seat.Status


def test_events_describe_a_departure_by_its_flight_and_times() -> None:
    flight = Flight(
        carrier="ZQ",
        number=1001,
        origin=Airport(code="ARN", zone="Europe/Stockholm"),
        destination=Airport(code="LHR", zone="Europe/London"),
    )
    leaves = datetime(2040, 1, 10, 23, 40, tzinfo=UTC)
    arrives = datetime(2040, 1, 11, 2, 25, tzinfo=UTC)
    departure = Departure(
        flight=flight, date=date(2040, 1, 11), departs_at=leaves, arrives_at=arrives
    )
    assert departure.itinerary("BUSINESS") == Itinerary(
        carrier="ZQ",
        flight_number=1001,
        origin="ARN",
        destination="LHR",
        departure_date=date(2040, 1, 11),
        departs_at=leaves,
        arrives_at=arrives,
        origin_zone="Europe/Stockholm",
        destination_zone="Europe/London",
        cabin="BUSINESS",
    )


MAY_FOLLOW = {
    (Departure.Status.OPEN, Departure.Status.CLOSED),
    (Departure.Status.OPEN, Departure.Status.CANCELED),
    (Departure.Status.CLOSED, Departure.Status.DEPARTED),
    (Departure.Status.CLOSED, Departure.Status.CANCELED),
}


@pytest.mark.django_db
@pytest.mark.parametrize("after", Departure.Status)
@pytest.mark.parametrize("before", Departure.Status)
def test_a_departure_moves_as_the_table_says(
    before: Departure.Status, after: Departure.Status
) -> None:
    departure = factories.departure(factories.flight(), status=before)
    if (before, after) in MAY_FOLLOW:
        departure.move_to(after)
        assert Departure.objects.get().status == departure.status == after
    else:
        with pytest.raises(IllegalDeparture, match=f"{before} → {after}"):
            departure.move_to(after)
        assert Departure.objects.get().status == before


@pytest.mark.django_db
def test_who_moves_a_departure_that_has_moved_is_told() -> None:
    departure = factories.departure(factories.flight())
    late = Departure.objects.get()
    departure.move_to(Departure.Status.CANCELED)
    with pytest.raises(LostRace):
        late.move_to(Departure.Status.CLOSED)
    assert Departure.objects.get().status == Departure.Status.CANCELED


@pytest.mark.django_db
def test_a_free_seat_is_held_by_its_taker() -> None:
    seat, taker = factories.seat(), uuid7()
    take(seat, taker)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.HELD, taker)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.HELD, Status.SOLD, Status.BLOCKED])
def test_a_seat_that_is_not_free_is_not_taken(status: Seat.Status) -> None:
    seat = factories.seat()
    owner = None if status == Status.BLOCKED else uuid7()
    Seat.objects.update(status=status, reservation_id=owner)
    with pytest.raises(LostRace):
        take(seat, uuid7())
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (status, owner)


def take(seat: Seat, owner: UUID) -> None:
    Seat.take(seat.departure, [seat.number], owner=owner)


@pytest.mark.django_db
def test_several_seats_are_taken_all_or_none() -> None:
    departure, owner = factories.departure(factories.flight()), uuid7()
    Seat.take(departure, ["12B"], owner=owner)
    with pytest.raises(LostRace, match="12A, 12B"):
        Seat.take(departure, ["12B", "12A"], owner=uuid7())
    found = departure.seats.order_by("number").values_list("number", "status", "reservation")
    assert list(found) == [("12A", Status.FREE, None), ("12B", Status.HELD, owner)]


@pytest.mark.django_db
def test_seats_of_another_departure_are_not_taken() -> None:
    flight = factories.flight()
    first, second = (factories.departure(flight, in_days=day) for day in (1, 2))
    Seat.take(first, ["12A", "12B"], owner=uuid7())
    assert set(second.seats.values_list("status", flat=True)) == {Status.FREE}


release = partial(Seat.release, status=Status.HELD)
Change = Callable[..., None]
BOTH_CHANGES = pytest.mark.parametrize("change", [Seat.sell_held, release], ids=["sell", "release"])


@pytest.mark.django_db
def test_a_held_seat_is_sold_to_its_owner() -> None:
    seat, owner = factories.seat(), uuid7()
    take(seat, owner)
    Seat.sell_held(owner, ["12A"], departure=seat.departure)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.SOLD, owner)


@pytest.mark.django_db
def test_a_released_seat_is_free_and_has_no_owner() -> None:
    seat, owner = factories.seat(), uuid7()
    take(seat, owner)
    release(owner, ["12A"], departure=seat.departure)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.FREE, None)


@BOTH_CHANGES
@pytest.mark.django_db
def test_somebody_elses_seat_stays_theirs(change: Change) -> None:
    seat, owner = factories.seat(), uuid7()
    take(seat, owner)
    with pytest.raises(SeatNotHeld), transaction.atomic():
        change(uuid7(), ["12A"], departure=seat.departure)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.HELD, owner)


@BOTH_CHANGES
@pytest.mark.django_db
def test_a_sold_seat_is_neither_sold_again_nor_released(change: Change) -> None:
    seat, owner = factories.seat(), uuid7()
    take(seat, owner)
    Seat.sell_held(owner, ["12A"], departure=seat.departure)
    with pytest.raises(SeatNotHeld), transaction.atomic():
        change(owner, ["12A"], departure=seat.departure)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.SOLD, owner)


@BOTH_CHANGES
@pytest.mark.django_db
def test_a_seat_given_on_stays_with_its_next_owner(change: Change) -> None:
    seat, first, second = factories.seat(), uuid7(), uuid7()
    take(seat, first)
    release(first, ["12A"], departure=seat.departure)
    take(seat, second)
    with pytest.raises(SeatNotHeld), transaction.atomic():
        change(first, ["12A"], departure=seat.departure)
    seat.refresh_from_db()
    assert (seat.status, seat.reservation_id) == (Status.HELD, second)


@BOTH_CHANGES
@pytest.mark.django_db
def test_the_same_seat_of_another_departure_stays_as_it_is(change: Change) -> None:
    flight, owner = factories.flight(), uuid7()
    first, second = (factories.departure(flight, in_days=day) for day in (1, 2))
    for departure in (first, second):
        Seat.take(departure, ["12A"], owner=owner)
    change(owner, ["12A"], departure=second)
    seat = first.seats.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Status.HELD, owner)


@BOTH_CHANGES
@pytest.mark.django_db
def test_seats_that_are_not_all_held_are_refused(change: Change) -> None:
    seat, owner = factories.seat(), uuid7()
    take(seat, owner)
    with pytest.raises(SeatNotHeld, match="12A, 12B"), transaction.atomic():
        change(owner, ["12B", "12A"], departure=seat.departure)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "owned"),
    [(Status.FREE, True), (Status.BLOCKED, True), (Status.HELD, False), (Status.SOLD, False)],
)
def test_the_database_refuses_an_owner_that_does_not_fit_the_status(
    status: Seat.Status, owned: bool
) -> None:
    factories.seat()
    # MariaDB reports a broken CHECK as error 4025, which Django hands on as OperationalError.
    with pytest.raises(Exception, match="seat_owner"), transaction.atomic():
        Seat.objects.update(status=status, reservation_id=uuid7() if owned else None)


@pytest.mark.django_db
def test_a_departure_has_each_seat_once() -> None:
    seat = factories.seat()
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(departure=seat.departure, number=seat.number, cabin=seat.cabin)
