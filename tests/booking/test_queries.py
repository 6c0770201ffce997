"""How often booking asks its database for one answer; BEGIN and COMMIT come on top, and once a
minute the seat map of an aircraft that somebody chooses a seat of."""

from typing import Any

import pytest
from django.test import Client

from booking import selectors
from booking.services import Traveler
from tests.booking import factories
from tests.booking.http import REQUEST, post

pytestmark = pytest.mark.django_db

MOST = 8
# Beyond what was promised. A key's row is inserted and committed before the work begins, so that a
# second request finds it, and gets its answer in the reservation's transaction.
FOR_A_KEY = 2
SAVEPOINTS = 2  # the claim's BEGIN and COMMIT, inside the test's transaction
FOR_A_REPLAY = 9  # no reservation: the key is looked up
# The seat map of the aircraft is read for infants only.
FOR_AN_INFANT = 2
CONTACT = {"email": "eva@example.test", "surname": "Berg", "language": "sv"}
NINE = [{"passenger_id": number, "surname": "Berg"} for number in range(1, 10)]
SEATS = [f"{row}{letter}" for row in (11, 12, 13) for letter in "ABCDEF"]
SEATED = [
    {**passenger, "seat_number": seat} for passenger, seat in zip(NINE, SEATS[3:], strict=False)
]
GROUP = {"flight_number": 1001, "contact": CONTACT}
REQUESTS = {
    "the short form": REQUEST,
    "the short form with a contact": {**REQUEST, "contact": CONTACT},
    "nine with seats": {**GROUP, "passengers": SEATED},
    "nine without seats": {**GROUP, "passengers": NINE},
    "nine, some with seats": {**GROUP, "passengers": [*SEATED[:4], *NINE[4:]]},
}


@pytest.fixture(autouse=True)
def _departures(a_long_minute: None) -> None:
    flight = factories.flight()
    for day in (1, 2, 3):
        departure = factories.departure(flight, in_days=day, seats=SEATS)
    selectors.seat_at(departure, "12A", factories.NOW)


@pytest.mark.parametrize("dated", [{}, {"departure_date": "2040-01-12"}], ids=["", "on a date"])
@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_a_reservation_takes_eight_queries_at_most(
    client: Client,
    django_assert_max_num_queries: Any,
    asked: dict[str, Any],
    dated: dict[str, Any],
) -> None:
    with django_assert_max_num_queries(MOST):
        answer = post(client, {**asked, **dated})
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_at_an_offers_price_nothing_is_counted(
    client: Client, django_assert_max_num_queries: Any, asked: dict[str, Any]
) -> None:
    given = asked.get("passengers", [asked])
    travelers = [Traveler(one["passenger_id"], one.get("seat_number")) for one in given]
    offer_id = factories.asked(travelers=travelers)["offer_id"]
    unnamed = any(traveler.seat_number is None for traveler in travelers)
    with django_assert_max_num_queries(MOST if unnamed else MOST - 1):
        answer = post(client, {**asked, "offer_id": offer_id})
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_an_idempotency_key_takes_two_more(
    client: Client, django_assert_max_num_queries: Any, asked: dict[str, Any]
) -> None:
    key = {"idempotency-key": "k-1"}
    with django_assert_max_num_queries(MOST + FOR_A_KEY + SAVEPOINTS):
        answer = post(client, asked, headers=key)
    assert answer.status_code == 201, answer.content
    with django_assert_max_num_queries(FOR_A_REPLAY):
        assert post(client, asked, headers=key).content == answer.content


def test_an_infant_takes_two_more_to_be_kept_out_of_exit_rows(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    infant = {**NINE[0], "date_of_birth": "2039-12-01"}
    with django_assert_max_num_queries(MOST + FOR_AN_INFANT):
        answer = post(client, {**GROUP, "passengers": [infant, *NINE[1:]]})
    assert answer.status_code == 201, answer.content
