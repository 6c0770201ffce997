"""A reservation is found, changed and given up in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.traveler import Traveler, in_days

pytestmark = pytest.mark.slow

DAY = in_days(23)


@pytest.mark.parametrize(("size", "seat"), [("desktop", "3C"), ("phone", "4C")])
def test_it_is_found_by_its_reference_given_another_seat_and_up_with_a_refund(
    visit: Open, size: str, seat: str
) -> None:
    traveler = Traveler(visit(size), DAY)
    traveler.book(seat, family="Flex")
    traveler.has_tickets()
    locator, page = traveler.locator, traveler.page
    find(traveler, locator)
    move(traveler, f"{seat[:-1]}D")
    give_up(traveler)
    expect(page.get_by_role("heading", name="went back to your card")).to_be_visible()
    page.get_by_text("Everything that happened").scroll_into_view_if_needed()
    expect(page.get_by_role("list").filter(has_text="go back to the card")).to_be_visible()
    traveler.visitor.assert_sound()


def test_all_of_it_by_keyboard(visit: Open) -> None:
    traveler = Traveler(visit(), DAY, with_keys=True)
    traveler.book("5C", family="Flex")
    traveler.has_tickets()
    find(traveler, traveler.locator)
    move(traveler, "5D")
    give_up(traveler)
    expect(traveler.page.get_by_role("heading", name="went back to your card")).to_be_visible()


def find(traveler: Traveler, locator: str) -> None:
    """By what is on the ticket."""
    traveler.page.goto("/")
    traveler.fill("Booking reference", locator.lower())
    traveler.fill("Surname", "berg")
    traveler.press("Find it")
    expect(traveler.page.get_by_role("heading", name=locator)).to_be_visible()


def move(traveler: Traveler, seat: str) -> None:
    """To another seat."""
    traveler.press("Take another seat")
    expect(traveler.page.get_by_role("heading", name="Take another seat")).to_be_visible()
    traveler.visitor.assert_sound()
    traveler.take(seat)
    traveler.press("Take this seat")
    expect(traveler.page.get_by_role("cell", name=seat)).to_be_visible()


def give_up(traveler: Traveler) -> None:
    """For what is quoted."""
    traveler.press("Cancel the reservation")
    expect(traveler.page.get_by_text("Goes back to your card")).to_be_visible()
    traveler.visitor.assert_sound()
    traveler.press("Cancel, and get")
    expect(traveler.status).to_have_text("Canceled")
