"""The reservation's status, version and record locator."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from booking.models import Departure, IllegalTransition, Reservation, ReservationPassenger
from booking.models.reservation import LOCATOR_ALPHABET, new_record_locator
from contracts.values import Passenger, Price, PriceLine, ReservationSummary, Seat
from outbox.transactions import LostRace
from tests.booking import factories
from tests.booking.factories import NOW

Status = Reservation.Status

ALLOWED = {
    (Status.PENDING, Status.CONFIRMED),
    (Status.PENDING, Status.REJECTED),
    (Status.PENDING, Status.EXPIRED),
    (Status.PENDING, Status.CANCELED),
    (Status.CONFIRMED, Status.CANCELED),
}
PAIRS = set(itertools.product(Status, Status))
LATER = NOW + timedelta(seconds=5)


def departure() -> Departure:
    return factories.departure(factories.flight())


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), sorted(ALLOWED))
def test_a_status_that_may_follow_does(source: Reservation.Status, target: Status) -> None:
    reservation = factories.row(departure(), status=source)
    reservation.move_to(target, now=LATER)
    assert (reservation.status, reservation.version) == (target, 2)
    stored = Reservation.objects.get()
    assert (stored.status, stored.version, stored.updated_at) == (target, 2, LATER)


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), sorted(PAIRS - ALLOWED))
def test_a_status_that_may_not_follow_is_refused(source: Status, target: Status) -> None:
    reservation = factories.row(departure(), status=source)
    with pytest.raises(IllegalTransition, match=f"{source} → {target}"):
        reservation.move_to(target, now=LATER)
    stored = Reservation.objects.get()
    assert (stored.status, stored.version, stored.updated_at) == (source, 1, NOW)


def test_every_status_has_its_line_in_the_table() -> None:
    assert set(Reservation.TRANSITIONS) == set(Status)


@pytest.mark.django_db
def test_a_reservation_that_has_changed_since_it_was_read_does_not_move() -> None:
    stale = factories.row(departure())
    Reservation.objects.get().move_to(Status.CONFIRMED, now=NOW)
    with pytest.raises(LostRace), transaction.atomic():
        stale.move_to(Status.EXPIRED, now=LATER)
    assert Reservation.objects.get().status == Status.CONFIRMED


@pytest.mark.django_db
def test_a_stale_version_loses_though_the_status_is_the_same() -> None:
    stale = factories.row(departure())
    Reservation.objects.update(version=2)
    with pytest.raises(LostRace), transaction.atomic():
        stale.move_to(Status.CONFIRMED, now=LATER)
    assert Reservation.objects.get().status == Status.PENDING


def test_record_locators_have_six_characters_none_taken_for_another() -> None:
    drawn = [new_record_locator() for _ in range(500)]
    assert {len(locator) for locator in drawn} == {6}
    assert set("".join(drawn)) <= set("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    assert not set("IO01") & set(LOCATOR_ALPHABET)


def test_record_locators_differ() -> None:
    assert len({new_record_locator() for _ in range(500)}) == 500


@pytest.mark.django_db
def test_a_record_locator_that_somebody_has_is_a_lost_race() -> None:
    factories.row(departure(), record_locator="ABC234")
    twin = Reservation.objects.get()
    twin.pk = None
    twin.id = Reservation._meta.get_field("id").get_default()
    with pytest.raises(LostRace, match="ABC234"), transaction.atomic():
        twin.insert()


@pytest.mark.django_db
def test_any_other_broken_constraint_is_not_taken_for_a_lost_race() -> None:
    twin = factories.row(departure(), record_locator="ABC234")
    twin.record_locator = "DEF567"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.insert()


# What events say of it


@pytest.mark.django_db
def test_events_describe_a_reservation_by_its_passengers_and_departure() -> None:
    reservation = factories.row(departure(), record_locator="ABC234")
    passenger = ReservationPassenger(passenger_id=7, seat_number="12A")
    assert reservation.summary([passenger]) == ReservationSummary(
        record_locator="ABC234",
        customer_id="trial",
        passengers=(Passenger(passenger_id=7, type="ADULT", seat=Seat(number="12A")),),
        itinerary=reservation.departure.itinerary("ECONOMY"),
    )


def test_events_give_the_amount_as_one_line_of_list_price() -> None:
    assert Reservation(amount=12900, currency="EUR").price() == Price(
        total=12900,
        currency="EUR",
        lines=(PriceLine(kind="BASE", code="LIST_PRICE", amount=12900),),
    )
