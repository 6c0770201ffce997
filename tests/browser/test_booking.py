"""A flight is booked in a browser, in every way there is, and whatever comes between."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.traveler import APPROVED, DECLINED, Traveler, in_days
from tests.browser.visitor import Scheme
from tests.e2e.system import System

pytestmark = pytest.mark.slow

# No other test asks for these.
DAY = in_days(21)
WAYS = [("desktop", "light", "3C"), ("desktop", "dark", "4C"), ("phone", "light", "5C")]


@pytest.mark.parametrize(("size", "scheme", "seat"), [*WAYS, ("phone", "dark", "6C")])
def test_by_mouse_or_finger_until_there_are_tickets(
    visit: Open, size: str, scheme: Scheme, seat: str
) -> None:
    traveler = Traveler(visit(size, scheme=scheme), DAY)
    traveler.book(seat)
    traveler.has_tickets()


@pytest.mark.parametrize(("size", "seat"), [("desktop", "3D"), ("phone", "4D")])
def test_by_keyboard_alone(visit: Open, size: str, seat: str) -> None:
    traveler = Traveler(visit(size), DAY, with_keys=True)
    traveler.book(seat)
    traveler.has_tickets()


def test_the_price_follows_the_seat_that_is_chosen(visit: Open) -> None:
    traveler = Traveler(visit(), DAY)
    traveler.search()
    traveler.choose_fare()
    bill = traveler.page.locator("#bill")
    expect(bill).not_to_contain_text("Aisle seat")
    traveler.take("20C")
    expect(bill).to_contain_text("Aisle seat")


def test_without_javascript(visit: Open) -> None:
    traveler = Traveler(visit(script=False), DAY)
    traveler.search()
    traveler.choose_fare()
    traveler.take("7C")
    traveler.press("Continue")
    traveler.pay()
    traveler.has_tickets()


def test_of_two_who_want_a_seat_one_has_it_and_the_other_is_led_on(
    visit: Open, system: System
) -> None:
    quick, slow = Traveler(visit(), DAY), Traveler(visit("phone"), DAY)
    for traveler in (quick, slow):
        traveler.reach_payment("8C")
    quick.pay()
    quick.has_tickets()
    slow.pay()
    expect(slow.page.get_by_role("alert")).to_contain_text("Somebody else was quicker")
    slow.visitor.assert_sound()
    nearest = slow.page.get_by_role("button", name=re.compile(r"Take seat \w+ instead")).first
    instead = str(nearest.text_content())
    nearest.click()
    expect(slow.page.get_by_label("Surname")).to_have_value("Berg")
    slow.press("Pay")
    slow.has_tickets()
    expect(slow.page.get_by_role("cell", name=instead)).to_be_visible()


def test_a_declined_card_is_said_and_another_takes_the_same_seat(visit: Open) -> None:
    traveler = Traveler(visit(), DAY)
    traveler.book("9C", DECLINED)
    expect(traveler.page.get_by_text("Nothing was charged")).to_be_visible()
    traveler.visitor.assert_sound()
    declined = traveler.locator
    traveler.press("Try another card")
    expect(traveler.page.get_by_label("Surname")).to_have_value("Berg")
    traveler.pay(APPROVED)
    traveler.has_tickets()
    expect(traveler.page.get_by_role("cell", name="9C")).to_be_visible()
    assert traveler.locator != declined


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    visit: Open, size: str
) -> None:
    traveler = Traveler(visit(size), DAY)
    page = traveler.page
    page.goto("/")
    traveler.fill("From", "Atlantis")
    traveler.press("Search flights")
    wrong = page.get_by_label("From")
    expect(wrong).to_have_value("Atlantis")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(re.compile("."))
    traveler.visitor.assert_sound()
    traveler.reach_payment("12C" if size == "desktop" else "13C")
    traveler.pay(**{"Surname": "", "E-mail": "eva@"})
    for label, kept in (("Surname", ""), ("E-mail", "eva@"), ("Given name", "Eva")):
        expect(page.get_by_label(label)).to_have_value(kept)
    for label in ("Surname", "E-mail"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    traveler.visitor.assert_sound()
    traveler.pay()
    traveler.has_tickets()


def test_a_hold_is_paid_for_later(visit: Open) -> None:
    traveler = Traveler(visit(), DAY)
    held(traveler, "14C")
    traveler.choose("Card", APPROVED)
    traveler.press("Pay")
    traveler.has_tickets()


def test_a_hold_that_has_run_out_is_explained_with_a_way_on(visit: Open, system: System) -> None:
    traveler = Traveler(visit(), DAY)
    held(traveler, "15C")
    system.let_the_hold_run_out(traveler.reservation_id)
    expect(traveler.page.get_by_text("The time to pay has run out")).to_be_visible()
    traveler.visitor.assert_sound()
    traveler.press("Book the same once more")
    traveler.pay()
    traveler.has_tickets()


def held(traveler: Traveler, seat: str) -> None:
    """Have a seat held, to be paid for."""
    traveler.reach_payment(seat)
    for label, value in (("Given name", "Eva"), ("Surname", "Berg"), ("E-mail", "e@example.test")):
        traveler.fill(label, value)
    traveler.press("Only hold it for now")
    expect(traveler.status).to_have_text("To be paid")
    traveler.visitor.assert_sound()


def test_while_booking_is_down_pages_say_so_and_then_go_on(visit: Open, system: System) -> None:
    traveler = Traveler(visit(), DAY)
    traveler.reach_payment("16C")
    with system.stopped("booking"):
        traveler.pay()
        expect(traveler.page.get_by_text("No answer came")).to_be_visible()
        traveler.visitor.assert_sound()
        looking = Traveler(visit(), DAY)
        looking.page.goto(f"/departures?origin=ARN&destination=LHR&date={DAY}&adults=1")
        expect(looking.page.get_by_role("link", name="Try again")).to_be_visible()
        looking.visitor.assert_sound()
    looking.press("Try again")
    expect(looking.page.get_by_role("heading", name="Stockholm to London")).to_be_visible()
    traveler.press("Pay")
    traveler.has_tickets()
