"""Things that tests of booking start from. The clock is `NOW`, far ahead of the host's."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from django.conf import settings
from django.core import signing
from django.db.models.functions import Now
from rest_framework.exceptions import APIException
from uuid_utils.compat import uuid7

from booking import services
from booking.models import (
    AircraftType,
    Airport,
    Cabin,
    Departure,
    Flight,
    Reservation,
    Saga,
    SchedulePeriod,
    Seat,
)
from booking.orchestrator import ANSWERED
from booking.selectors import Selection, Wanted
from booking.selectors.availability import selection
from booking.services import Traveler
from contracts.fare import FareQuoted, FareRefused
from contracts.offers import SALT, Offer, OfferedPassenger
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
)
from contracts.values import (
    Conditions,
    Passenger,
    PassengerType,
    Penalty,
    Price,
    PriceLine,
    Reason,
)

NOW: Final = datetime(2040, 1, 10, 12, 0, tzinfo=UTC)
FLIGHT_NUMBER: Final = 1001
PRICE: Final = 12900
NO_PENALTY: Final = Penalty(allowed=True)
CONDITIONS: Final = Conditions(
    refundable=True,
    cancel_before_departure=NO_PENALTY,
    cancel_after_departure=NO_PENALTY,
    change_before_departure=NO_PENALTY,
    change_after_departure=NO_PENALTY,
)


def airport(code: str = "ARN", zone: str = "Europe/Stockholm") -> Airport:
    """An airport; the one that is there already, if it is."""
    facts = {"name": code, "city": code, "country": "SE", "zone": zone}
    return Airport.objects.get_or_create(code=code, defaults=facts)[0]


def aircraft_type(rows: int = 30, letters: str = "ABC DEF", code: str = "32N") -> AircraftType:
    """An aircraft with one cabin from row 1 on; the one of that code, if it is there already."""
    made, is_new = AircraftType.objects.get_or_create(code=code, defaults={"name": code})
    if is_new:
        made.layouts.create(
            cabin=Cabin.ECONOMY, first_row=1, last_row=rows, letters=letters, exit_rows=[]
        )
    return made


def flight(
    number: int = FLIGHT_NUMBER,
    *,
    zone: str = "Europe/Stockholm",
    seat_rows: int = 30,
    seat_letters: str = "ABC DEF",
    **facts: Any,
) -> Flight:
    """A daily flight from Stockholm, or an airport in another zone, with seats 1A to 30F."""
    origin = "ARN" if zone == "Europe/Stockholm" else zone[-3:].upper()
    defaults = {
        "carrier": "ZQ",
        "origin": airport(origin, zone),
        "destination": airport("LHR", "Europe/London"),
        "list_prices": {"ECONOMY": PRICE},
        "currency": "EUR",
    }
    made = Flight.objects.create(number=number, **{**defaults, **facts})
    code = f"{seat_rows:02}{len(seat_letters)}"
    period(made, aircraft_type=aircraft_type(seat_rows, seat_letters, code))
    return made


def period(of: Flight, **facts: Any) -> SchedulePeriod:
    """A daily period of a flight, until further notice."""
    defaults = {
        "valid_from": date(2025, 1, 1),
        "days": "1234567",
        "departure_time": time(7, 40),
        "duration_minutes": 165,
    }
    if "aircraft_type" not in facts:
        defaults["aircraft_type"] = aircraft_type()
    return SchedulePeriod.objects.create(flight=of, **{**defaults, **facts})


def departure(
    of: Flight,
    *,
    in_days: int = 1,
    status: Departure.Status = Departure.Status.OPEN,
    seats: Iterable[str] = ("12A", "12B"),
) -> Departure:
    """A departure so many days after `NOW`, with free seats."""
    departs_at = NOW + timedelta(days=in_days)
    made = Departure.objects.create(
        flight=of,
        date=departs_at.date(),
        departs_at=departs_at,
        arrives_at=departs_at + timedelta(minutes=165),
        aircraft_type=aircraft_type(),
        status=status,
    )
    Seat.objects.bulk_create(
        Seat(departure=made, number=number, cabin=Cabin.ECONOMY) for number in seats
    )
    return made


def seat(number: str = "12A") -> Seat:
    """A free seat on the only departure of a new flight."""
    return departure(flight(), seats=[number]).seats.get()


def reserve(
    *, seat_number: str = "12A", passenger_id: int = 1, offered: bool = True, **facts: Any
) -> Reservation:
    """A PENDING reservation on the next departure of flight 1001, which is there already: at the
    list price, promised by an offer, or, if not `offered`, at what fare will say."""
    facts = {"travelers": [Traveler(passenger_id, seat_number)], **facts}
    return services.create_reservation(**asked(offered=offered, **facts))


def asked(*, offered: bool = True, **facts: Any) -> dict[str, Any]:
    """What `reserve` asks for."""
    wanted = {
        "customer_id": "trial",
        "flight_number": FLIGHT_NUMBER,
        "travelers": [Traveler(1, "12A")],
        "payment_token": "tok_approve",
        "now": NOW,
        **facts,
    }
    return {"offer_id": offer_for(wanted), **wanted} if offered else wanted


def offer_for(of: dict[str, Any]) -> str | None:
    """An offer of what a reservation asks for, on the departure that it would get; none, where it
    would be refused whatever it costs."""
    travelers = of["travelers"]
    numbers = tuple(one.seat_number for one in travelers if one.seat_number)
    wanted = Wanted(
        flight_number=of["flight_number"],
        numbers=numbers,
        unnamed=len(travelers) - len(numbers),
        cabin=of.get("cabin"),
        departure_date=of.get("departure_date"),
    )
    try:
        found = selection(wanted, now=of["now"])
    except APIException:
        return None
    booking_class = of.get("booking_class") or "Y"
    return signed(offer(found, travelers, now=of["now"], booking_class=booking_class))


def offer(found: Selection, travelers: Iterable[Traveler], *, now: datetime, **facts: Any) -> Offer:
    """An offer of a departure at its list price, for these travelers, for twenty minutes."""
    departure, flight = found.departure, found.departure.flight
    passengers = tuple(
        OfferedPassenger(
            passenger_id=one.passenger_id,
            type=cast("PassengerType", one.type_on(departure.date).value),
            seat_number=one.seat_number,
        )
        for one in travelers
    )
    amount = flight.list_price(found.cabin)
    known = {
        "expires_at": now + timedelta(minutes=20),
        "carrier": flight.carrier,
        "flight_number": flight.number,
        "origin": flight.origin_id,
        "destination": flight.destination_id,
        "departure_date": departure.date,
        "departs_at": departure.departs_at,
        "cabin": found.cabin,
        "booking_class": "Y",
        "passengers": passengers,
        "price": price([amount] * len(passengers), currency=flight.currency),
    }
    return Offer(**{**known, **facts})


def price(amounts: Iterable[int] = (PRICE,), currency: str = "EUR") -> Price:
    """A fare's price of so much for each passenger."""
    lines = tuple(
        PriceLine(kind="BASE", code="FARE", amount=amount, passenger_id=who)
        for who, amount in enumerate(amounts, 1)
    )
    return Price(
        total=sum(line.amount for line in lines),
        currency=currency,
        lines=lines,
        fare_basis="YFLEX",
        fare_family="FLEX",
        conditions=CONDITIONS,
    )


