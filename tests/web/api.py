"""A stand-in for the gateway on a real socket, which answers as it is told, and what it tells."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from tests.gateway.upstreams import Exchange, Seen, Service

DAY: Final = "2040-01-10"
ID: Final = "01a20789-c9a1-7626-b382-e6ed707d463b"
TYPE: Final = "urn:problem-type:airline:"

DEPARTURE: Final[dict[str, Any]] = {
    "carrier": "ZQ",
    "flight_number": 1001,
    "origin": "ARN",
    "destination": "LHR",
    "departure_date": DAY,
    "departs_at": f"{DAY}T06:40:00Z",
    "arrives_at": f"{DAY}T09:25:00Z",
    "origin_zone": "Europe/Stockholm",
    "destination_zone": "Europe/London",
    "aircraft_type": "32N",
    "status": "OPEN",
    "cabins": [{"cabin": "ECONOMY", "seats_left": 9, "list_price": 12900, "currency": "EUR"}],
}
CHARGES: Final = {"WINDOW": 900, "AISLE": 900, "MIDDLE": 500, "EXIT_ROW": 2500}
POSITIONS: Final = {"A": "WINDOW", "B": "MIDDLE", "C": "AISLE"} | {
    "D": "AISLE",
    "E": "MIDDLE",
    "F": "WINDOW",
}


def seat(number: str, status: str = "FREE", **facts: Any) -> dict[str, Any]:
    """A seat of the map."""
    row, letter = int(number[:-1]), number[-1]
    told = {"cabin": "ECONOMY", "position": POSITIONS.get(letter), "exit_row": False, **facts}
    return {"seat_number": number, "row": row, "letter": letter, "status": status, **told}


SEATS: Final = [
    *(seat(f"1{letter}") for letter in "ABCDEF"),
    seat("2A", "SOLD"),
    seat("2B", "HELD"),
    seat("2F"),
    *(seat(f"3{letter}", exit_row=True) for letter in "ABCDEF"),
]
LINES: Final = [
    {"kind": "BASE", "code": "FARE", "amount": 7100, "passenger_id": 1},
    {"kind": "TAX", "code": "SE", "amount": 400, "passenger_id": 1},
]


def price(seat_charge: int = 0, family: str = "LIGHT", **conditions: Any) -> dict[str, Any]:
    """The price of one adult."""
    seats = {"kind": "CHARGE", "code": "SEAT_AISLE", "amount": seat_charge, "passenger_id": 1}
    lines = [*LINES, *([seats] if seat_charge else [])]
    fee = {"allowed": True, "fee": 0}
    return {
        "total": sum(line["amount"] for line in lines),
        "currency": "EUR",
        "lines": lines,
        "fare_family": family,
        "conditions": {
            "refundable": False,
            "cancel_before_departure": fee,
            "change_before_departure": fee,
            "seat_charges": CHARGES,
            **conditions,
        },
    }


def offer(family: str = "LIGHT", seat_charge: int = 0, **facts: Any) -> dict[str, Any]:
    """An offer."""
    return {
        "offer_id": f"offer-of-{family}-{seat_charge}",
        "expires_at": f"{DAY}T06:00:00Z",
        "flight_number": 1001,
        "cabin": "ECONOMY",
        "booking_class": "K",
        "fare_family": family,
        "price": price(seat_charge, family),
        **facts,
    }


def reservation(status: str = "CONFIRMED", **facts: Any) -> dict[str, Any]:
    """A reservation of Eva Berg in 1C."""
    passenger = {"passenger_id": 1, "seat_number": "1C", "type": "ADULT", "given_name": "Eva"}
    return {
        "id": ID,
        "record_locator": "2BMNWS",
        "status": status,
        "flight_number": 1001,
        "departure_date": DAY,
        "departs_at": f"{DAY}T06:40:00Z",
        "cabin": "ECONOMY",
        "amount": 8400,
        "currency": "EUR",
        "version": 3,
        "hold_expires_at": "2040-01-01T12:15:00Z",
        "created_at": "2040-01-01T12:00:00Z",
        "updated_at": "2040-01-01T12:00:00Z",
        "passengers": [{**passenger, "surname": "Berg", "ticket_number": None}],
        "price": price(900),
        **facts,
    }


def happened(*entries: str) -> dict[str, Any]:
    """A timeline of `entry: detail`."""
    told = [entry.partition(": ") for entry in entries]
    return {
        "results": [
            {"at": f"2040-01-01T12:00:0{number}Z", "entry": entry, "detail": detail}
            for number, (entry, _colon, detail) in enumerate(told)
        ]
    }


def problem(status: int, code: str, detail: str = "", **members: Any) -> tuple[int, Any]:
    """A refusal."""
    return status, {"type": f"{TYPE}{code}", "status": status, "detail": detail, **members}


Answer = tuple[int, Any]


@dataclass
class Api:
    """The public API. What is at a path is looked up without the query.

    `answers` are status and document by method and path; a function is given the request.
    """

    answers: dict[str, Answer | Callable[[Seen], Answer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = Service(self._drive)
        flight = f"/api/departures/1001/{DAY}"
        self.answers |= {
            "GET /api/departures": (200, {"results": [DEPARTURE]}),
            f"GET {flight}": (200, DEPARTURE),
            f"GET {flight}/seats": (200, {**DEPARTURE, "seats": deepcopy(SEATS)}),
            "POST /api/offers": offered,
        }

    def has(self, found: dict[str, Any], *entries: str, payment: Any = None) -> None:
        """It has this reservation, to which this has happened."""
        path = f"/api/reservations/{found['id']}"
        self.answers |= {
            f"GET {path}": (200, found),
            f"GET {path}/timeline": (200, happened(*entries)),
        }
        if payment:
            self.answers[f"GET /api/payments/{found['id']}"] = (200, payment)

    def sent(self, call: str) -> list[Seen]:
        """What came by a method to a path."""
        return [seen for seen in self.service.seen if _call(seen) == call]

    def body(self, call: str) -> Any:
        """What came last in a request."""
        return json.loads(self.sent(call)[-1].body)

    def _drive(self, exchange: Exchange) -> None:
        while seen := exchange.request():
            found = self.answers.get(_call(seen), problem(404, "unknown-reservation"))
            status, document = found(seen) if callable(found) else found
            exchange.answer(json.dumps(document).encode(), status=f"{status} Told")


def _call(seen: Seen) -> str:
    return f"{seen.method} {seen.target.partition('?')[0]}"


def offered(seen: Seen) -> Answer:
    """Offers of two families, with what a chosen seat costs; none with a seat that is not free."""
    asked = json.loads(seen.body)
    chosen = [one["seat_number"] for one in asked["passengers"] if "seat_number" in one]
    free = {one["seat_number"]: one for one in SEATS if one["status"] == "FREE"}
    if any(number not in free for number in chosen):
        return problem(409, "seat-unavailable")
    charge = sum(CHARGES[free[number]["position"]] for number in chosen)
    return 200, {"results": [offer("LIGHT", charge), offer("FLEX")]}
