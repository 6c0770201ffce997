"""Departures close and leave by the clock, and are canceled by hand."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from pytest_django import Settings

from booking import departures, services
from booking.models import Departure, IllegalDeparture, Reservation
from booking.selectors import SeatTaken
from tests.booking import factories
from tests.booking.factories import NOW
from tests.threads import at_once

pytestmark = pytest.mark.django_db

Status = Departure.Status


@pytest.fixture
def departure(settings: Settings) -> Departure:
    """Leaves a day after `NOW`; check-in ends 45 minutes before."""
    settings.CHECK_IN_CUT_OFF_MINUTES = 45
    return factories.departure(factories.flight())


def before(departure: Departure, minutes: float) -> datetime:
    return departure.departs_at - timedelta(minutes=minutes)


def status() -> str:
    return Departure.objects.get().status


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(46, Status.OPEN), (45, Status.CLOSED), (1, Status.CLOSED), (0, Status.DEPARTED)],
)
def test_a_departure_closes_at_the_check_in_cut_off_and_then_leaves(
    departure: Departure, minutes: int, expected: Departure.Status
) -> None:
    moved = departures.advance_departures(now=before(departure, minutes))
    assert status() == expected
    assert moved == {Status.OPEN: 0, Status.CLOSED: 1, Status.DEPARTED: 2}[expected]


def test_what_has_been_moved_is_not_moved_again(departure: Departure) -> None:
    departures.advance_departures(now=departure.departs_at)
    assert departures.advance_departures(now=departure.departs_at) == 0


def test_a_canceled_departure_stays_canceled_when_its_time_comes(departure: Departure) -> None:
    departures.cancel_departure(departure_id=departure.pk)
    assert departures.advance_departures(now=departure.departs_at) == 0
    assert status() == Status.CANCELED


def test_a_call_moves_a_bounded_number_and_the_earliest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(departures, "AT_ONCE", 2)
    flight = factories.flight()
    for day in (3, 1, 2):
        factories.departure(flight, in_days=day)
    later = NOW + timedelta(days=2, hours=23, minutes=30)
    assert departures.advance_departures(now=later) == 4
    found = Departure.objects.order_by("date").values_list("status", flat=True)
    assert list(found) == [Status.DEPARTED, Status.DEPARTED, Status.OPEN]
    assert departures.advance_departures(now=later) == 1


def test_a_closed_departure_sells_no_more_and_keeps_its_reservations(departure: Departure) -> None:
    reservation = factories.reserve()
    departures.close_departure(departure_id=departure.pk)
    with pytest.raises(SeatTaken):
        factories.reserve(seat_number="12B", passenger_id=2)
    assert services.cancel_those_on_canceled_departures(now=NOW) == 0
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING


@pytest.mark.parametrize("final", [Status.DEPARTED, Status.CANCELED])
def test_what_has_left_or_is_canceled_is_not_canceled(
    departure: Departure, final: Departure.Status
) -> None:
    Departure.objects.update(status=final)
    with pytest.raises(IllegalDeparture, match=f"ZQ1001 ARN-LHR on 2040-01-11: {final} → CANCELED"):
        departures.cancel_departure(departure_id=departure.pk)


def test_only_the_table_says_which_departures_are_moved_together(departure: Departure) -> None:
    with pytest.raises(IllegalDeparture):
        Departure.move_all([departure.pk], Status.OPEN, Status.DEPARTED)
    assert status() == Status.OPEN


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_of_those_who_cancel_a_departure_at_once_one_does(departure: Departure) -> None:
    cancel = partial(departures.cancel_departure, departure_id=departure.pk)
    outcomes = Counter(type(outcome) for outcome in at_once([cancel] * 8))
    assert outcomes == {type(None): 1, IllegalDeparture: 7}


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_a_cancelation_and_the_clock_at_once_leave_the_departure_canceled() -> None:
    """Whoever is first: what is closed may still be canceled, what is canceled never closes."""
    flight = factories.flight()
    made = [factories.departure(flight, in_days=day) for day in range(1, 21)]
    later = NOW + timedelta(days=30)

    def cancel_all() -> int:
        return sum(canceled(one.pk) for one in made)

    def advance() -> int:
        return departures.advance_departures(now=later)

    at_once([cancel_all, advance, advance])
    statuses = Counter(Departure.objects.values_list("status", flat=True))
    assert set(statuses) <= {Status.CANCELED, Status.DEPARTED, Status.CLOSED}
    departures.advance_departures(now=later)
    assert Departure.objects.filter(status=Status.CANCELED).count() == statuses[Status.CANCELED]


def canceled(departure_id: int) -> bool:
    try:
        departures.cancel_departure(departure_id=departure_id)
    except IllegalDeparture:
        return False
    return True