def signed(offered: Offer) -> str:
    """The id of an offer, as fare makes it."""
    told = msgspec.to_builtins(offered)
    return signing.dumps(told, key=signing_key(), salt=SALT, compress=True)


def signing_key() -> str:
    """The key of offers."""
    key: str = settings.OFFER_SIGNING_KEYS[0]
    return key


def take(numbers: str, *, of: Departure, owner: UUID | None = None) -> None:
    """Somebody takes these seats of a departure, such as "12A 12B"."""
    Seat.take(of, numbers.split(), owner=owner or uuid7())


def confirmed_reservation(**facts: Any) -> Reservation:
    """A CONFIRMED reservation for 12A, its flight and departure made with it."""
    departure(flight())
    return confirm(reserve(**facts))


def confirm(reservation: Reservation) -> Reservation:
    """The reservation after payment's yes, and fare's price before it, if that is waited for."""
    if Saga.objects.filter(live=reservation.pk, step="QUOTING").exists():
        quote(reservation)
    services.signal_saga(authorized(reservation.pk), now=NOW)
    reservation.refresh_from_db()
    return reservation


def answer(kind: type[PaymentEvent], saga: Saga, **facts: Any) -> PaymentEvent:
    """Payment's answer to what a saga has asked for."""
    known = {
        "reservation_id": saga.reservation_id,
        "saga_id": saga.pk,
        "operation_number": getattr(saga, ANSWERED[kind]),
        "authorization_number": saga.authorization_number,
        "amount": saga.refund_amount if kind is PaymentRefunded else saga.amount,
        "currency": saga.reservation.currency,
        "reason": Reason(code="not_possible"),
    }
    fields = {field.name for field in msgspec.structs.fields(kind)}
    return kind(**{name: value for name, value in {**known, **facts}.items() if name in fields})


def tell(kind: type[PaymentEvent], reservation: Reservation, **facts: Any) -> Saga:
    """Payment gives an answer to a reservation's newest saga; the saga after it."""
    newest = Saga.objects.filter(reservation=reservation).latest("id")
    services.signal_saga(answer(kind, newest, **facts), now=NOW)
    newest.refresh_from_db()
    reservation.refresh_from_db()
    return newest


def quoted(reservation: Reservation, **facts: Any) -> FareQuoted:
    """Fare's price for a reservation: the list price, if not said."""
    known = {
        "reservation_id": reservation.pk,
        "saga_id": saga_of(reservation.pk),
        "booking_class": "Y",
        "price": price([reservation.amount], reservation.currency),
    }
    return FareQuoted(**{**known, **facts})


def refused(reservation: Reservation, **facts: Any) -> FareRefused:
    """Fare's refusal of a reservation."""
    known = {
        "reservation_id": reservation.pk,
        "saga_id": saga_of(reservation.pk),
        "reason": Reason(code="class_closed", text="YFLEX has 0 seats left in class Y."),
    }
    return FareRefused(**{**known, **facts})


