"""The requests that are measured, and what the service says to its database for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.booking import inventory, recorder
from bench.booking.inventory import Asked, Route
from bench.booking.looking import search, seat_map
from bench.booking.recording import Recording
from bench.booking.selling import reserving, reserving_unpriced, statements
from bench.report import Figure


def recorded(file: Path) -> Iterator[Figure]:
    """Record each for the limit; the rows that say how many statements a POST takes."""
    ((warm, one, *others),) = inventory.whole(1)
    # The first request of a process has more to find out, and is not the one recorded.
    _reserving(warm)
    recorder.record(*reserving_unpriced(others.pop()))
    post = _reserving(one)
    yield statements("one seat at an offer's price", post)
    yield statements("one seat", recorder.record(*reserving_unpriced(others.pop())))
    group = recorder.record("POST", "/api/reservations", _group(others))
    yield statements("nine without seats", group)
    looks = {"seats": _seat_map(one), "search": _search(inventory.routes()[-1])}
    recorder.write(file, {"post": post, **looks})


def _reserving(seat: Asked) -> Recording:
    return recorder.record(*reserving(seat), asked={**_departure(seat), "seat": seat.seat})


def _seat_map(seat: Asked) -> Recording:
    route = Route(seat.flight, "", "", seat.date)
    return recorder.record(*seat_map(route), asked=_departure(seat))


def _search(route: Route) -> Recording:
    asked = {"origin": route.origin, "destination": route.destination}
    return recorder.record(*search(route), asked={**asked, "date": route.date.isoformat()})


def _departure(seat: Asked) -> dict[str, Any]:
    day = seat.date.isoformat()
    return {
        "flight": seat.flight,
        "date": day,
        "departure": recorder.departure_key(seat.flight, day),
    }


def _group(seats: list[Asked]) -> dict[str, Any]:
    """Nine who name no seat, and who is to be told."""
    passengers = [
        {"passenger_id": number, "given_name": "Eva", "surname": "Berg"} for number in range(1, 10)
    ]
    return {
        "flight_number": seats[0].flight,
        "departure_date": seats[0].date.isoformat(),
        "passengers": passengers,
        "contact": {"email": "eva@example.test"},
    }
