"""The operations screen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from contracts.operations import Lag, Operations, Owners
from tests.web.standing import FakeGateway, backlog, said, sold
from web import visitors
from web.operations import SERVICES

Screen = Callable[..., str]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """The screen of a system where all is well, but for these services, or without one (None)."""

    def shown(**changed: Operations | None) -> str:
        told = {service: said(service) for service in SERVICES} | changed
        gateway = FakeGateway(*(one for one in told.values() if one))
        monkeypatch.setattr(visitors, "gateway", gateway)
        answer = Client().get("/operations")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.content.decode())

    return shown


def concerns(page: str) -> str:
    found = re.search(r"Needs an operator</span> <strong>(\d+)<", page)
    assert found
    return found[1]


def test_where_all_is_well_nothing_needs_an_operator(screen: Screen) -> None:
    page = screen()
    assert concerns(page) == "0"
    for service in SERVICES:
        assert f'id="service-{service}"' in page


def test_what_needs_an_operator_is_counted_and_leads_to_the_admin(screen: Screen) -> None:
    stuck = backlog(
        "sagas stuck", count=3, needs_operator=True, page="/admin/booking/saga/?a=b&c=d"
    )
    page = screen(booking=said("booking", backlogs=(stuck,)))
    assert concerns(page) == "3"
    assert '<a href="http://booking.test/admin/booking/saga/?a=b&amp;c=d">sagas stuck</a>' in page


def test_what_only_waits_needs_nobody_and_is_marked_when_it_is_late(screen: Screen) -> None:
    late = backlog(count=2, oldest_seconds=99.0)
    page = screen(booking=said("booking", backlogs=(late,)))
    assert concerns(page) == "0"
    assert '<tr class="waiting">' in page
    assert '<tr class="waiting">' not in screen()


def test_a_service_that_does_not_answer_is_a_concern_and_the_others_are_shown(
    screen: Screen,
) -> None:
    page = screen(fare=None)
    assert concerns(page) == "1"
    assert "Nobody is at home." in page
    assert "What waits in payment" in page


def test_without_booking_there_is_no_chart(screen: Screen) -> None:
    assert "Reservations by the minute" not in screen(booking=None)


def test_the_times_until_confirmed_are_told(screen: Screen) -> None:
    page = screen(booking=said("booking", reservations=sold({"CONFIRMED": 1}, confirmed=1)))
    assert "<strong>120 ms</strong>" in page
    assert "<strong>480 ms</strong>" in page


def test_before_anything_is_confirmed_there_are_no_times(screen: Screen) -> None:
    page = screen(booking=said("booking", reservations=sold({})))
    assert page.count("<strong>none yet</strong>") == 2


def test_the_chart_has_its_figures_as_a_table_too(screen: Screen) -> None:
    reservations = sold({"CONFIRMED": 2, "REJECTED": 1}, {"CONFIRMED": 4})
    page = screen(booking=said("booking", reservations=reservations))
    assert 'aria-label="7 reservations in the last minutes' in page
    assert "<title>12:00 REJECTED: 1</title>" in page
    row = '<th scope="row">12:01</th><td class="number">4</td><td class="number">0</td>'
    assert row in page


def test_shards_that_nobody_has_are_told(screen: Screen) -> None:
    owners = Owners(group="relay", workers={"one": 60}, unowned=4, page="/admin/outbox/lease/")
    page = screen(payment=said("payment", owners=(owners,)))
    assert "<dd>one: 60</dd>" in page
    assert "nobody has 4" in page


@pytest.mark.parametrize(
    ("messages", "told"),
    [(None, "Kafka does not answer"), (1, "1 message behind"), (7, "7 messages behind")],
)
def test_how_far_consumers_are_behind_is_told(
    screen: Screen, messages: int | None, told: str
) -> None:
    lag = Lag(consumer="bookings", messages=messages)
    assert told in screen(fare=said("fare", lags=(lag,)))


def test_where_no_setting_says_where_the_admin_is_there_are_no_links(screen: Screen) -> None:
    page = screen(**{name: said(name, admin_url="") for name in SERVICES})
    assert "/admin/" not in page


def test_it_is_refreshed_with_a_script_and_without(screen: Screen) -> None:
    page = screen()
    assert 'hx-get="/operations" hx-trigger="every 4s" hx-select="#operations"' in page
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page


def test_nothing_in_the_page_needs_what_its_policy_refuses(screen: Screen) -> None:
    page = screen()
    policy = Client().get("/operations").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"<style| style=| on[a-z]+=|<script(?! src=)", page)


def test_it_is_kept_by_nobody_and_only_read(screen: Screen) -> None:
    screen()
    assert "no-store" in Client().get("/operations").headers["Cache-Control"]
    assert Client().post("/operations").status_code == 405


def test_an_answer_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, screen: Screen
) -> None:
    gateway: Any = FakeGateway()
    gateway.answers = {"/api/ops/booking": b"{}"}
    monkeypatch.setattr(visitors, "gateway", gateway)
    assert "Its answer cannot be read." in Client().get("/operations").content.decode()
