"""Takes the pictures that the README shows, when `SCREENSHOTS` names a folder for them: what the
other tests look at must not depend on, nor change, what is committed."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_admin import signed_in
from tests.browser.traveler import Traveler, in_days
from tests.browser.visitor import Scheme, Visitor
from tests.e2e.system import System

FOLDER = os.environ.get("SCREENSHOTS", "")
ROWS = "456789"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="`make screenshots` takes them"),
]


def take(visitor: Visitor, name: str) -> None:
    """Keep what the window shows."""
    folder = Path(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=folder / f"{name}.png")


def test_operations(visit: Open, system: System) -> None:
    sold = [system.reserve(seat_number=f"{row}{letter}") for row in ROWS for letter in "ABCDEF"]
    refused = [system.reserve(seat_number=f"2{row}A", payment_token="tok_decline") for row in ROWS]
    for reservation in sold:
        system.wait_for(reservation, "CONFIRMED")
    for reservation in refused:
        system.wait_for(reservation, "REJECTED")
    looks: list[tuple[str, str, Scheme]] = [
        ("operations", "desktop", "light"),
        ("operations-dark", "desktop", "dark"),
        ("operations-phone", "phone", "light"),
    ]
    for name, size, scheme in looks:
        operator = visit(size, scheme=scheme)
        operator.page.goto("/operations")
        expect(operator.page.get_by_role("heading", name="Notification")).to_be_visible()
        take(operator, name)


def test_admin(visit: Open, system: System) -> None:
    system.wait_for(system.reserve(), "CONFIRMED")
    operator = visit()
    signed_in(operator, system.booking)
    operator.page.goto(f"{system.booking}/admin/booking/reservation/")
    take(operator, "admin")


@pytest.mark.parametrize(
    ("size", "scheme", "seat"), [("desktop", "light", "14C"), ("phone", "dark", "15C")]
)
def test_booking(visit: Open, system: System, size: str, scheme: Scheme, seat: str) -> None:
    day = in_days(25)
    taken = [f"{row}{letter}" for row in ("12", "13", "16", "17") for letter in "ABDE"]
    for one in taken if size == "desktop" else ():
        system.reserve(seat_number=one, departure_date=str(day))
    traveler = Traveler(visit(size, scheme=scheme), day)
    traveler.search()
    take(traveler.visitor, f"departures-{size}")
    traveler.choose_fare()
    traveler.take(seat)
    traveler.page.locator("label.spot").nth(30).scroll_into_view_if_needed()
    expect(traveler.page.locator("#bill")).to_contain_text("Aisle seat")
    take(traveler.visitor, f"seats-{size}")
    traveler.press("Continue")
    traveler.pay()
    traveler.has_tickets()
    take(traveler.visitor, f"reservation-{size}")
