"""A departure of 180 seats that 200 want at the same moment, each on a connection of their own."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from booking.models import Reservation, Seat
from contracts.booking import ReservationCreated
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.agreement import assert_seats_and_reservations_agree
from tests.booking.http import post
from tests.threads import at_once, results

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

SEATS: Final = [f"{row}{letter}" for row in range(1, 31) for letter in "ABCDEF"]
DATE: Final = "2040-01-11"


def ask(who: int, seat_number: str | None) -> Callable[[], Any]:
    """A POST for a seat of the departure, or for whichever is free."""
    seat = {"seat_number": seat_number} if seat_number else {}
    body = {"flight_number": 1001, "passengers": [{"passenger_id": who, **seat}]}
    return lambda: post(Client(), {**body, "departure_date": DATE})


def sell_out(wanted: Sequence[str | None]) -> None:
    """Let everybody ask at once: each seat is given once, and whoever gets none is told so."""
    factories.departure(factories.flight(), seats=SEATS)
    answers = results(at_once([ask(who, seat) for who, seat in enumerate(wanted, 1)]))
    assert Counter(answer.status_code for answer in answers) == {201: 180, 409: 20}
    given = [answer.json()["seat_number"] for answer in answers if answer.status_code == 201]
    assert sorted(given) == sorted(SEATS)
    assert Seat.objects.filter(status=Seat.Status.HELD).count() == 180
    assert Reservation.objects.count() == 180
    assert OutboxEvent.objects.filter(type=ReservationCreated.type).count() == 180
    assert_seats_and_reservations_agree()


@pytest.fixture(autouse=True)
def patient_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred requests share one interpreter here, in which each takes as long as all of them:
    a lock is waited for as long as that may be."""
    options = connection.settings_dict["OPTIONS"]
    patient = options["init_command"].replace("lock_wait_timeout = 3", "lock_wait_timeout = 60")
    assert patient != options["init_command"]
    monkeypatch.setitem(options, "init_command", patient)


def test_two_hundred_people_get_a_hundred_and_eighty_seats() -> None:
    """Most take any seat, and pairs of others want the same one."""
    sell_out([*[None] * 180, *SEATS[::18] * 2])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("round_", range(4))
def test_a_departure_is_sold_out_again_and_again(round_: int) -> None:
    """By people who all name their seat, and by people of whom some do."""
    sell_out([*SEATS, *SEATS[round_::9]] if round_ % 2 else [*[None] * 180, *SEATS[:20]])
