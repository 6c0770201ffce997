"""Seats and reservations that do not agree are found, and those that agree are not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from uuid_utils.compat import uuid7

from booking import services
from booking.invariants import CHANGING, violations
from booking.models import Departure, Reservation, ReservationPassenger, Saga, Seat
from contracts.payment import PaymentAuthorized, PaymentCaptured
from tests.booking import factories
from tests.booking.factories import NOW

pytestmark = pytest.mark.django_db

Status = Reservation.Status
LIVE: Final = {Status.PENDING, Status.CONFIRMED}
SEAT_OF: Final = {Status.PENDING: Seat.Status.HELD, Status.CONFIRMED: Seat.Status.SOLD}


def told() -> list[str]:
    return [str(violation) for violation in violations()]


def confirmed() -> Reservation:
    reservation = factories.pending_reservation()
    factories.tell(PaymentAuthorized, reservation)
    factories.tell(PaymentCaptured, reservation)
    return reservation


def rejected() -> Reservation:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.declined(reservation.pk), now=NOW)
    return reservation


def seat_number(number: str) -> Seat:
    return Seat.objects.get(number=number)


def own(seat: Seat, reservation: Reservation | None, status: Seat.Status) -> None:
    Seat.objects.filter(pk=seat.pk).update(status=status, reservation=reservation)


def start_change(reservation: Reservation) -> None:
    Saga.objects.create(
        reservation=reservation,
        kind=CHANGING,
        step="AUTHORIZING",
        live=reservation.pk,
        started_at=NOW,
        entered_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("make", [factories.pending_reservation, confirmed, rejected])
def test_what_the_services_do_agrees(make: Callable[[], Reservation]) -> None:
    make()
    assert told() == []


def test_an_empty_inventory_and_blocked_seats_agree() -> None:
    own(factories.seat(), None, Seat.Status.BLOCKED)
    assert told() == []


@pytest.mark.parametrize("seat", [Seat.Status.HELD, Seat.Status.SOLD])
@pytest.mark.parametrize("status", Status)
def test_a_seat_is_held_for_the_pending_and_sold_to_the_confirmed_only(
    status: Reservation.Status, seat: Seat.Status
) -> None:
    reservation = factories.pending_reservation()
    Reservation.objects.update(status=status)
    own(seat_number("12A"), reservation, seat)
    agrees = SEAT_OF.get(status) == seat
    seats = [line for line in told() if "so the seat must be" not in line]
    assert seats == (
        []
        if agrees
        else [
            f"seat 12A of ZQ1001 on 2040-01-11, reservation {reservation.record_locator} "
            f"({reservation.pk}): the seat is {seat}, the reservation {status}"
        ]
    )


@pytest.mark.parametrize("status", Status)
def test_whoever_lost_their_seat_is_found_while_the_reservation_lives(
    status: Reservation.Status,
) -> None:
    reservation = factories.pending_reservation()
    Reservation.objects.update(status=status)
    own(seat_number("12A"), None, Seat.Status.FREE)
    assert told() == (
        [
            f"seat 12A of ZQ1001 on 2040-01-11, reservation {reservation.record_locator} "
            f"({reservation.pk}): the reservation is {status}, so the seat must be "
            f"{SEAT_OF[status]} for it, and is FREE"
        ]
        if status in LIVE
        else []
    )


def test_a_seat_that_somebody_else_has_by_now_is_found_from_both_sides() -> None:
    first = factories.pending_reservation()
    second = factories.reserve(seat_number="12B", passenger_id=2)
    own(seat_number("12A"), second, Seat.Status.HELD)
    stolen, lost = told()
    assert stolen.endswith("none of its passengers has this seat")
    assert second.record_locator in stolen
    assert first.record_locator in lost
    assert lost.endswith(f"must be HELD for it, and is HELD for {second.pk}")


def test_a_seat_whose_owner_does_not_exist_is_found() -> None:
    seat, nobody = factories.seat(), uuid7()
    Seat.take(seat.departure, [seat.number], owner=nobody)
    assert told() == [
        f"seat 12A of ZQ1001 on 2040-01-11, reservation {nobody}: there is no such reservation"
    ]


def test_a_seat_on_another_departure_than_its_reservations_is_found() -> None:
    reservation = confirmed()
    other = factories.departure(reservation.departure.flight, in_days=2)
    own(seat_number_on(other), reservation, Seat.Status.SOLD)
    [line] = told()
    assert line.startswith("seat 12A of ZQ1001 on 2040-01-12")
    assert line.endswith("the reservation is for another departure")


def seat_number_on(departure: Departure) -> Seat:
    return departure.seats.get(number="12A")


def test_a_seat_that_the_departure_does_not_have_is_found() -> None:
    factories.pending_reservation()
    ReservationPassenger.objects.update(seat_number="99K")
    lines = told()
    assert lines[0].endswith("none of its passengers has this seat")
    assert lines[1].endswith("and is not on the departure")


def test_every_passenger_of_a_reservation_is_looked_at() -> None:
    reservation = factories.pending_reservation()
    reservation.passengers.create(passenger_id=2, seat_number="12B")
    [line] = told()
    assert line.startswith("seat 12B")
    own(seat_number("12B"), reservation, Seat.Status.HELD)
    assert told() == []


def test_a_passenger_without_a_seat_needs_none() -> None:
    factories.pending_reservation().passengers.create(passenger_id=2, seat_number="")
    assert told() == []


def test_a_reservation_whose_passengers_are_gone_with_their_seats_is_found() -> None:
    reservation = confirmed()
    reservation.passengers.all().delete()
    own(seat_number("12A"), None, Seat.Status.FREE)
    [line] = told()
    assert line.startswith("seat 12A of ZQ1001 on 2040-01-11")
    assert line.endswith("its passenger 1 is not on this seat")


def test_a_hold_that_no_saga_will_end_is_found() -> None:
    factories.pending_reservation()
    Saga.objects.update(live=None)
    [line] = told()
    assert line.endswith("no saga waits for its hold to end")


def test_during_a_change_a_confirmed_reservation_holds_another_seat_as_well() -> None:
    reservation = confirmed()
    own(seat_number("12B"), reservation, Seat.Status.HELD)
    assert len(told()) == 1
    start_change(reservation)
    assert told() == []


@pytest.mark.parametrize(
    "ends", [{"live": None}, {"kind": Saga.Kind.BUYING}], ids=["ended", "no change"]
)
def test_only_a_live_change_holds_a_seat_for_a_confirmed_reservation(ends: dict[str, Any]) -> None:
    reservation = confirmed()
    own(seat_number("12B"), reservation, Seat.Status.HELD)
    start_change(reservation)
    Saga.objects.filter(kind=CHANGING).update(**ends)
    [line] = told()
    assert line.endswith("the seat is HELD, the reservation CONFIRMED")


def test_a_change_gives_nobody_a_seat_that_is_sold() -> None:
    reservation = confirmed()
    start_change(reservation)
    own(seat_number("12B"), reservation, Seat.Status.SOLD)
    [line] = told()
    assert line.endswith("none of its passengers has this seat")


def test_the_cost_does_not_grow_with_the_seats(django_assert_num_queries: Any) -> None:
    flight = factories.flight()
    for day in range(1, 6):
        departure = factories.departure(flight, in_days=day)
        factories.reserve(now=departure.departs_at - timedelta(hours=1))
    with django_assert_num_queries(4):
        assert told() == []
