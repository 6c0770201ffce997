"""Somebody who books a flight in a browser."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor

# From the first thing on a page to the last, it is never as far as this.
MOST_KEYS: Final = 250
TICKET: Final = re.compile(r"\d{13}")
TYPED: Final = {"Given name": "Eva", "Surname": "Berg", "E-mail": "eva@example.test"}
# The others are not sold on all days.
STANDARD: Final = "Standard"
APPROVED, DECLINED = "Test card that is approved", "Test card that is declined"


def in_days(days: int) -> date:
    """A day to fly on."""
    return datetime.now(UTC).date() + timedelta(days=days)


class Traveler:
    """Goes from the search to a reservation, and on.

    Args:
        visitor: with a window.
        day: of departure; tests that choose seats have one each.
        with_keys: whether only the keyboard is used.
    """

    def __init__(self, visitor: Visitor, day: date, *, with_keys: bool = False) -> None:
        self.visitor, self.page, self.day = visitor, visitor.page, day
        self._with_keys = with_keys

    # Step by step; each ends on the page that follows

    def search(self) -> None:
        """From the front page to the departures of the day."""
        self.page.goto("/")
        self.visitor.assert_sound()
        self.fill("Date", self.day)
        self.press("Search flights")
        expect(self.page.get_by_role("heading", name="Stockholm to London")).to_be_visible()
        self.visitor.assert_sound()

    def choose_fare(self, family: str = STANDARD) -> None:
        """To the seats."""
        self.press(f"Choose {family}, Economy, flight 1001")
        expect(self.page.get_by_role("heading", name="Choose a seat")).to_be_visible()
        self.visitor.assert_sound()

    def choose_seat(self, seat: str) -> None:
        """To the passengers."""
        self.take(seat)
        self.visitor.assert_sound()
        self.press("Continue")
        expect(self.page.get_by_role("heading", name="Who flies?")).to_be_visible()
        self.visitor.assert_sound()

    def pay(self, card: str = APPROVED, **changes: str) -> None:
        """To whatever follows."""
        for name, value in {**TYPED, **changes}.items():
            self.fill(name, value)
        self.choose("Card", card)
        self.press("Pay")

    def reach_payment(self, seat: str, *, family: str = STANDARD) -> None:
        """All the steps before it."""
        self.search()
        self.choose_fare(family)
        self.choose_seat(seat)

    def book(self, seat: str, card: str = APPROVED, *, family: str = STANDARD) -> None:
        """All of it, to the reservation's page."""
        self.reach_payment(seat, family=family)
        self.pay(card)
        expect(self.page.get_by_text("Booking reference")).to_be_visible()

    def has_tickets(self) -> None:
        """The page tells by itself of the last step."""
        expect(self.page.get_by_role("heading", name="Receipt")).to_be_visible()
        expect(self.status).to_have_text("Confirmed")
        expect(self.page.get_by_role("cell", name=TICKET)).to_be_visible()
        self.visitor.assert_sound()

    @property
    def status(self) -> Locator:
        """Where the page says how the reservation stands."""
        return self.page.locator("p.status")

    @property
    def locator(self) -> str:
        """The reservation's, from its page."""
        return str(self.page.get_by_role("heading", level=1).text_content())

    @property
    def reservation_id(self) -> str:
        """From its page's address."""
        return self.page.url.rstrip("/").rpartition("/")[2]

    # With the mouse or a finger, or with keys

    def press(self, name: str) -> None:
        """A button or a link."""
        wanted = self.page.get_by_role("button", name=name)
        wanted = wanted.or_(self.page.get_by_role("link", name=name)).first
        if self._with_keys:
            self._reach(wanted)
            self.page.keyboard.press("Enter")
        else:
            wanted.click()

    def fill(self, label: str, value: Any) -> None:
        """A field, over what stands in it."""
        field = self.page.get_by_label(label)
        if not self._with_keys:
            field.fill(str(value))
        elif isinstance(value, date):
            self._reach(field)
            self.page.keyboard.type(f"{value:%m%d%Y}")  # as Chromium's own language has it
            expect(field).to_have_value(str(value))
        else:
            self._reach(field)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(value)

    def choose(self, label: str, option: str) -> None:
        """One of a list."""
        field = self.page.get_by_label(label, exact=True)
        if self._with_keys:
            self._reach(field)
            self.page.keyboard.type(option)
            expect(field.locator("option:checked")).to_have_text(option)
        else:
            field.select_option(label=option)

    def take(self, seat: str) -> None:
        """A seat on the map."""
        place = self.page.locator(f'input[name="seat"][value="{seat}"]')
        if not self._with_keys:
            self.page.locator("label.spot", has=place).click()
            expect(place).to_be_checked()
            return
        places = self.page.locator('input[name="seat"]')
        chosen = places.and_(self.page.locator(":checked"))
        self._reach(chosen if chosen.count() else places.first)
        for _ in range(MOST_KEYS):
            self.page.keyboard.press("ArrowDown")
            if place.is_checked():
                return
        raise AssertionError(f"arrows do not lead to seat {seat}")

    def _reach(self, wanted: Locator) -> None:
        """Go on with Tab until it has the focus, which must be seen."""
        expect(wanted).to_be_visible()
        for _ in range(MOST_KEYS):
            if wanted.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {wanted}")
