"""The pages, through the gateway, as a browser without scripts uses them: links and forms."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from tests.e2e.client import Answer, Browser
from tests.e2e.system import System

TYPED = {
    "p1-given_name": "Eva",
    "p1-surname": "Berg",
    "email": "eva@example.test",
    "payment_token": "tok_approve",
}


def a_day() -> date:
    """One that sells, and that no other test asks for."""
    return datetime.now(UTC).date() + timedelta(days=17)


def values(page: Answer) -> dict[str, str]:
    """What stands in the hidden fields of a page."""
    fields = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in fields}


def passengers(system: System, browser: Browser, seat: str) -> tuple[str, Answer]:
    """From the search to the passengers' form; its address, and the page."""
    route = {"origin": "Stockholm", "destination": "London", "date": a_day().isoformat()}
    found = browser.page(f"{system.gateway}/departures?{urlencode(route)}")
    fare = re.search(r'action="(/departures/1001/[\d-]+/seats)">(.*?)</form>', found.text, re.S)
    assert fare, found.text
    chosen = values(Answer(200, found.headers, fare[2]))
    seats = browser.page(f"{system.gateway}{fare[1]}?{urlencode(chosen)}")
    assert f'name="seat" value="{seat}"' in seats.text
    address = fare[1].replace("/seats", "/passengers")
    address = f"{system.gateway}{address}?{urlencode({**chosen, 'seat': seat})}"
    return address, browser.page(address)


def book(system: System, browser: Browser, seat: str, **changes: str) -> Answer:
    """Everything up to the button; the page that follows."""
    address, page = passengers(system, browser, seat)
    return browser.post_form(address, page, **{**values(page), **TYPED, **changes})


def id_of(page: Answer) -> str:
    found = re.search(r'"/reservations/([0-9a-f-]{36})', page.text)
    assert found, page.text
    return found[1]


def test_a_seat_is_booked_by_forms_alone_until_there_are_tickets(system: System) -> None:
    browser = Browser()
    reservation_id = id_of(book(system, browser, "14C"))
    system.assert_confirmed_once(reservation_id, offered=True)
    page = browser.page(f"{system.gateway}/reservations/{reservation_id}")
    for shown in ("Receipt", "Eva Berg", "14C", "Paid, tickets issued", "Charged to the card"):
        assert shown in page.text


def test_a_seat_that_somebody_else_took_is_swapped_for_the_nearest(system: System) -> None:
    browser = Browser()
    address, page = passengers(system, browser, "15C")
    system.reserve(seat_number="15C", departure_date=a_day().isoformat())
    lost = browser.post_form(address, page, **{**values(page), **TYPED})
    swap = re.search(r'name="swap" value="(15C,(\w+))"', lost.text)
    assert swap, lost.text
    swapped = browser.post_form(address, lost, **{**values(lost), **TYPED}, swap=swap[1])
    anew = re.search(r'<form method="post" action="(/departures/[^"]*)"', swapped.text)
    assert anew, swapped.text
    address = f"{system.gateway}{html.unescape(anew[1])}"
    page = browser.post_form(address, swapped, **{**values(swapped), **TYPED})
    reservation = system.wait_for(id_of(page), "CONFIRMED")
    assert reservation["seat_number"] == swap[2]


def test_it_is_found_by_its_reference_changed_and_given_up(system: System) -> None:
    browser = Browser()
    reservation_id = id_of(book(system, browser, "16C"))
    system.wait_for_tickets(reservation_id)
    locator = system.wait_for(reservation_id, "CONFIRMED")["record_locator"]
    found = browser.page(f"{system.gateway}/reservations?locator={locator}&surname=berg")
    assert id_of(found) == reservation_id
    address = f"{system.gateway}/reservations/{reservation_id}"
    page = browser.page(f"{address}/seat")
    changed = browser.post_form(f"{address}/seat", page, **values(page), seat="16D")
    assert "16D" in changed.text
    page = browser.page(f"{address}/cancelation")
    browser.post_form(f"{address}/cancelation", page, **values(page))
    system.wait_for_entry(reservation_id, "refunded")
    assert "went back to your card" in browser.page(address).text


def test_a_declined_card_leads_to_another_reservation_of_the_same_seat(system: System) -> None:
    browser = Browser()
    reservation_id = id_of(book(system, browser, "17C", payment_token="tok_decline"))
    system.wait_for(reservation_id, "REJECTED")
    page = browser.page(f"{system.gateway}/reservations/{reservation_id}")
    again = re.search(r'href="([^"]*)">Try another card', page.text)
    assert again, page.text
    address = f"{system.gateway}{html.unescape(again[1])}"
    form = browser.page(address)
    assert 'value="Berg"' in form.text
    made = browser.post_form(address, form, **{**values(form), **TYPED})
    assert system.wait_for(id_of(made), "CONFIRMED")["seat_number"] == "17C"


def test_booking_that_is_down_is_said_and_comes_back(system: System) -> None:
    browser, address = Browser(), f"{system.gateway}/departures"
    query = urlencode({"origin": "ARN", "destination": "LHR", "date": a_day().isoformat()})
    system.stack.stop_process("booking")
    page = browser.page(f"{address}?{query}")
    assert page.status == 503
    assert "Try again" in page.text
    system.stack.start_process("booking")
    assert browser.page(f"{address}?{query}").status == 200
