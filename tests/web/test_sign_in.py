"""Signing in, and out again."""

import pytest
from django.test import Client

from tests.web.standing import FakeGateway
from web import sign_in, visitors

KEY = "a-key-that-opens-the-api"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    monkeypatch.setattr(visitors, "gateway", fake)
    return fake


def test_what_one_signs_in_with_is_passed_on_until_one_signs_out(gateway: FakeGateway) -> None:
    client = Client()
    assert client.post("/sign-in", {"key": KEY})["Location"] == "/"
    assert "Sign out" in client.get("/operations").content.decode()
    assert gateway.keys == {KEY}
    client.post("/sign-out")
    gateway.keys.clear()
    client.get("/operations")
    assert gateway.keys == {""}


def test_the_cookie_shows_nothing_of_it_and_is_out_of_scripts_reach(gateway: FakeGateway) -> None:
    cookie = Client().post("/sign-in", {"key": KEY}).cookies[sign_in.COOKIE]
    assert KEY not in cookie.value
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("kept", ["", "no cookie of ours", "gAAAAABh" + "x" * 100, "å"])
def test_a_cookie_that_is_not_ours_is_nobodys(gateway: FakeGateway, kept: str) -> None:
    client = Client()
    client.cookies[sign_in.COOKIE] = kept
    assert client.get("/operations").status_code == 200
    assert gateway.keys == {""}


def test_a_cookie_ends_after_a_day(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/sign-in", {"key": KEY})
    monkeypatch.setattr(sign_in, "LIFETIME_SECONDS", -1)
    client.get("/operations")
    assert gateway.keys == {""}


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("unknown", "not accepted here"),
        ("", "This field is required"),
        ("two words", "letters, digits and signs only"),
        ("line\r\nbreak", "letters, digits and signs only"),
    ],
)
def test_what_cannot_be_is_told_beside_the_field(gateway: FakeGateway, key: str, told: str) -> None:
    answer = Client().post("/sign-in", {"key": key})
    assert told in answer.content.decode()
    assert sign_in.COOKIE not in answer.cookies


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_of_another_site_is_refused(gateway: FakeGateway, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"key": KEY}).status_code == 403
