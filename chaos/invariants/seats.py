"""2: no seat with two owners at any time; held and sold seats match reservations."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from chaos.evidence import CONFIRMED, PENDING, Event, Evidence
from chaos.invariants.violation import Finding

TAKES: Final = {"ReservationCreated", "ReservationChanged"}
GIVES_BACK: Final = {"ReservationRejected", "ReservationExpired", "ReservationCanceled"}

Place = tuple[str, str]


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Seats that had two owners, by the history, and seats that do not match at the end."""
    yield from _history(event for event in evidence.events if event.service == "booking")
    yield from _end(evidence)


def _history(events: Iterable[Event]) -> Iterator[Finding]:
    """Whoever takes a seat finds it free.

    Rows of the outbox are numbered inside their transaction: who takes a seat has waited for the
    lock of who gave it back, so that the numbers are in the order of the owners.
    """
    owners: dict[Place, str] = {}
    for event in sorted(events, key=lambda event: event.order):
        if event.name not in TAKES | GIVES_BACK:
            continue
        for place in [place for place, owner in owners.items() if owner == event.key]:
            del owners[place]
        if event.name in TAKES:
            for place in _places(event.json()["reservation"]):
                if other := owners.get(place):
                    yield Finding(event.key, f"was given {_named(place)} while {other} had it")
                owners[place] = event.key


def _end(evidence: Evidence) -> Iterator[Finding]:
    """The other way round, too: every seat's owner has a right to it."""
    wanted = {
        (one.departure, seat): ("SOLD" if one.status == CONFIRMED else "HELD", one.id)
        for one in evidence.reservations
        if one.status in (PENDING, CONFIRMED)
        for seat in one.seats
    }
    found = {(seat.departure, seat.number): (seat.status, seat.owner) for seat in evidence.seats}
    changing = {(saga.reservation, saga.wants) for saga in evidence.sagas if saga.is_live}
    for place, (status, owner) in wanted.items():
        if found.get(place) != (status, owner):
            has = " for ".join(found.get(place, ("FREE",)))
            yield Finding(owner, f"needs {_named(place)} {status}, which is {has}")
    for place, (status, owner) in found.items():
        if place not in wanted and not (status == "HELD" and (owner, place[0]) in changing):
            yield Finding(owner, f"has {_named(place)} {status} without a right to it")


def _places(summary: dict[str, Any]) -> Iterator[Place]:
    itinerary = summary["itinerary"]
    flight = f"{itinerary['carrier']}{itinerary['flight_number']} {itinerary['departure_date']}"
    for passenger in summary["passengers"]:
        if passenger.get("seat"):
            yield flight, passenger["seat"]["number"]


def _named(place: Place) -> str:
    departure, seat = place
    return f"{seat} of {departure}"
