"""Health of a service, here the one without a database."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from config import health


def test_a_process_that_answers_is_live() -> None:
    response = Client().get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"service": "gateway", "status": "live"}


def test_a_service_without_a_database_is_ready() -> None:
    assert Client().get("/health/ready").json() == {"service": "gateway", "status": "ready"}


class Database:
    """Stands in for a connection to a database."""

    vendor = "mysql"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def cursor(self) -> "Database":
        return self

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def execute(self, statement: str) -> None:
        self.asked.append(statement)


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The databases that a service has."""
    found: list[Any] = []
    monkeypatch.setattr("config.health.connections.all", lambda: found)
    return found


def test_a_service_is_ready_when_every_database_answers(databases: list[Any]) -> None:
    databases += [Database(), Database()]
    assert health.ready(RequestFactory().get("/health/ready")).status_code == 200
    assert [database.asked for database in databases] == [["SELECT 1"], ["SELECT 1"]]


def test_a_process_is_live_whatever_its_databases_do(databases: list[Any]) -> None:
    database = Database()
    databases.append(database)
    assert health.live(RequestFactory().get("/health/live")).status_code == 200
    assert database.asked == []


def test_health_is_only_read(client: Client) -> None:
    for path in ("/health/live", "/health/ready"):
        response = client.post(path)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
        assert response["Content-Type"] == "application/problem+json"
