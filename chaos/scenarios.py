"""What clients do: each scenario is one story of one customer."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any, Final

from chaos.client import LOOK_SECONDS, WAIT_SECONDS, Client, GivenUp
from chaos.evidence import Request

FLIGHT: Final = 1001
ROUTE: Final = MappingProxyType({"origin": "ARN", "destination": "LHR"})
LETTERS: Final = "ABCDEF"
ROWS: Final = range(3, 31)
HOT_ROWS: Final = range(1, 3)
FIRST_DAY, LAST_DAY, HOT_DAY = 3, 25, 26
FLEXIBLE: Final = "Y"  # the class whose fare is given back and changed for nothing

DECLINED: Final = ("tok_decline", "tok_insufficient_funds", "tok_expired_card")
LOST: Final = (
    *("tok_timeout_approve", "tok_timeout_decline", "tok_follow_ups_timeout", "tok_down"),
)
LATE: Final = ("tok_late_approve", "tok_3ds_timeout", "tok_duplicate_webhook")


class Customer:
    """Somebody who books, through a client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.chance = client.chance
        self._numbers: Iterator[int] = count(client.number * 1_000_000 + 10, 10)
        self._scenario = ""

    def live_through(self, scenario: "Scenario") -> None:
        """One scenario, as far as it goes."""
        self._scenario = scenario.__name__
        try:
            scenario(self)
        except GivenUp:
            return

    # Asking

    def reserve(self, *, hold: bool = False, number: int = 0, **changes: Any) -> Request:
        """Ask for a reservation, for the next passenger, or for the one with a number.

        Raises:
            GivenUp: it was refused, or there was no definite answer.
        """
        number = number or next(self._numbers)
        body = {"passenger_id": number, "flight_number": FLIGHT, **changes}
        if "passengers" in body:
            body |= {"passengers": [_numbered(one, number) for one in body["passengers"]]}
            del body["passenger_id"]
        path = "/api/reservations" + ("?hold=true" if hold else "")
        return _done(self.client.ask(self._request("reserve", number), path, body))

    def order(self, about: Request, what: str, path: str, **body: Any) -> Request:
        """Ask for something to be done with a reservation, whatever its version.

        Raises:
            GivenUp: it was refused, or there was no definite answer.
        """
        request = self._request(what, about.number, about.reservation)
        where = f"/api/reservations/{about.reservation}/{path}"
        return _done(self.client.ask(request, where, body, if_match="*"))

    def cancel(self, about: Request, quote: Mapping[str, Any]) -> None:
        """Cancel as it was quoted."""
        request = self._request("cancel", about.number, about.reservation, quote["charged"])
        where = f"/api/reservations/{about.reservation}/cancelation"
        self.client.ask(request, where, {"quote_id": quote["quote_id"]}, if_match="*")

    def sit(self, about: Request, seat: str) -> None:
        """Take another seat. It has no key, and so it is asked for once."""
        request = self._request("seats", about.number, about.reservation)
        where = f"/api/reservations/{about.reservation}"
        self.client.ask(request, where, {"seat_number": seat}, method="PATCH", if_match="*")

    def offer(self, seat: str) -> Mapping[str, Any]:
        """An offer, for the next passenger.

        Raises:
            GivenUp: there is none.
        """
        number = next(self._numbers)
        body = {
            **ROUTE,
            "departure_date": self.day(),
            "passengers": [{"passenger_id": number, "seat_number": seat}],
        }
        asked = _done(self.client.ask(self._request("offer", number), "/api/offers", body))
        if not asked.told["results"]:
            raise GivenUp
        return {**asked.told["results"][0], "number": number}

    def await_confirmation(self, about: Request) -> None:
        """Wait for the tickets.

        Raises:
            GivenUp: it did not come to that in time.
        """
        give_up = time.monotonic() + WAIT_SECONDS
        path = f"/api/reservations/{about.reservation}"
        while time.monotonic() < give_up and not self.client.is_over():
            seen = self.client.look(about, path)
            if seen.status == 200 and _is_ticketed(seen.json()):
                return
            if seen.status == 200 and seen.json()["status"] not in ("PENDING", "CONFIRMED"):
                raise GivenUp
            time.sleep(LOOK_SECONDS)
        raise GivenUp

    def _request(
        self, what: str, number: int, reservation: str = "", agreed: int | None = None
    ) -> Request:
        return Request(
            self.client.number, self._scenario, what, number, reservation, (), agreed=agreed
        )

    # Choosing

    def day(self) -> str:
        """A day on which the flight is flown."""
        return _day(self.chance.randint(FIRST_DAY, LAST_DAY))

    def seat(self) -> str:
        """A seat that few others want."""
        return f"{self.chance.choice(ROWS)}{self.chance.choice(LETTERS)}"