def quote(reservation: Reservation, **facts: Any) -> Reservation:
    """The reservation once fare has told its price."""
    services.signal_saga(quoted(reservation, **facts), now=NOW)
    reservation.refresh_from_db()
    return reservation


def ticketed_reservation(**facts: Any) -> Reservation:
    """A CONFIRMED reservation for 12A that is charged and has its ticket."""
    reservation = confirmed_reservation(**facts)
    tell(PaymentCaptured, reservation)
    return reservation


def fare_price(amount: int = PRICE, **conditions: Any) -> Price:
    """What a fare costs, of which 15.00 are taxes and 14.00 charges. Not refundable, canceled for
    nothing and changed for 30.00 before the departure, if not said."""
    lines = {"BASE": ("FARE", amount - 2900), "TAX": ("GB", 1500), "CHARGE": ("YQ", 1400)}
    facts = {
        "refundable": False,
        "cancel_before_departure": Penalty(allowed=True),
        "cancel_after_departure": Penalty(allowed=False),
        "change_before_departure": Penalty(allowed=True, fee=3000),
        "change_after_departure": Penalty(allowed=False),
    }
    return Price(
        total=amount,
        currency="EUR",
        lines=tuple(
            PriceLine(kind=cast("Any", kind), code=code, amount=part)
            for kind, (code, part) in lines.items()
        ),
        fare_basis="KLIGHT",
        fare_family="LIGHT",
        conditions=Conditions(**{**facts, **conditions}),
    )


def passengers(*ids: int) -> tuple[Passenger, ...]:
    """Adults without chosen seats, as events describe them."""
    return tuple(Passenger(passenger_id=one, type="ADULT") for one in ids)


def at_list_price(reservation: Reservation) -> Reservation:
    """The reservation as it was sold before fare was asked for prices."""
    Reservation.objects.filter(pk=reservation.pk).update(quoted_price=None)
    reservation.refresh_from_db()
    return reservation


def at_a_fare(reservation: Reservation, **conditions: Any) -> Reservation:
    """The reservation as fare has priced it, at what it costs."""
    price = msgspec.to_builtins(fare_price(reservation.amount, **conditions))
    Reservation.objects.filter(pk=reservation.pk).update(quoted_price=price, booking_class="K")
    reservation.refresh_from_db()
    return reservation


def bought(seats: str = "12A", **conditions: Any) -> Reservation:
    """A reservation that is charged, and has its tickets, at a fare's price; the flight's next two
    days have as many free seats besides."""
    flown = flight()
    numbers = ["12A", "12B", "12C", "14A", "14B", "14C"]
    for day in (1, 2, 3):
        departure(flown, in_days=day, seats=numbers)
    travelers = [Traveler(who, number) for who, number in enumerate(seats.split(), 1)]
    made = at_a_fare(reserve(travelers=travelers), **conditions)
    tell(PaymentAuthorized, made)
    tell(PaymentCaptured, made)
    return made


def make_due(*reservations: Reservation) -> None:
    """The holds of these, or of all, have run out on the database's clock."""
    sagas = Saga.objects.exclude(live=None)
    if reservations:
        sagas = sagas.filter(reservation__in=reservations)
    sagas.update(deadline_at=Now() - timedelta(seconds=1))


def pending_reservation() -> Reservation:
    """A PENDING reservation for 12A, its flight and departure made with it."""
    departure(flight())
    return reserve()


def row(of: Departure, **facts: Any) -> Reservation:
    """A reservation's row by itself, in any status, without seat, saga or events."""
    defaults = {
        "customer_id": "trial",
        "passenger_id": 1,
        "flight_number": of.flight.number,
        "seat_number": "12A",
        "cabin": Cabin.ECONOMY,
        "amount": PRICE,
        "currency": "EUR",
        "hold_expires_at": NOW + timedelta(minutes=15),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Reservation.objects.create(departure=of, **{**defaults, **facts})


def saga_of(reservation_id: UUID | None) -> UUID:
    """The saga that runs, or ran, for a reservation; any id where there is none."""
    saga = Saga.objects.filter(reservation_id=reservation_id).first() if reservation_id else None
    return saga.pk if saga else uuid7()


def authorized(reservation_id: UUID | None = None) -> PaymentAuthorized:
    """Payment's yes to the first operation."""
    return PaymentAuthorized(
        reservation_id=reservation_id or uuid7(),
        saga_id=saga_of(reservation_id),
        operation_number=1,
        amount=amount_of(reservation_id),
        currency="EUR",
    )


def amount_of(reservation_id: UUID | None) -> int:
    """What a reservation costs; one seat's price where there is none."""
    if reservation_id is None:
        return PRICE
    return Reservation.objects.get(pk=reservation_id).amount


def declined(reservation_id: UUID | None = None) -> PaymentDeclined:
    """Payment's no to the first operation."""
    return PaymentDeclined(
        reservation_id=reservation_id or uuid7(),
        saga_id=saga_of(reservation_id),
        operation_number=1,
        reason=Reason(code="card_declined"),
    )
