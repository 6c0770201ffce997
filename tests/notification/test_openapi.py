"""The OpenAPI document of notification."""

from pathlib import Path

import pytest
import yaml
from django.test import Client

import notification
from tests.openapi import committed, exceptions_of, generated, problems_of

PREFIX = "urn:problem-type:airline:"
SHELL = {
    (f"{PREFIX}invalid-request", 400),
    (f"{PREFIX}malformed-cursor", 400),
    (f"{PREFIX}database-unavailable", 503),
    (f"{PREFIX}busy", 503),
}


def test_the_document_in_the_repository_is_what_the_code_says(tmp_path: Path) -> None:
    assert committed("notification") == generated(tmp_path), "make openapi"


def test_every_exception_of_notification_is_documented_with_an_operation() -> None:
    assert problems_of("notification") == SHELL | exceptions_of(notification)


@pytest.mark.django_db
def test_the_document_is_served(client: Client) -> None:
    response = client.get("/api/schema")
    assert response.status_code == 200
    assert yaml.safe_load(response.content) == yaml.safe_load(committed("notification"))