def _numbered(passenger: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {**passenger, "passenger_id": number + passenger["passenger_id"]}


def _done(request: Request) -> Request:
    if not request.is_done:
        raise GivenUp
    return request


def _is_ticketed(reservation: Mapping[str, Any]) -> bool:
    return all(one["ticket_number"] for one in reservation["passengers"])


def _day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


# The scenarios


def single(customer: Customer) -> None:
    """One passenger, on whichever day the seat is free."""
    customer.reserve(seat_number=customer.seat())


def group(customer: Customer) -> None:
    """Two to five, some of whom get mails of their own."""
    size = customer.chance.randint(2, 5)
    passengers = [
        {"passenger_id": one, "surname": "Berg", **_mail(customer, one)} for one in range(size)
    ]
    contact = {"email": f"group-{customer.client.number}@example.test", "language": "sv"}
    customer.reserve(passengers=passengers, departure_date=customer.day(), contact=contact)


def _mail(customer: Customer, one: int) -> dict[str, str]:
    own = customer.chance.random() < 0.5
    return {"email": f"berg-{customer.client.number}-{one}@example.test"} if own else {}


def collision(customer: Customer) -> None:
    """A seat that all clients want."""
    seat = f"{customer.chance.choice(HOT_ROWS)}{customer.chance.choice(LETTERS)}"
    made = customer.reserve(seat_number=seat, departure_date=_day(HOT_DAY))
    time.sleep(customer.chance.uniform(0, 2))
    customer.order(made, "cancel", "cancelation")  # refused, once it is confirmed


def decline(customer: Customer) -> None:
    """A card that is refused."""
    token = customer.chance.choice(DECLINED)
    customer.reserve(seat_number=customer.seat(), payment_token=token)


def lost_answer(customer: Customer) -> None:
    """A processor that is not to be reached, or whose answer gets lost."""
    customer.reserve(seat_number=customer.seat(), payment_token=customer.chance.choice(LOST))


def late_answer(customer: Customer) -> None:
    """A processor that takes its time."""
    customer.reserve(seat_number=customer.seat(), payment_token=customer.chance.choice(LATE))


def uncharged(customer: Customer) -> None:
    """A card that is authorized, and then cannot be charged."""
    customer.reserve(seat_number=customer.seat(), payment_token="tok_capture_decline")  # noqa: S106


def second_thoughts(customer: Customer) -> None:
    """Given up at once, while the answers are under way."""
    made = customer.reserve(seat_number=customer.seat(), payment_token="tok_late_approve")  # noqa: S106
    customer.order(made, "cancel", "cancelation")


def cancelation(customer: Customer) -> None:
    """Bought, then given up at the price that was quoted."""
    made = customer.reserve(seat_number=customer.seat(), booking_class=FLEXIBLE)
    customer.await_confirmation(made)
    quote = customer.order(made, "quote", "cancelation-quotes")
    customer.cancel(made, quote.told)


def change(customer: Customer) -> None:
    """Bought, then changed to another day, and in half of the cases given up after all."""
    made = customer.reserve(seat_number=customer.seat(), booking_class=FLEXIBLE)
    customer.await_confirmation(made)
    quote = customer.order(made, "quote", "change-quotes", departure_date=customer.day())
    token = customer.chance.choice(("tok_approve", *LATE, "tok_decline"))
    card = {"payment_token": token} if quote.told["charged"] else {}
    customer.order(made, "change", "change", quote_id=quote.told["quote_id"], **card)
    if customer.chance.random() < 0.5:
        quote = customer.order(made, "quote", "cancelation-quotes")
        customer.cancel(made, quote.told)


def expiry(customer: Customer) -> None:
    """Held, and forgotten."""
    customer.reserve(hold=True, seat_number=customer.seat())


def payment_later(customer: Customer) -> None:
    """Held, then paid for."""
    made = customer.reserve(hold=True, seat_number=customer.seat())
    time.sleep(customer.chance.uniform(0, 3))
    customer.order(made, "pay", "payment", payment_token="tok_approve")  # noqa: S106


def other_seat(customer: Customer) -> None:
    """Bought, then moved to another seat."""
    made = customer.reserve(seat_number=customer.seat(), booking_class=FLEXIBLE)
    customer.await_confirmation(made)
    customer.sit(made, customer.seat())


def offered(customer: Customer) -> None:
    """Bought at the price of an offer."""
    seat = customer.seat()
    offer = customer.offer(seat)
    customer.reserve(offer_id=offer["offer_id"], number=offer["number"], seat_number=seat)


Scenario = Callable[[Customer], None]
SCENARIOS: Final[tuple[Scenario, ...]] = (
    single,
    group,
    collision,
    decline,
    lost_answer,
    late_answer,
    uncharged,
    second_thoughts,
    cancelation,
    change,
    expiry,
    payment_later,
    other_seat,
    offered,
)
