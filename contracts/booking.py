"""Events that booking publishes."""

from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from contracts.base import Event
from contracts.values import (
    Contact,
    Currency,
    CustomerId,
    Itinerary,
    Moment,
    OperationNumber,
    PassengerContact,
    Passengers,
    PaymentAmount,
    Price,
    Reason,
    ReservationSummary,
    SeatsSold,
    Settlement,
    Ticket,
)

TOPIC = "booking.events"


class BookingEvent(Event, frozen=True, kw_only=True):
    """A fact that booking knows first."""

    topic: ClassVar[str] = TOPIC
    source: ClassVar[str] = "booking"


# The life of a reservation


class ReservationEvent(BookingEvent, frozen=True, kw_only=True):
    """Something happened to a reservation; `reservation` is what it has become."""

    reservation: ReservationSummary


class ReservationCreated(ReservationEvent, frozen=True, kw_only=True):
    """Seats are held for a customer; the reservation is PENDING.

    Nobody has to react. `price` is absent while the fare is still to be quoted.
    """

    type: ClassVar[str] = "booking.ReservationCreated.v1"

    price: Price | None = None
    hold_expires_at: Moment


class PassengerContactGiven(BookingEvent, frozen=True, kw_only=True):
    """Whom to tell about the reservation: the only event with personal data.

    Notification keeps it, instead of what was given before, until retention or a request to be
    forgotten erases it.
    """

    type: ClassVar[str] = "booking.PassengerContactGiven.v1"
    secret: ClassVar[frozenset[str]] = frozenset({"contact", "passengers"})
    handled_by: ClassVar[tuple[str, ...]] = ("notification",)

    contact: Contact
    passengers: Annotated[tuple[PassengerContact, ...], msgspec.Meta(max_length=9)] = ()


class ReservationConfirmed(ReservationEvent, frozen=True, kw_only=True):
    """The card is authorized and the seats are sold.

    Notification tells the customer; payment reconciles with what is owed, the price.
    """

    type: ClassVar[str] = "booking.ReservationConfirmed.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification", "payment")

    price: Price


class ReservationRejected(ReservationEvent, frozen=True, kw_only=True):
    """The fare was refused or the card declined; the seats are free again.

    Notification tells the customer; to payment nothing is owed any more.
    """

    type: ClassVar[str] = "booking.ReservationRejected.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification", "payment")

    reason: Reason


class ReservationExpired(ReservationEvent, frozen=True, kw_only=True):
    """The hold ran out before the card was authorized; the seats are free again.

    Notification tells the customer; to payment nothing is owed any more.
    """

    type: ClassVar[str] = "booking.ReservationExpired.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification", "payment")

    hold_expires_at: Moment


class ReservationCanceled(ReservationEvent, frozen=True, kw_only=True):
    """A reservation is given up; the seats are free again.

    The code of the reason says by whom or what: customer, departure_canceled, capture_refused.
    `settlement` is absent where the reservation was never confirmed: nothing is owed then.
    Notification tells the customer; to payment the settlement's charge is what is owed.
    """

    type: ClassVar[str] = "booking.ReservationCanceled.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification", "payment")

    reason: Reason
    settlement: Settlement | None = None


class ReservationChanged(ReservationEvent, frozen=True, kw_only=True):
    """The reservation has another departure, or other seats.

    `previous_itinerary` and `previous_passengers` are what it had; `settlement` is absent where
    the change cost nothing, `price` while the fare is still to be quoted. Notification tells the
    customer; to payment the price is what is owed.
    """

    type: ClassVar[str] = "booking.ReservationChanged.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification", "payment")

    previous_itinerary: Itinerary
    previous_passengers: Passengers
    price: Price | None = None
    settlement: Settlement | None = None


class ReservationChangeRejected(ReservationEvent, frozen=True, kw_only=True):
    """A change that was asked for did not come about; the reservation is as it was.

    Notification tells the customer.
    """

    type: ClassVar[str] = "booking.ReservationChangeRejected.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification",)

    wanted: Itinerary
    reason: Reason


class TicketsIssued(ReservationEvent, frozen=True, kw_only=True):
    """The money is captured and every passenger has a ticket.

    Notification sends itinerary, tickets and receipt.
    """

    type: ClassVar[str] = "booking.TicketsIssued.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("notification",)

    tickets: Annotated[tuple[Ticket, ...], msgspec.Meta(min_length=1, max_length=9)]
    price: Price


# What booking asks of the others


class FareQuoteRequested(BookingEvent, frozen=True, kw_only=True):
    """Booking asks what a reservation costs; all that fare's rules need is here.

    Fare answers once with FareQuoted or FareRefused, which carry the `saga_id` back.
    `asked_at` is the moment of the sale. `seats_sold` counts those of the departure's cabin that
    are held or sold, without this reservation's. A passenger has a `seat` here where the customer
    chose it: a seat that was given costs nothing. The itinerary's `booking_class` is the one that
    the customer wants, without which any will do; `currency` what they want to pay in, without
    which it is the origin's.
    """

    type: ClassVar[str] = "booking.FareQuoteRequested.v1"
    handled_by: ClassVar[tuple[str, ...]] = ("fare",)

    saga_id: UUID
    asked_at: Moment
    itinerary: Itinerary
    passengers: Passengers
    seats_sold: SeatsSold
    currency: Currency | None = None


class PaymentRequested(BookingEvent, frozen=True, kw_only=True):
    """Booking asks for something to be done with the customer's card.

    `operation_number` makes the request: repeated under its number it is the same one. The answer
    carries it and the `saga_id`, the saga that asked, back.
    """

    handled_by: ClassVar[tuple[str, ...]] = ("payment",)

    saga_id: UUID
    operation_number: OperationNumber
    amount: PaymentAmount
    currency: Currency


class FollowUpRequested(PaymentRequested, frozen=True, kw_only=True):
    """A request about an authorization that was asked for under `authorization_number`."""

    authorization_number: OperationNumber


class PaymentAuthorizeRequested(PaymentRequested, frozen=True, kw_only=True):
    """Booking asks for the amount to be reserved on the customer's card.

    Payment answers with PaymentAuthorized or PaymentDeclined. `payment_token` is the processor's
    token for the card, never the card's number. Payment shows the customer what was paid.
    """

    type: ClassVar[str] = "booking.PaymentAuthorizeRequested.v1"
    secret: ClassVar[frozenset[str]] = frozenset({"payment_token"})

    payment_token: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="Not a card number")
    ]
    customer_id: CustomerId | None = None


class PaymentCaptureRequested(FollowUpRequested, frozen=True, kw_only=True):
    """Booking asks for an authorized amount, or a part of it, to be charged.

    Payment answers with PaymentCaptured or PaymentCaptureFailed.
    """

    type: ClassVar[str] = "booking.PaymentCaptureRequested.v1"


class PaymentVoidRequested(FollowUpRequested, frozen=True, kw_only=True):
    """Booking asks for an authorization to be given up, whatever has become of it.

    Amount and currency are the authorization's. Payment answers with PaymentVoided or
    PaymentVoidFailed. An authorization that is made later all the same is voided, too.
    """

    type: ClassVar[str] = "booking.PaymentVoidRequested.v1"


class PaymentRefundRequested(FollowUpRequested, frozen=True, kw_only=True):
    """Booking asks for the amount, captured on the authorization, to be given back.

    Payment answers with PaymentRefunded or PaymentRefundFailed.
    """

    type: ClassVar[str] = "booking.PaymentRefundRequested.v1"
