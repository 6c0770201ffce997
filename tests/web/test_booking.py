"""From passengers and a card to a reservation."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.gateway.upstreams import Seen
from tests.web.api import DAY, ID, Api, offer, problem, reservation
from tests.web.conftest import Visitor

PAGE = f"/departures/1001/{DAY}/passengers?cabin=ECONOMY&fare=LIGHT&adults=1&seat=1C"
RESERVE = "POST /api/reservations"
TYPED = {
    "p1-given_name": "Eva",
    "p1-surname": "Berg",
    "email": "eva@example.test",
    "payment_token": "tok_approve",
}


def send(visitor: Visitor, page: str = PAGE, **changes: Any) -> str:
    """Open the form, fill it in and send it."""
    visitor.get(page)
    hidden = {name: visitor.value(name) for name in ("once", "offer_id")}
    return visitor.post(page, **{**TYPED, **hidden, "pay": "", **changes})


@pytest.fixture(autouse=True)
def answered(api: Api) -> None:
    api.answers[RESERVE] = (201, reservation("PENDING"))


def test_it_is_reserved_with_everything_that_was_chosen_and_typed(
    api: Api, visitor: Visitor
) -> None:
    send(visitor)
    assert visitor.location == f"/reservations/{ID}"
    assert api.body(RESERVE) == {
        "flight_number": 1001,
        "departure_date": DAY,
        "cabin": "ECONOMY",
        "passengers": [
            {"passenger_id": 1, "given_name": "Eva", "surname": "Berg", "seat_number": "1C"}
        ],
        "contact": {"email": "eva@example.test", "language": "en"},
        "offer_id": "offer-of-LIGHT-900",
        "payment_token": "tok_approve",
    }


def test_the_price_is_on_the_button(api: Api, visitor: Visitor) -> None:
    assert "Pay €84.00" in visitor.get(PAGE)


def test_whoever_chose_no_seat_asks_for_none(api: Api, visitor: Visitor) -> None:
    send(visitor, PAGE.replace("seat=1C", "seat="))
    assert "seat_number" not in api.body(RESERVE)["passengers"][0]


def test_a_hold_comes_without_a_card(api: Api, visitor: Visitor) -> None:
    send(visitor, hold="1")
    assert api.sent(RESERVE)[0].target == "/api/reservations?hold=true"
    assert "payment_token" not in api.body(RESERVE)


def test_a_form_that_is_sent_twice_is_one_reservation(api: Api, visitor: Visitor) -> None:
    visitor.get(PAGE)
    fields = {**TYPED, "once": visitor.value("once"), "offer_id": visitor.value("offer_id")}
    visitor.post(PAGE, **fields)
    visitor.post(PAGE, **fields)
    keys = {seen.headers["idempotency-key"] for seen in api.sent(RESERVE)}
    assert keys == {fields["once"]}


def test_another_form_is_another_reservation(api: Api, visitor: Visitor) -> None:
    send(visitor)
    send(visitor)
    assert len({seen.headers["idempotency-key"] for seen in api.sent(RESERVE)}) == 2


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("p1-given_name", "", "required"),
        ("p1-surname", "", "required"),
        ("p1-surname", "B\u2028erg", "one line"),
        ("email", "nobody", "valid email"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_lost(
    api: Api, visitor: Visitor, field: str, typed: str, told: str
) -> None:
    send(visitor, **{field: typed})
    assert told in visitor.error(field)
    assert not api.sent(RESERVE)
    for name, value in TYPED.items():
        if name not in (field, "payment_token"):
            assert visitor.value(name) == value


def test_a_card_that_is_none_is_refused(api: Api, visitor: Visitor) -> None:
    send(visitor, payment_token="4111111111111111")
    assert not api.sent(RESERVE)
    assert visitor.error("payment_token")


FAMILY = PAGE.replace("adults=1", "adults=1&children=1&infants=1")
CHILD = {"p2-given_name": "Bo", "p2-surname": "Berg", "p2-date_of_birth": "2034-05-01"}
INFANT = {"p3-given_name": "Liv", "p3-surname": "Berg", "p3-date_of_birth": "2039-05-01"}


@pytest.fixture
def in_2039(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who are to fly are born by then."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2039, 12, 1, tzinfo=UTC))


def test_children_and_infants_bring_their_dates_of_birth(
    api: Api, visitor: Visitor, in_2039: None
) -> None:
    send(visitor, FAMILY, **CHILD, **INFANT)
    born = [one.get("date_of_birth") for one in api.body(RESERVE)["passengers"]]
    assert born == [None, "2034-05-01", "2039-05-01"]


@pytest.mark.parametrize(
    ("field", "born", "told"),
    [
        ("p2-date_of_birth", "2039-05-01", "two to eleven"),
        ("p2-date_of_birth", "2028-01-10", "two to eleven"),
        ("p3-date_of_birth", "2038-01-10", "under two"),
        ("p3-date_of_birth", "2039-12-24", "yet to come"),
        ("p3-date_of_birth", "1 May", "year, month and day"),
        ("p3-date_of_birth", "", "required"),
    ],
)
def test_ages_are_those_on_the_day_of_departure(
    api: Api, visitor: Visitor, in_2039: None, field: str, born: str, told: str
) -> None:
    send(visitor, FAMILY, **{**CHILD, **INFANT, field: born})
    assert told in visitor.error(field)
    assert not api.sent(RESERVE)


@pytest.mark.parametrize(("field", "born"), [("p2", "2028-01-11"), ("p2", "2038-01-10")])
def test_the_last_day_of_an_age_counts(
    api: Api, visitor: Visitor, in_2039: None, field: str, born: str
) -> None:
    send(visitor, FAMILY, **{**CHILD, **INFANT, f"{field}-date_of_birth": born})
    assert api.sent(RESERVE)


# A seat that somebody else was quicker to take

TAKEN = problem(409, "seat-taken", seats=["1C"], nearest_free=["1B", "1D"])


def test_a_lost_seat_is_told_at_once_with_the_nearest_free_ones(api: Api, visitor: Visitor) -> None:
    api.answers[RESERVE] = TAKEN
    page = send(visitor)
    assert "seat 1C is taken" in visitor.text()
    assert 'name="swap" value="1C,1B"' in page
    assert 'name="swap" value="1C,1D"' in page
    assert visitor.value("p1-surname") == "Berg"


def test_the_nearest_is_taken_with_one_press_and_nothing_is_lost(
    api: Api, visitor: Visitor
) -> None:
    api.answers[RESERVE] = TAKEN
    send(visitor)
    visitor.post(PAGE, **TYPED, once=visitor.value("once"), swap="1C,1B")
    assert "Pay €80.00" in visitor.page
    assert visitor.value("email") == "eva@example.test"
    assert "seat=1B" in visitor.page
    assert visitor.value("offer_id") == "offer-of-LIGHT-500"


def test_after_a_refusal_it_is_another_request(api: Api, visitor: Visitor) -> None:
    api.answers[RESERVE] = TAKEN
    send(visitor)
    assert visitor.value("once") != api.sent(RESERVE)[0].headers["idempotency-key"]


def test_what_is_not_sold_any_more_leads_back(api: Api, visitor: Visitor) -> None:
    visitor.get(PAGE.replace("LIGHT", "SAVER"))
    assert visitor.status == 409


def test_a_seat_that_is_gone_before_anything_is_typed_leads_to_the_map(
    api: Api, visitor: Visitor
) -> None:
    visitor.get(PAGE.replace("1C", "2A"))
    assert visitor.location.startswith(f"/departures/1001/{DAY}/seats?")
    assert "seat=2A" in visitor.location


def test_more_seats_than_passengers_lead_to_the_map(api: Api, visitor: Visitor) -> None:
    visitor.get(f"{PAGE}&seat=1B")
    assert visitor.location.startswith(f"/departures/1001/{DAY}/seats?")


# What else may happen


def test_a_price_that_holds_no_longer_is_shown_anew(api: Api, visitor: Visitor) -> None:
    def dearer(seen: Seen) -> tuple[int, Any]:
        return 200, {"results": [offer("LIGHT", 2500)]}

    api.answers[RESERVE] = problem(409, "offer-expired")
    visitor.get(PAGE)
    api.answers["POST /api/offers"] = dearer
    visitor.post(PAGE, **TYPED, once="a", offer_id="old")
    assert "price was held for some minutes" in visitor.text()
    assert "Pay €100.00" in visitor.page
    assert visitor.value("offer_id") == "offer-of-LIGHT-2500"


def test_where_no_answer_comes_it_can_be_sent_again_without_booking_twice(
    api: Api, visitor: Visitor
) -> None:
    api.answers[RESERVE] = (504, {})
    send(visitor)
    assert "will not be booked twice" in visitor.text()
    first = api.sent(RESERVE)[0].headers["idempotency-key"]
    assert (visitor.value("once"), visitor.value("p1-surname")) == (first, "Berg")


def test_while_the_first_is_worked_on_the_key_stays(api: Api, visitor: Visitor) -> None:
    api.answers[RESERVE] = problem(409, "request-in-flight")
    send(visitor)
    assert visitor.value("once") == api.sent(RESERVE)[0].headers["idempotency-key"]


def test_nothing_that_was_typed_is_lost_while_nothing_answers(api: Api, visitor: Visitor) -> None:
    visitor.get(PAGE)
    for call in list(api.answers):
        api.answers[call] = (503, {})
    visitor.post(PAGE, **TYPED, once="mine", offer_id="an-offer")
    assert visitor.status == 200
    assert (visitor.value("once"), visitor.value("p1-surname")) == ("mine", "Berg")


def test_the_form_cannot_be_opened_while_booking_is_down(api: Api, visitor: Visitor) -> None:
    api.answers[f"GET /api/departures/1001/{DAY}"] = (503, {})
    visitor.get(PAGE)
    assert visitor.status == 503
    assert "Try again" in visitor.page


def test_names_are_there_already_for_who_tries_again(api: Api, visitor: Visitor) -> None:
    api.has(reservation("REJECTED"))
    visitor.get(f"{PAGE}&again={ID}")
    assert visitor.value("p1-surname") == "Berg"


def test_somebody_elses_names_are_not(api: Api, visitor: Visitor) -> None:
    visitor.get(f"{PAGE}&again={ID}")
    assert visitor.status == 200
    assert visitor.value("p1-surname") == ""


def test_a_form_of_another_site_is_refused(api: Api) -> None:
    answer = Client(enforce_csrf_checks=True).post(PAGE, TYPED)
    assert answer.status_code == 403
    assert "no longer good" in answer.content.decode()
    assert not api.sent(RESERVE)
