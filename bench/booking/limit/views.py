"""The statements that were recorded, issued again by the bare driver with other values."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.booking.recording import Recording

CONFLICT = 409


def cursor() -> Any:
    """The driver's own, with Django out of the way; whoever writes commits."""
    connection.ensure_connection()
    return connection.connection.cursor()


@cache
def recordings() -> dict[str, Recording]:
    """What was recorded, by its name."""
    stored = json.loads(Path(os.environ["BENCH_RECORDINGS"]).read_text())
    return {name: Recording(**recording) for name, recording in stored.items()}


@cache
def departures() -> dict[tuple[int, str], int]:
    """Every departure's primary key."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT number, date, departure.id FROM departure JOIN flight ON flight.id = flight_id"
        )
        return {(number, day.isoformat()): key for number, day, key in sql.fetchall()}


def reserve(request: HttpRequest) -> HttpResponse:
    """Hold a seat as booking does, and promise nothing. Like booking it draws another record
    locator where the one that was drawn is somebody else's: of some ten thousand two are alike."""
    asked = json.loads(request.body)
    flight, day = asked["flight_number"], asked["departure_date"]
    known = {"flight": flight, "date": day, "departure": departures()[flight, day]}
    values = {**known, "seat": asked["seat_number"]}
    driver: Any = connection
    try:
        return _reserve(values)
    except driver.Database.IntegrityError:
        connection.connection.rollback()
        return _reserve(values)


def _reserve(values: dict[str, Any]) -> HttpResponse:
    replay, sql = recordings()["post"].replay(values), cursor()
    for statement, parameters in replay.statements():
        sql.execute(statement, parameters)
        if statement.startswith("UPDATE") and not sql.rowcount:
            connection.connection.rollback()
            return _answer("", CONFLICT)
        sql.fetchall()
    connection.connection.commit()
    return _answer(replay.body(), 201)


def seats(request: HttpRequest, flight: int, day: str) -> HttpResponse:
    """What the seat map reads."""
    return _read("seats", {"flight": flight, "date": day, "departure": departures()[flight, day]})


def search(request: HttpRequest) -> HttpResponse:
    """What a search reads."""
    return _read("search", {name: request.GET[name] for name in ("origin", "destination", "date")})


def _read(name: str, values: dict[str, Any]) -> HttpResponse:
    replay, sql = recordings()[name].replay(values), cursor()
    for statement, parameters in replay.statements():
        sql.execute(statement, parameters)
        sql.fetchall()
    return _answer(replay.recording.body, 200)


def _answer(body: str, status: int) -> HttpResponse:
    content = body.encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return HttpResponse(content, status=status, headers=headers)


urlpatterns = [
    path("api/reservations", reserve),
    path("api/departures", search),
    path("api/departures/<int:flight>/<str:day>/seats", seats),
]
