"""The admins in a browser, signed in with the trial login."""

from typing import Final

import pytest

from tests.browser.conftest import Open
from tests.browser.visitor import Scheme, Visitor
from tests.e2e.system import System

pytestmark = pytest.mark.slow

LISTS: Final = {
    "booking": ("booking/reservation", "booking/saga", "outbox/outboxevent", "outbox/lease"),
    "payment": ("payment/payment", "payment/operation", "outbox/heldmessage"),
    "fare": ("fare/fare", "fare/quote"),
    "notification": ("notification/delivery", "notification/endpoint"),
}


def signed_in(visitor: Visitor, service: str) -> None:
    """Open a service's admin and sign in."""
    page = visitor.page
    page.goto(f"{service}/admin/")
    visitor.assert_sound()
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("service", LISTS)
def test_what_operators_read_is_legible(
    visit: Open, system: System, service: str, scheme: Scheme
) -> None:
    system.wait_for(system.reserve(), "CONFIRMED")
    operator = visit(scheme=scheme)
    address = getattr(system, service)
    signed_in(operator, address)
    operator.assert_sound()
    for rows in LISTS[service]:
        operator.page.goto(f"{address}/admin/{rows}/")
        operator.assert_sound()
