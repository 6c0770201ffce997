"""The OpenAPI document of booking."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

import booking
from booking import urls
from booking.models import Reservation
from config import drf, outages
from tests.booking import factories
from tests.booking.http import PROBLEM
from tests.openapi import committed, exceptions_of, generated, problems_of


def test_the_document_in_the_repository_is_what_the_code_says(tmp_path: Path) -> None:
    assert committed("booking") == generated(tmp_path), "make openapi"


def test_every_refusal_of_the_code_is_documented_and_no_other() -> None:
    shell = {drf.MalformedCursor, outages.DatabaseUnavailable, outages.Busy}
    ours = {(f"urn:problem-type:airline:{one.default_code}", one.status_code) for one in shell}
    invalid = {("urn:problem-type:airline:invalid-request", 400)}
    assert problems_of("booking") == exceptions_of(booking) | ours | invalid


def test_every_path_is_in_the_document() -> None:
    paths = yaml.safe_load(committed("booking"))["paths"]
    assert len(paths) == len(urls.urlpatterns) + 1  # and how booking stands, which the shell serves


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/yaml"),
        ("application/json", "application/json"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
    ],
)
def test_the_document_is_served_in_yaml_or_json(
    client: Client, accept: str, media_type: str
) -> None:
    response = client.get("/api/schema", headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == media_type
    text = response.content.decode()
    document = json.loads(text) if "json" in media_type else yaml.safe_load(text)
    assert document == yaml.safe_load(committed("booking"))


@pytest.mark.django_db
def test_what_cannot_be_had_in_yaml_is_still_a_problem_document(client: Client) -> None:
    response = client.post("/api/schema", headers={"accept": "application/yaml"})
    assert response.status_code == 405
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["title"] == "Method Not Allowed"


@pytest.mark.django_db
def test_a_type_that_there_is_not_is_refused_as_a_problem_document(client: Client) -> None:
    response = client.get("/api/reservations", headers={"accept": "image/png"})
    assert response.status_code == 406
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.django_db
def test_options_are_told_everywhere(client: Client) -> None:
    factories.departure(factories.flight())
    reservation: Reservation = factories.reserve()
    for path in ("", f"/{reservation.pk}", f"/{reservation.pk}/cancelation"):
        response: Any = client.options(f"/api/reservations{path}")
        assert response.status_code == 200
        assert response.json()["name"]
        assert "OPTIONS" in response.headers["Allow"]
