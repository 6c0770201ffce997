"""A reservation's page: how it stands, and what can be done with it."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.web.api import DAY, ID, Api, problem, reservation
from tests.web.conftest import Visitor

PAGE = f"/reservations/{ID}"
BOUGHT = ("created: seat 1C held", "confirmed", "ticketed: paid")
PAID = {"currency": "EUR", "captured_amount": 8400, "refunded_amount": 0}
TICKET = {"passenger_id": 1, "seat_number": "1C", "type": "ADULT", "given_name": "Eva"} | {
    "surname": "Berg",
    "ticket_number": "0000000000011",
}


def steps(page: str) -> list[tuple[str, str]]:
    """The steps as they are shown, each with its state."""
    found = re.findall(r'<li class="(\w+)"[^>]*> <svg.*?<span class="what">([^<]*)', page)
    return [(name, state) for state, name in found]


def asks_again(page: str) -> str:
    """After how many seconds it asks for itself; nothing, if it does not."""
    found = re.search(r'hx-trigger="every (\d+)s"', page)
    return found[1] if found else ""


# While it is under way


def test_while_it_is_pending_the_steps_are_live(api: Api, visitor: Visitor) -> None:
    api.has(reservation("PENDING", price=None), "created: seat 1C held, price asked for")
    page = visitor.get(PAGE)
    assert asks_again(page) == "1"
    assert '<noscript><meta http-equiv="refresh"' in page
    assert steps(page) == [
        ("Seats held", "done"),
        ("Price agreed", "now"),
        ("Card approved, seats yours", "waiting"),
        ("Paid, tickets issued", "waiting"),
    ]


def test_a_price_of_an_offer_is_agreed_from_the_beginning(api: Api, visitor: Visitor) -> None:
    api.has(reservation("PENDING"), "created: seat 1C held, payment asked for")
    assert steps(visitor.get(PAGE))[1:3] == [
        ("Price agreed", "done"),
        ("Card approved, seats yours", "now"),
    ]


def test_nothing_is_replaced_as_long_as_nothing_is_new(api: Api, visitor: Visitor) -> None:
    api.has(reservation("PENDING"), "created")
    found = re.search(r'hx-get="([^"]*)"', visitor.get(PAGE))
    assert found
    visitor.get(found[1], **{"HX-Request": "true"})
    assert visitor.status == 204
    api.has(reservation("CONFIRMED", version=4), "created", "confirmed")
    assert "Confirmed" in visitor.get(found[1], **{"HX-Request": "true"})


def test_confirmed_it_still_waits_for_its_tickets(api: Api, visitor: Visitor) -> None:
    api.has(reservation(), "created", "confirmed")
    page = visitor.get(PAGE)
    assert asks_again(page) == "1"
    assert steps(page)[-1] == ("Paid, tickets issued", "now")


def test_at_the_end_it_has_tickets_and_a_receipt_and_asks_no_more(
    api: Api, visitor: Visitor
) -> None:
    api.has(reservation(passengers=[TICKET]), *BOUGHT, payment=PAID)
    page = visitor.get(PAGE)
    assert asks_again(page) == ""
    assert "http-equiv" not in page
    for shown in ("0000000000011", "Receipt", "Charged to the card", "€84.00", "Eva Berg"):
        assert shown in visitor.text()


def test_payment_that_is_down_takes_nothing_else_along(api: Api, visitor: Visitor) -> None:
    api.has(reservation(), *BOUGHT)
    api.answers[f"GET /api/payments/{ID}"] = (503, {})
    visitor.get(PAGE)
    assert visitor.status == 200
    assert "Charged to the card" not in visitor.page


def test_booking_that_is_down_is_told(api: Api, visitor: Visitor) -> None:
    api.answers[f"GET /api/reservations/{ID}"] = (503, {})
    assert "Try again" in visitor.get(PAGE)
    assert visitor.status == 503


def test_somebody_elses_reservation_is_not_there(api: Api, visitor: Visitor) -> None:
    visitor.get(PAGE)
    assert visitor.status == 404
    assert "not yours" in visitor.text()


def test_a_key_that_may_not_look_is_told_so(api: Api, visitor: Visitor) -> None:
    api.answers[f"GET /api/reservations/{ID}"] = (403, {})
    visitor.get(PAGE)
    assert visitor.status == 403
    assert "does not allow this" in visitor.text()


# Where it has come to nothing


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("card_declined", "has declined the card"),
        ("insufficient_funds", "not enough money"),
        ("something_new", "was not accepted"),
    ],
)
def test_a_declined_card_is_explained_and_another_can_be_tried_on_the_same_seat(
    api: Api, visitor: Visitor, code: str, told: str
) -> None:
    api.has(reservation("REJECTED"), "created", f"rejected: card declined: {code}")
    page = visitor.get(PAGE)
    assert told in visitor.text()
    assert steps(page)[-1] == ("Card declined", "failed")
    address = f"/departures/1001/{DAY}/passengers?cabin=ECONOMY&fare=LIGHT&adults=1&seat=1C"
    assert f'href="{address}&again={ID}">Try another card'.replace("&", "&amp;") in page


def test_without_a_price_one_begins_with_the_search(api: Api, visitor: Visitor) -> None:
    api.has(reservation("REJECTED", price=None), "created", "rejected: no fare: Class K is full.")
    page = visitor.get(PAGE)
    assert "Class K is full." in visitor.text()
    assert f'href="/departures?origin=ARN&amp;destination=LHR&amp;date={DAY}">Book once' in page


def test_a_hold_that_ran_out_is_explained_with_a_way_forward(api: Api, visitor: Visitor) -> None:
    api.has(reservation("EXPIRED"), "created: seat 1C held, to be paid", "expired")
    page = visitor.get(PAGE)
    assert "time to pay has run out" in visitor.text()
    assert "seat=1C&amp;again=" in page
    assert asks_again(page) == ""


def test_no_refund_is_waited_for_where_nothing_was_paid(api: Api, visitor: Visitor) -> None:
    api.has(reservation("CANCELED"), "created", "canceled")
    page = visitor.get(PAGE)
    assert "Nothing was charged." in visitor.text()
    assert asks_again(page) == ""


# What is only held


@pytest.fixture
def held(api: Api) -> Api:
    api.has(reservation("PENDING"), "created: seat 1C held, to be paid")
    return api


def test_what_is_held_says_until_when_and_can_be_paid_for(held: Api, visitor: Visitor) -> None:
    page = visitor.get(PAGE)
    assert "Held for you until 13:15, Stockholm time" in visitor.text()
    assert "Pay €84.00" in visitor.text()
    assert asks_again(page) == "10"


def test_it_is_paid_for_once(held: Api, visitor: Visitor) -> None:
    pay = f"POST /api/reservations/{ID}/payment"
    held.answers[pay] = (202, reservation("PENDING"))
    visitor.get(PAGE)
    visitor.post(f"{PAGE}/payment", payment_token="tok_decline", once="mine")
    assert visitor.location == PAGE
    assert held.body(pay) == {"payment_token": "tok_decline"}
    assert held.sent(pay)[0].headers["idempotency-key"] == "mine"


def test_too_late_it_is_told(held: Api, visitor: Visitor) -> None:
    held.answers[f"POST /api/reservations/{ID}/payment"] = problem(409, "hold-expired")
    visitor.post(f"{PAGE}/payment", payment_token="tok_approve", once="mine")
    assert "The time to pay has run out." in visitor.text()


def test_a_card_that_is_none_is_told_beside_it(held: Api, visitor: Visitor) -> None:
    visitor.post(f"{PAGE}/payment", payment_token="4111111111111111", once="mine")
    assert "valid choice" in visitor.error("payment_token")


# Finding it


def test_it_is_found_by_its_reference_and_a_surname(api: Api, visitor: Visitor) -> None:
    api.answers["GET /api/reservations/by-locator/2BMNWS"] = (200, reservation())
    visitor.get("/reservations?locator=2bmnws&surname=Berg")
    assert visitor.location == PAGE
    assert api.service.seen[0].target.endswith("?surname=Berg")


@pytest.mark.parametrize(
    ("locator", "surname", "field", "told"),
    [
        ("2BMNWS", "Nobody", "locator", "No reservation of yours"),
        ("O0I1", "Berg", "locator", "six characters"),
        ("2BMNWS", "", "surname", "required"),
    ],
)
def test_what_is_not_found_is_told_beside_what_was_typed(
    api: Api, visitor: Visitor, locator: str, surname: str, field: str, told: str
) -> None:
    visitor.get(f"/reservations?locator={locator}&surname={surname}")
    assert told in visitor.error(field)
    assert (visitor.value("locator"), visitor.value("surname")) == (locator, surname)


# Another seat

SEAT = f"{PAGE}/seat"
CHANGE = f"PATCH /api/reservations/{ID}"
WANTED = {"passenger": 1, "seat": "1D", "version": 3}


def test_another_seat_is_taken_of_a_reservation_as_it_was_seen(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    api.answers[CHANGE] = (200, reservation(version=4))
    visitor.get(SEAT)
    assert visitor.value("version") == "3"
    visitor.post(SEAT, **WANTED)
    assert visitor.location == PAGE
    assert api.sent(CHANGE)[0].headers["if-match"] == '"3"'
    assert api.body(CHANGE) == {"passengers": [{"passenger_id": 1, "seat_number": "1D"}]}


def test_seats_that_cost_more_than_ones_own_cannot_be_taken(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    page = visitor.get(SEAT)
    seats = re.findall(r'name="seat" value="(\w+)"', page)
    assert "1A" in seats
    assert "3A" not in seats
    assert "Costs more than yours" in visitor.text()


def test_a_seat_lost_to_somebody_else_is_told_with_the_nearest(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    api.answers[CHANGE] = problem(409, "seat-taken", seats=["1D"], nearest_free=["1E"])
    page = visitor.post(SEAT, **WANTED)
    assert "Somebody else has just taken 1D." in visitor.text()
    assert '<button class="quiet" name="seat" value="1E"' in page


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (problem(412, "stale-version"), "has changed meanwhile"),
        (problem(409, "seat-costs-more"), "costs more than what was paid"),
        (problem(409, "something-new", "A new thing."), "A new thing."),
    ],
)
def test_a_refusal_is_told_and_the_reservation_shown_as_it_is_now(
    api: Api, visitor: Visitor, refusal: Any, told: str
) -> None:
    api.has(reservation(version=5))
    api.answers[CHANGE] = refusal
    visitor.post(SEAT, **WANTED)
    assert told in visitor.text()
    assert visitor.value("version") == "5"


def test_whoever_chooses_no_seat_is_told(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    visitor.post(SEAT, passenger=1, version=3)
    assert "Choose a seat." in visitor.text()
    assert not api.sent(CHANGE)


def test_of_several_one_is_chosen(api: Api, visitor: Visitor) -> None:
    party = [TICKET, {**TICKET, "passenger_id": 2, "seat_number": "1B", "given_name": "Bo"}]
    api.has(reservation(passengers=party))
    assert '<option value="2">Bo Berg, seat 1B' in visitor.get(SEAT)


# Giving it up

CANCELATION = f"{PAGE}/cancelation"
CANCEL = f"POST /api/reservations/{ID}/cancelation"
QUOTES = f"POST /api/reservations/{ID}/cancelation-quotes"
QUOTE = {
    "quote_id": "a-quote",
    "expires_at": "2040-01-01T12:30:00Z",
    "currency": "EUR",
    "charged": 7150,
    "refunded": 1250,
    "reasons": [{"code": "taxes_returned", "text": "Taxes come back: 12.50 EUR."}],
}


def test_it_is_given_up_for_what_was_quoted(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    api.answers |= {QUOTES: (200, QUOTE), CANCEL: (200, reservation("CANCELED"))}
    visitor.get(CANCELATION)
    for shown in ("€71.50", "€12.50", "Taxes come back", "Cancel, and get €12.50 back"):
        assert shown in visitor.text()
    hidden = {name: visitor.value(name) for name in ("once", "version", "quote_id")}
    visitor.post(CANCELATION, **hidden)
    assert visitor.location == PAGE
    assert api.body(CANCEL) == {"quote_id": "a-quote"}
    headers = api.sent(CANCEL)[0].headers
    assert (headers["if-match"], headers["idempotency-key"]) == ('"3"', hidden["once"])


@pytest.mark.parametrize("found", ["PENDING", "CONFIRMED"])
def test_what_goes_back_as_a_whole_needs_no_quote(api: Api, visitor: Visitor, found: str) -> None:
    api.has(reservation(found))
    api.answers |= {
        QUOTES: problem(409, "quote-not-needed"),
        CANCEL: (200, reservation("CANCELED")),
    }
    visitor.get(CANCELATION)
    visitor.post(CANCELATION, once="mine", version=3, quote_id="")
    assert api.body(CANCEL) == {}
    assert visitor.location == PAGE


def test_what_cannot_be_canceled_says_why_and_has_no_button(api: Api, visitor: Visitor) -> None:
    api.has(reservation())
    api.answers[QUOTES] = problem(409, "cancelation-not-allowed")
    page = visitor.get(CANCELATION)
    assert "cannot be canceled at this moment" in visitor.text()
    assert 'name="quote_id"' not in page


def test_a_quote_that_holds_no_longer_is_asked_for_anew(api: Api, visitor: Visitor) -> None:
    api.has(reservation(version=4))
    newer = {**QUOTE, "quote_id": "another", "refunded": 0}
    api.answers |= {QUOTES: (200, newer), CANCEL: problem(409, "quote-outdated")}
    visitor.post(CANCELATION, once="mine", version=3, quote_id="a-quote")
    assert "worked out anew" in visitor.text()
    assert (visitor.value("quote_id"), visitor.value("version")) == ("another", "4")


def test_what_comes_back_is_waited_for_and_told(api: Api, visitor: Visitor) -> None:
    given_up = reservation("CANCELED", updated_at="2999-01-01T00:00:00Z")
    api.has(given_up, *BOUGHT, "canceled", payment=PAID)
    page = visitor.get(PAGE)
    assert "your money is on its way" in visitor.text()
    assert asks_again(page) == "1"
    refunded = {**PAID, "refunded_amount": 1250}
    api.has(given_up, *BOUGHT, "canceled", "refunded", payment=refunded)
    page = visitor.get(PAGE)
    assert "€12.50 went back to your card" in visitor.text()
    assert asks_again(page) == ""


@pytest.mark.parametrize("path", ["payment", "seat", "cancelation"])
def test_a_form_of_another_site_is_refused(api: Api, path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(f"{PAGE}/{path}", {}).status_code == 403
    assert not api.service.seen


@pytest.mark.parametrize(("status", "can"), [("CONFIRMED", True), ("CANCELED", False)])
def test_what_has_come_to_its_end_cannot_be_changed(
    api: Api, visitor: Visitor, status: str, can: bool
) -> None:
    api.has(reservation(status), *BOUGHT)
    assert ("Take another seat" in visitor.get(PAGE)) is can
