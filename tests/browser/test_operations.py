"""The operations screen in a browser, while reservations are sold."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.visitor import Scheme
from tests.e2e.system import System

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_it_is_legible_at_every_size_and_in_the_dark(
    visit: Open, system: System, size: str, scheme: Scheme
) -> None:
    system.wait_for(system.reserve(), "CONFIRMED")
    operator = visit(size, scheme=scheme)
    operator.page.goto("/operations")
    expect(operator.page.get_by_role("heading", name="Notification")).to_be_visible()
    operator.assert_sound()
    operator.page.get_by_text("The figures").click()
    operator.assert_sound()


def test_what_is_sold_meanwhile_appears_by_itself(visit: Open, system: System) -> None:
    operator = visit()
    operator.page.goto("/operations")
    before = made(operator.page.get_by_role("img").get_attribute("aria-label"))
    for _ in range(5):
        system.wait_for(system.reserve(), "CONFIRMED")
    chart = operator.page.get_by_role("img", name=f"{before + 5} reservations")
    expect(chart).to_be_visible()
    operator.assert_sound()


def test_without_a_script_it_is_all_there_after_reloading(visit: Open, system: System) -> None:
    operator = visit(script=False)
    operator.page.goto("/operations")
    before = made(operator.page.get_by_role("img").get_attribute("aria-label"))
    system.wait_for(system.reserve(), "CONFIRMED")
    operator.page.reload()
    expect(operator.page.get_by_role("img", name=f"{before + 1} reservations")).to_be_visible()


def test_it_leads_to_where_one_acts(visit: Open, system: System) -> None:
    operator = visit()
    operator.page.goto("/operations")
    operator.page.get_by_role("region", name="Booking").get_by_role(
        "link", name="sagas stuck"
    ).click()
    expect(operator.page).to_have_url(re.compile("/admin/login/"))
    operator.page.get_by_label("Username").fill("admin")
    operator.page.get_by_label("Password").fill("admin")
    operator.page.get_by_role("button", name="Log in").click()
    expect(operator.page.get_by_role("heading", name="Select saga to view")).to_be_visible()


def test_a_service_that_is_down_is_told_and_its_return_too(visit: Open, system: System) -> None:
    operator = visit()
    system.stack.stop_process("fare")
    operator.page.goto("/operations")
    fare = operator.page.get_by_role("region", name="Fare")
    expect(fare).to_contain_text("does not answer")
    operator.assert_sound()
    system.stack.start_process("fare")
    expect(fare.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_one_signs_in_with_a_key_and_is_told_beside_the_field_what_is_wrong(
    visit: Open, size: str
) -> None:
    operator = visit(size)
    page = operator.page
    page.goto("/operations")
    page.get_by_role("link", name="Sign in").click()
    operator.assert_sound()
    page.get_by_label("API key or token").fill("nobody's")
    page.get_by_label("API key or token").press("Enter")
    expect(page.get_by_text("not accepted here")).to_be_visible()
    operator.assert_sound()


def made(label: str | None) -> int:
    """How many reservations the chart says there are."""
    return int((label or "").partition(" ")[0])
