"""The real processes without `TRIAL`: customers come in by the gateway, with what they may do, and
nobody by another door."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from contracts.callers import OPS, READ, WRITE
from dev.backings import Embedded
from dev.folders import private_folder
from dev.stack import Stack
from tests.e2e.client import Answer, Browser, wait_for_status
from tests.gateway.identities import AUDIENCE, ED25519, ISSUER, add_key, key_set, token

ASKED: Final = {
    "passenger_id": 1,
    "flight_number": 1001,
    "seat_number": "12A",
    "payment_token": "tok_approve",
    "contact": {"email": "eva@example.test", "surname": "Berg"},
}
SCOPES: Final = {"eva": [READ, WRITE], "bo": [READ, WRITE], "reader": [READ], "ola": [READ, OPS]}


@dataclass(frozen=True)
class Airline:
    """The running system and whom it lets in."""

    stack: Stack
    keys: dict[str, str]

    def get(self, path: str, name: str | None = None, *, at: str = "gateway") -> Answer:
        """What somebody is answered, at the gateway or at a service's own port."""
        return Browser().get(f"{self.stack.url(at)}{path}", **self.signed_in(name))

    def post(
        self, path: str, body: Any, name: str | None = None, *, at: str = "gateway", **more: str
    ) -> Answer:
        """The same of a POST."""
        signed_in = self.signed_in(name)
        return Browser().post_json(f"{self.stack.url(at)}{path}", body, **signed_in, **more)

    def signed_in(self, name: str | None) -> dict[str, str]:
        """The header by which somebody is known."""
        return {"Authorization": f"Bearer {self.keys[name]}"} if name else {}


@pytest.fixture(scope="module")
def airline() -> Iterator[Airline]:
    """The system as it is deployed, but on embedded servers."""
    folder = private_folder("customers-door")
    file = folder / "api-keys"
    keys = {name: add_key(file, name, scopes) for name, scopes in SCOPES.items()}
    (folder / "keys.json").write_text(key_set(ed=ED25519))
    keys["tim"] = token(ED25519, "EdDSA", kid="ed", sub="tim", exp=int(time.time()) + 3600)
    secret = {
        name: secrets.token_urlsafe(32)
        for name in ("SECRET_KEY", "INTERNAL_KEYS", "OFFER_SIGNING_KEYS")
    }
    settings = {
        **secret,
        "TRIAL": "0",
        "HORIZON_DAYS": "30",
        "REQUESTS_PER_CUSTOMER": "6000",
        "REQUESTS_PER_ADDRESS": "6000",
        "API_KEYS_FILE": str(file),
        "JWT_KEYS": str(folder / "keys.json"),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "EMAIL_URL": f"filemail:///{folder}/mails",
        "MAIL_FROM": "no-reply@airline.example.test",
        "PROCESSOR": "payment.processors.simulator.Simulator",
        "PROCESSOR_BOOKS": str(folder / "processor-books.sqlite3"),
    }
    stack = Stack(folder, Embedded(folder), settings=settings)
    try:
        stack.start()
        yield Airline(stack, keys)
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def booked(airline: Airline) -> str:
    """Eva's reservation, confirmed."""
    made = airline.post("/api/reservations", ASKED, "eva")
    assert made.status == 201, made.text
    assert made.json["customer_id"] == "eva"
    url = airline.stack.url("gateway")
    wait_for_status(url, made.json["id"], "CONFIRMED", headers=airline.signed_in("eva"))
    return str(made.json["id"])


def test_a_customer_books_pays_and_sees_it(airline: Airline, booked: str) -> None:
    seen = airline.get("/api/reservations", "eva").json["results"]
    assert [one["id"] for one in seen] == [booked]
    assert airline.get(f"/api/payments/{booked}", "eva").json["authorized_amount"] > 0


def test_another_customer_sees_nothing_of_it(airline: Airline, booked: str) -> None:
    for name in ("bo", "tim", "reader"):
        for path in ("/api/reservations", "/api/payments"):
            assert airline.get(path, name).json["results"] == []
            assert airline.get(f"{path}/{booked}", name).status == 404
    refused = airline.post(f"/api/reservations/{booked}/cancelation", {}, "bo", if_match="*")
    assert refused.status == 404


def test_who_runs_the_airline_sees_it(airline: Airline, booked: str) -> None:
    assert airline.get(f"/api/reservations/{booked}", "ola").status == 200
    assert airline.get(f"/api/payments/{booked}", "ola").status == 200


def test_who_may_read_does_not_write(airline: Airline) -> None:
    refused = airline.post("/api/reservations", ASKED, "reader")
    assert (refused.status, refused.json["type"]) == (403, "about:blank")


def test_who_has_not_signed_in_is_let_in_nowhere(airline: Airline, booked: str) -> None:
    for path in ("/api/reservations", f"/api/payments/{booked}", "/api/departures"):
        answer = airline.get(path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("booking", "/api/reservations"),
        ("booking", "/api/departures/1001/2040-01-01"),
        ("payment", "/api/payments"),
        ("fare", "/api/quotes"),
        ("fare", "/api/schema"),
    ],
)
def test_an_open_port_gives_nothing_away(
    airline: Airline, booked: str, service: str, path: str
) -> None:
    for name in (None, "eva", "tim"):
        assert airline.get(path, name, at=service).status == 401
    assert airline.get("/health/ready", at=service).status == 200


def test_fare_is_told_of_departures_by_booking(airline: Airline, booked: str) -> None:
    day = airline.get(f"/api/reservations/{booked}", "eva").json["departure_date"]
    wanted = {
        "origin": "ARN",
        "destination": "LHR",
        "departure_date": day,
        "passengers": [{"passenger_id": 1}],
    }
    offers = airline.post("/api/offers", wanted, "reader")
    assert offers.status == 200, offers.text
    assert offers.json["results"]
