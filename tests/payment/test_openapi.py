"""The OpenAPI document of payment."""

from pathlib import Path

import pytest
import yaml
from django.test import Client

from tests.openapi import committed, generated, problems_of

SHELL = {
    ("urn:problem-type:airline:malformed-cursor", 400),
    ("urn:problem-type:airline:database-unavailable", 503),
    ("urn:problem-type:airline:busy", 503),
}


def test_the_document_in_the_repository_is_what_the_code_says(tmp_path: Path) -> None:
    assert committed("payment") == generated(tmp_path), "make openapi"


def test_payment_refuses_what_the_shell_around_it_refuses_and_no_more() -> None:
    assert problems_of("payment") == SHELL


@pytest.mark.django_db
def test_the_document_is_served(client: Client) -> None:
    response = client.get("/api/schema")
    assert response.status_code == 200
    assert yaml.safe_load(response.content) == yaml.safe_load(committed("payment"))
