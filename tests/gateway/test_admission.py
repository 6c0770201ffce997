"""Who is let in at the door, and what the service behind it is told of them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from contracts.callers import READ, SCHEME, WRITE, Caller, verify
from gateway import views
from gateway.admission import Admission
from gateway.api_keys import ApiKeys, new_key
from gateway.bearer_tokens import BearerTokens
from gateway.customers import Customer
from gateway.key_sets import keys_at
from gateway.routes import Route, Routes
from tests.gateway.identities import AUDIENCE, ED25519, ISSUER, add_key, key_set, token
from tests.gateway.upstreams import Script, Service, answering

Start = Callable[[Script], Service]
Door = Callable[..., Client]
INTERNAL = ("a-key-of-the-services",)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.touch()
    return file


@pytest.fixture(params=[False])
def trial(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def booking(
    service: Start,
    door: Door,
    keys: Path,
    tmp_path: Path,
    trial: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> Service:
    """Booking behind a door where one has to sign in, unless it is a trial."""
    (tmp_path / "keys.json").write_text(key_set(ed=ED25519))
    admission = Admission(
        name="gateway",
        internal_keys=INTERNAL,
        api_keys=ApiKeys(keys),
        tokens=BearerTokens(
            issuer=ISSUER,
            audience=AUDIENCE,
            keys=keys_at(str(tmp_path / "keys.json")),
            secret="",
        ),
        anonymous=Customer("trial", frozenset({READ, WRITE})) if trial else None,
    )
    booking = service(answering())
    door(booking.url)
    monkeypatch.setattr(views, "admission", admission)
    return booking


def ask(authorization: str | None = None, path: str = "/api/reservations") -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Client().get(path, headers=headers)


def told(booking: Service) -> Caller:
    """Who asks, as the service learns it."""
    [seen] = booking.seen
    scheme, _, made = seen.headers["authorization"].partition(" ")
    assert scheme == SCHEME
    return verify(made, to="booking", keys=INTERNAL, at=time.time())


def test_the_holder_of_a_key_is_vouched_for(booking: Service, keys: Path) -> None:
    key = add_key(keys, "eva", [READ])
    assert ask(f"Bearer {key}").status_code == 200
    caller = told(booking)
    assert (caller.iss, caller.sub, caller.scopes) == ("gateway", "eva", frozenset({READ}))
    assert key not in str(booking.seen)


def test_the_holder_of_a_token_is_vouched_for(booking: Service) -> None:
    assert ask(f"bearer {token(ED25519, 'EdDSA', kid='ed')}").status_code == 200
    assert (told(booking).sub, told(booking).scopes) == ("eva", frozenset({READ, WRITE}))


def assert_unknown(answer: Any, booking: Service, error: str = "") -> None:
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "about:blank"
    assert answer["WWW-Authenticate"] == 'Bearer realm="airline"' + error
    assert answer["X-Request-ID"]
    assert booking.seen == []


def test_nobody_is_let_in_who_has_not_signed_in(booking: Service) -> None:
    assert_unknown(ask(), booking)


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", f"Bearer {new_key()}", "Bearer abc", "Bearer a.b.c"],
    ids=["nothing", "blank", "unknown key", "text", "no token"],
)
@pytest.mark.parametrize("trial", [True, False], indirect=True)
def test_what_is_not_accepted_is_said_to_be_so(booking: Service, authorization: str) -> None:
    assert_unknown(ask(authorization), booking, ', error="invalid_token"')


@pytest.mark.parametrize("trial", [True, False], indirect=True)
@pytest.mark.parametrize("scheme", ["Basic ZXZhOmV2YQ==", "", f"{SCHEME} "])
def test_there_is_no_other_way_to_sign_in(booking: Service, scheme: str) -> None:
    assert_unknown(ask(scheme), booking)


def test_nobody_vouches_for_themselves(booking: Service) -> None:
    """Even with the services' key, which nobody out there has."""
    from contracts.callers import vouch

    header = vouch("eva", [READ], by="gateway", to="booking", keys=INTERNAL, at=time.time())
    assert_unknown(ask(header["Authorization"]), booking)
    made = header["Authorization"].removeprefix(f"{SCHEME} ")
    assert_unknown(ask(f"Bearer {made}"), booking, ', error="invalid_token"')


def test_an_expired_token_is_refused_with_the_reason(booking: Service) -> None:
    over = token(ED25519, "EdDSA", kid="ed", exp=int(time.time()) - 90)
    assert "expired" in ask(f"Bearer {over}").json()["detail"]


@pytest.mark.parametrize("trial", [True], indirect=True)
def test_a_trial_takes_whoever_has_not_signed_in_for_its_customer(booking: Service) -> None:
    assert ask().status_code == 200
    assert (told(booking).sub, told(booking).scopes) == ("trial", frozenset({READ, WRITE}))


@pytest.mark.parametrize("trial", [True], indirect=True)
def test_a_trial_takes_who_has_signed_in_for_who_they_are(booking: Service, keys: Path) -> None:
    assert ask(f"Bearer {add_key(keys, 'bo', [READ])}").status_code == 200
    assert (told(booking).sub, told(booking).scopes) == ("bo", frozenset({READ}))


def test_an_unknown_path_is_none_whoever_asks(booking: Service) -> None:
    assert ask(path="/nowhere").status_code == 404
    assert ask(path="/api/reservations/../admin").status_code == 400


def test_who_signs_each_request_need_not_sign_in_and_is_not_vouched_for(
    booking: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = Route("/payments/webhooks", "payment", booking.url, is_signed=True)
    monkeypatch.setattr(views, "routes", Routes([route]))
    headers = {"Authorization": "Bearer abc", "X-Signature": "t=1"}
    answer = Client().post("/payments/webhooks/http", b"{}", "application/json", headers=headers)
    assert answer.status_code == 200
    assert "authorization" not in booking.seen[0].headers
    assert booking.seen[0].headers["x-signature"] == "t=1"


def test_without_the_keys_of_tokens_it_is_said_when_to_come_back(
    booking: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = keys_at("http://127.0.0.1:1/keys")
    tokens = BearerTokens(issuer=ISSUER, audience=AUDIENCE, keys=nowhere, secret="")
    monkeypatch.setattr(views.admission, "_tokens", tokens)
    answer = ask(f"Bearer {token(ED25519, 'EdDSA', kid='ed')}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert booking.seen == []


def test_the_gateway_signs_in_nobody_to_look_at_its_health(booking: Service) -> None:
    assert Client().get("/health/ready").status_code == 200


def test_pages_are_anybodys_and_are_vouched_for_by_nobody(
    booking: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "routes", Routes([Route("/", "web", booking.url, is_open=True)]))
    assert ask(path="/operations").status_code == 200
    assert "authorization" not in booking.seen[0].headers


def test_every_path_of_the_api_has_an_owner_before_the_pages(settings: Any) -> None:
    assert {"/"} == settings.OPEN_ROUTES
    owners = {path: views.routes.find(path).service for path in ("/operations", "/api/ops/fare")}
    assert owners == {"/operations": "web", "/api/ops/fare": "fare"}
