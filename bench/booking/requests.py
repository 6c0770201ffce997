"""The requests that are measured, and what the service says to its database for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.booking import inventory, recorder
from bench.booking.inventory import Asked
from bench.booking.recording import Recording
from bench.booking.selling import reserving, statements
from bench.report import Figure


def recorded(file: Path) -> Iterator[Figure]:
    """Record each for the limit; the rows that say how many statements a POST takes."""
    # The first request of a process has more to find out; none is recorded.
    (warm, *one), *_ = inventory.whole(1)
    _record(warm)
    post = _record(one[0])
    yield statements("one seat", post)
    yield statements("a group of nine", recorder.record("POST", "/api/reservations", _group(one)))
    recorder.write(file, {"post": post})


def _record(seat: Asked) -> Recording:
    method, target, body = reserving(seat)
    date = seat.date.isoformat()
    asked = {
        "flight": seat.flight,
        "date": date,
        "departure": recorder.departure_key(seat.flight, date),
        "seat": seat.seat,
    }
    return recorder.record(method, target, body, asked=asked)


def _group(seats: list[Asked]) -> dict[str, Any]:
    """Nine who take seats of the same departure, some named, and who is to be told."""
    passengers = [
        {"passenger_id": number, "given_name": "Eva", "surname": "Berg"} for number in range(1, 10)
    ]
    return {
        "flight_number": seats[0].flight,
        "departure_date": seats[0].date.isoformat(),
        "passengers": passengers,
        "contact": {"email": "eva@example.test"},
    }
