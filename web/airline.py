"""The airline as the pages know it: its public API, asked in a visitor's name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from web.answers import (
    CancelationQuote,
    Departure,
    Entry,
    Offer,
    Payment,
    Reservation,
    SeatMap,
)
from web.gateway import Gateway, NoAnswer, Refused

T = TypeVar("T")

# As many as there may be: each of a day's departures has some families of fares.
MOST_OFFERS: Final = 20


class _Departures(msgspec.Struct):
    results: tuple[Departure, ...]


class _Offers(msgspec.Struct):
    results: tuple[Offer, ...]


class _Entries(msgspec.Struct):
    results: tuple[Entry, ...]


@dataclass(frozen=True)
class Airline:
    """Every method raises `NoAnswer` where nothing is to be had, `NotSignedIn` and `Refused`.

    Args:
        gateway: the way to the API.
        key: the visitor's API key or token; nothing, if they have not signed in.
    """

    gateway: Gateway
    key: str

    # What is flown

    def departures(
        self, *, origin: str, destination: str, day: date, seats: int
    ) -> tuple[Departure, ...]:
        """Those of a day that sell and have room, the earliest first."""
        query = {"origin": origin, "destination": destination, "date": day, "seats": seats}
        return self._get(f"/api/departures?{urlencode(query)}", _Departures).results

    def departure(self, flight_number: int, day: date) -> Departure:
        """One departure."""
        return self._get(f"/api/departures/{flight_number}/{day}", Departure)

    def seat_map(self, flight_number: int, day: date) -> SeatMap:
        """One departure with every seat as it is now."""
        return self._get(f"/api/departures/{flight_number}/{day}/seats", SeatMap)

    def offers(
        self,
        *,
        origin: str,
        destination: str,
        day: date,
        passengers: Sequence[Mapping[str, Any]],
        **narrowed: Any,
    ) -> tuple[Offer, ...]:
        """Prices, the cheapest first, one of each family of fares for each departure.

        Args:
            origin, destination: the airports.
            day: of departure, local to the origin.
            passengers: who is to fly, perhaps with seats.
            narrowed: which flight, which cabin.
        """
        body = {
            "origin": origin,
            "destination": destination,
            "departure_date": str(day),
            "passengers": list(passengers),
            "limit": MOST_OFFERS,
            **narrowed,
        }
        return self._post("/api/offers", body, _Offers).results

    # A reservation

    def reserve(self, body: Mapping[str, Any], *, once: str, is_hold: bool = False) -> Reservation:
        """Take the seats; sent again with the same `once`, it is the same reservation."""
        path = "/api/reservations?hold=true" if is_hold else "/api/reservations"
        return self._post(path, body, Reservation, {"Idempotency-Key": once})

    def reservation(self, reservation_id: str) -> Reservation:
        """The reservation as it is now."""
        return self._get(_path(reservation_id), Reservation)

    def find(self, locator: str, surname: str) -> Reservation:
        """The reservation that a passenger knows by its locator."""
        query = urlencode({"surname": surname})
        path = f"/api/reservations/by-locator/{quote(locator, safe='')}?{query}"
        return self._get(path, Reservation)

    def timeline(self, reservation_id: str) -> tuple[Entry, ...]:
        """What has happened to it, the oldest first."""
        return self._get(f"{_path(reservation_id)}/timeline", _Entries).results

    def payment(self, reservation_id: str) -> Payment | None:
        """What its card was asked for; nothing, as long as payment knows nothing of it."""
        try:
            return self._get(f"/api/payments/{quote(reservation_id, safe='')}", Payment)
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def pay(self, reservation_id: str, payment_token: str, *, once: str) -> Reservation:
        """Have what was only held paid for."""
        path, body = f"{_path(reservation_id)}/payment", {"payment_token": payment_token}
        return self._post(path, body, Reservation, {"Idempotency-Key": once})

    def take_seat(
        self, reservation_id: str, passenger_id: int, seat_number: str, *, version: int
    ) -> Reservation:
        """Give a passenger another seat, if the reservation still is as it was seen."""
        seats = [{"passenger_id": passenger_id, "seat_number": seat_number}]
        return self._ask(
            "PATCH",
            _path(reservation_id),
            Reservation,
            {"passengers": seats},
            {"If-Match": f'"{version}"'},
        )

    def quote_cancelation(self, reservation_id: str) -> CancelationQuote:
        """What would come back."""
        path = f"{_path(reservation_id)}/cancelation-quotes"
        return self._post(path, {}, CancelationQuote)

    def cancel(self, reservation_id: str, *, quote_id: str, version: int, once: str) -> Reservation:
        """Give it up, if it still is as it was seen, for what was quoted, if anything was."""
        body = {"quote_id": quote_id} if quote_id else {}
        headers = {"If-Match": f'"{version}"', "Idempotency-Key": once}
        return self._post(f"{_path(reservation_id)}/cancelation", body, Reservation, headers)

    # How it is asked

    def _get(self, path: str, of_type: type[T]) -> T:
        return self._ask("GET", path, of_type)

    def _post(
        self, path: str, body: object, of_type: type[T], headers: Mapping[str, str] | None = None
    ) -> T:
        return self._ask("POST", path, of_type, body, headers)

    def _ask(
        self,
        method: str,
        path: str,
        of_type: type[T],
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        answer = self.gateway.ask(method, path, self.key, body=body, headers=headers)
        try:
            return msgspec.json.decode(answer, type=of_type)
        except msgspec.MsgspecError as error:
            raise NoAnswer("The answer cannot be read.") from error


def _path(reservation_id: str) -> str:
    return f"/api/reservations/{quote(reservation_id, safe='')}"
