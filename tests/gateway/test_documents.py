"""The API's document and its page, and what a browser is told about answers."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from dev.bootstrap import ROOT
from dev.openapi import public_document
from dev.processes import with_database
from dev.public_api import merged
from gateway import views
from tests.gateway.upstreams import Script, Service, answering

Start = Callable[[Script], Service]
Door = Callable[..., Client]
PAGES = ("https://shop.example", "https://app.example")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """One has to sign in."""
    monkeypatch.setattr(views.admission, "_anonymous", None)


def document() -> Any:
    return json.loads((ROOT / "gateway" / "openapi.json").read_text())


def test_the_document_is_what_the_services_say() -> None:
    """`make openapi` makes it anew."""
    files = {one.name: ROOT / f"docs/openapi/{one.name}.yaml" for one in with_database()}
    assert (ROOT / "gateway" / "openapi.json").read_text() == public_document(files)


def test_everybody_may_read_the_document(client: Client, nobody: None) -> None:
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    assert answer.json() == document()
    assert client.post("/api/schema").status_code == 405


def test_the_document_has_what_the_gateway_lets_through_and_nothing_else() -> None:
    prefixes = tuple(prefix for prefix in settings.ROUTES if prefix.startswith("/api/"))
    paths = document()["paths"]
    assert all(path.startswith(prefixes) for path in paths)
    of_fare_alone = ("/api/quotes", "/api/cancelation-quotes", "/api/change-quotes")
    assert not [path for path in paths if path.startswith(of_fare_alone)]
    assert all(any(path.startswith(prefix) for path in paths) for prefix in prefixes)


def test_every_reference_and_every_name_of_an_operation_is_there_once() -> None:
    made = document()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made)))
    assert references == set(made["components"]["schemas"])
    names = [one["operationId"] for methods in made["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_every_operation_takes_a_token_and_may_be_one_too_many() -> None:
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"token": []}]
            assert {"401", "403", "429", "502", "503", "504"} <= set(operation["responses"])


def described(schema: Any, path: str) -> Any:
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/One"}}}}
    operation = {"operationId": path, "security": [{"token": []}, {}], "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "info": {"version": "1"},
        "paths": {path: {"get": operation}},
        "components": {
            "schemas": {"One": schema, "PlainProblem": {"type": "object"}, "Unused": {}},
            "securitySchemes": {},
        },
    }


def test_schemas_that_are_called_the_same_and_are_not_are_kept_apart() -> None:
    documents = {
        "booking": described({"type": "string"}, "/api/a"),
        "fare": described({"type": "integer"}, "/api/b"),
        "payment": described({"type": "string"}, "/api/c"),
    }
    made = merged(documents, ["/api"])
    shown = {
        path: methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        for path, methods in made["paths"].items()
    }
    names = {path: name.rpartition("/")[2] for path, name in shown.items()}
    assert names == {"/api/a": "One", "/api/b": "FareOne", "/api/c": "One"}
    assert made["components"]["schemas"] == {
        "FareOne": {"type": "integer"},
        "One": {"type": "string"},
        "PlainProblem": {"type": "object"},
    }


# The page


def test_the_page_loads_nothing_from_elsewhere(client: Client, nobody: None) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) > 3
    for file in files:
        answer = client.get(file)
        assert answer.status_code == 200, file
        answer.close()
    policy = page["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert "<script>" not in page.text


# What a browser is told


@pytest.mark.parametrize("path", ["/", "/api/schema", "/api/reservations", "/nowhere"])
def test_an_answer_says_that_it_is_data(service: Start, door: Door, path: str) -> None:
    answer = door(service(answering()).url).get(path)
    assert answer["Content-Security-Policy"].startswith(
        "default-src 'none'; frame-ancestors 'none'"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.fixture
def allowed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = PAGES[:1]


def test_a_page_that_is_allowed_may_use_the_api(service: Start, door: Door, allowed: None) -> None:
    client = door(service(answering()).url)
    answer = client.get("/api/reservations", headers={"Origin": PAGES[0]})
    assert answer["Access-Control-Allow-Origin"] == PAGES[0]
    assert "ratelimit-remaining" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()


def test_a_page_asks_first_without_signing_in(
    service: Start, door: Door, allowed: None, nobody: None
) -> None:
    booking = service(answering())
    asked = {
        "Origin": PAGES[0],
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    answer = door(booking.url).options("/api/reservations", headers=asked)
    assert answer.status_code == 200
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "idempotency-key" in answer["Access-Control-Allow-Headers"]
    assert booking.seen == []


@pytest.mark.parametrize(
    ("path", "origin"),
    [("/api/reservations", PAGES[1]), ("/", PAGES[0]), ("/health/live", PAGES[0])],
)
def test_no_other_page_and_nothing_else(
    service: Start, door: Door, allowed: None, path: str, origin: str
) -> None:
    answer = door(service(answering()).url).get(path, headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer
