"""Things that tests of notification start from."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.booking import (
    PassengerContactGiven,
    ReservationCanceled,
    ReservationChanged,
    ReservationChangeRejected,
    ReservationConfirmed,
    ReservationEvent,
    ReservationExpired,
    ReservationRejected,
    TicketsIssued,
)
from contracts.values import (
    Contact,
    Itinerary,
    Passenger,
    PassengerContact,
    Price,
    PriceLine,
    Reason,
    ReservationSummary,
    Seat,
    Settlement,
    Ticket,
)
from notification import services
from notification.models import Delivery, Endpoint

NOW: Final = datetime(2020, 1, 10, 12, 0, tzinfo=UTC)  # long ago: what was recorded then is due
ADDRESS: Final = "eva@example.test"
LOCATOR: Final = "2BMNWS"

# Values


def itinerary(**changes: Any) -> Itinerary:
    """Stockholm to London, in winter: one hour ahead of UTC, and none."""
    return Itinerary(
        **{
            "carrier": "ZQ",
            "flight_number": 1001,
            "origin": "ARN",
            "destination": "LHR",
            "departure_date": date(2040, 1, 10),
            "departs_at": datetime(2040, 1, 10, 6, 40, tzinfo=UTC),
            "arrives_at": datetime(2040, 1, 10, 9, 25, tzinfo=UTC),
            "origin_zone": "Europe/Stockholm",
            "destination_zone": "Europe/London",
            "cabin": "ECONOMY",
            **changes,
        }
    )


PASSENGERS: Final = (
    Passenger(passenger_id=1, type="ADULT", seat=Seat(number="12A")),
    Passenger(passenger_id=2, type="CHILD", seat=Seat(number="12B")),
)


def price() -> Price:
    """129.00 euros in two lines."""
    lines = (
        PriceLine(kind="BASE", code="FARE", amount=11000, passenger_id=1),
        PriceLine(kind="TAX", code="GB", amount=1900, passenger_id=1),
    )
    return Price(total=12900, currency="EUR", lines=lines, fare_basis="KLIGHT")


def summary(**changes: Any) -> ReservationSummary:
    """Two passengers to London."""
    return ReservationSummary(
        **{
            "record_locator": LOCATOR,
            "customer_id": "trial",
            "passengers": PASSENGERS,
            "itinerary": itinerary(),
            **changes,
        }
    )


MORE: Final[dict[type[ReservationEvent], dict[str, Any]]] = {
    ReservationConfirmed: {"price": price()},
    ReservationRejected: {"reason": Reason(code="card_declined", text="The card was declined.")},
    ReservationExpired: {"hold_expires_at": NOW},
    ReservationCanceled: {
        "reason": Reason(code="customer"),
        "settlement": Settlement(currency="EUR", charged=2900, refunded=10000),
    },
    ReservationChanged: {
        "previous_itinerary": itinerary(flight_number=1003),
        "previous_passengers": PASSENGERS,
        "price": price(),
    },
    ReservationChangeRejected: {
        "wanted": itinerary(flight_number=1005),
        "reason": Reason(code="no_fare"),
    },
    TicketsIssued: {
        "tickets": (
            Ticket(number="0000000000011", passenger_id=1),
            Ticket(number="0000000000022", passenger_id=2),
        ),
        "price": price(),
    },
}


def event(
    kind: type[ReservationEvent] = ReservationConfirmed,
    reservation_id: UUID | None = None,
    **changes: Any,
) -> ReservationEvent:
    """Something that happened to a reservation."""
    facts = {"reservation": summary(), **MORE[kind], **changes}
    return kind(reservation_id=reservation_id or uuid7(), **facts)


def given(
    reservation_id: UUID | None = None,
    *,
    email: str | None = ADDRESS,
    language: str = "en",
    passengers: tuple[PassengerContact, ...] = (),
) -> PassengerContactGiven:
    """Whom to tell."""
    return PassengerContactGiven(
        reservation_id=reservation_id or uuid7(),
        contact=Contact(email=email, language=language, given_name="Eva", surname="Berg"),
        passengers=passengers,
    )


def passenger(number: int, email: str | None = None, name: str = "Bo") -> PassengerContact:
    """Who flies."""
    return PassengerContact(passenger_id=number, given_name=name, surname="Berg", email=email)


# Rows


def delivery(
    kind: type[ReservationEvent] = ReservationConfirmed,
    *,
    event_id: UUID | None = None,
    changes: dict[str, Any] | None = None,
    **contact: Any,
) -> Delivery:
    """A mail that is due, to a contact that was given before."""
    known = given(**contact)
    services.note_contact(known, now=NOW)
    told = event(kind, known.reservation_id, **(changes or {}))
    services.record_event(told, event_id=event_id or uuid7(), now=NOW)
    return Delivery.objects.get(
        reservation_id=known.reservation_id, channel="EMAIL", recipient="contact"
    )


def endpoint(url: str = "https://partner.example.test/hook", **facts: Any) -> Endpoint:
    """Where a partner gets webhooks."""
    return Endpoint.objects.create(url=url, created_at=NOW, **facts)


def webhook(to: Endpoint, kind: type[ReservationEvent] = ReservationConfirmed) -> Delivery:
    """A webhook that is due; nobody else is told of the event."""
    told = event(kind)
    services.record_event(told, event_id=uuid7(), now=NOW)
    Delivery.objects.filter(reservation_id=told.reservation_id, channel="EMAIL").delete()
    return Delivery.objects.get(reservation_id=told.reservation_id, endpoint=to)


def make_due() -> None:
    """Do what waiting does."""
    Delivery.objects.filter(status="PENDING").update(next_attempt_at=NOW)
