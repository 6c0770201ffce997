"""Mails: an event and its contact become a message, in the contact's language."""

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Final, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from contracts.booking import (
    ReservationCanceled,
    ReservationChanged,
    ReservationChangeRejected,
    ReservationConfirmed,
    ReservationEvent,
    ReservationExpired,
    ReservationRejected,
    TicketsIssued,
)
from contracts.values import Itinerary, PriceLine
from notification.calendars import entry
from notification.links import unsubscribe_link
from notification.models import OPTIONAL, Contact, Delivery
from notification.models.contact import Addressee
from notification.presenting import language_for, local_time, money
from outbox import registry

# The folder's templates of a kind of event: <name>.subject.txt and <name>.lead.txt.
TEMPLATES: Final = {
    ReservationConfirmed.type: "confirmed",
    ReservationRejected.type: "rejected",
    ReservationExpired.type: "expired",
    ReservationCanceled.type: "canceled",
    ReservationChanged.type: "changed",
    ReservationChangeRejected.type: "change_rejected",
    TicketsIssued.type: "tickets",
}
WITH_ENTRY: Final = (TicketsIssued, ReservationChanged, ReservationCanceled)


@dataclass(frozen=True)
class Letter:
    """One mail that is being written.

    Args:
        delivery: what it is sent for.
        event: what happened.
        contact: whose reservation.
        addressee: whom it goes to.
    """

    delivery: Delivery
    event: ReservationEvent
    contact: Contact
    addressee: Addressee

    @classmethod
    def to(cls, delivery: Delivery, contact: Contact, addressee: Addressee) -> "Letter":
        """The mail of a delivery."""
        event = registry.decode(delivery.event_type, delivery.payload.encode())
        return cls(delivery, cast("ReservationEvent", event), contact, addressee)

    @property
    def language(self) -> str:
        """What it is written in."""
        return language_for(self.addressee.language)

    def message(self) -> EmailMultiAlternatives:
        """The mail, as text and as HTML, with its attachments.

        Whatever a template raises comes through.
        """
        with translation.override(self.language):
            context = self._context()
            context["subject"] = subject = self._rendered("subject.txt", context)
            context["lead"] = self._rendered("lead.txt", context)
            made = EmailMultiAlternatives(
                subject,
                render_to_string("notification/message.txt", context),
                settings.DEFAULT_FROM_EMAIL,
                [self.addressee.address],
                headers=self._headers(context["unsubscribe_link"]),
            )
            made.attach_alternative(
                render_to_string("notification/message.html", context), "text/html"
            )
            self._attach(made, context)
        return made

    def _rendered(self, part: str, context: dict[str, Any]) -> str:
        name = TEMPLATES[self.delivery.event_type]
        return render_to_string(f"notification/{name}.{part}", context).strip()

    def _headers(self, link: str) -> dict[str, str]:
        """The same at every attempt, so that a mail server or a reader can tell a repetition."""
        domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
        return {
            "Message-ID": f"<{self.delivery.message_id}@{domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: out-of-office programs keep silent
            # RFC 8058: a mail program's own button posts there.
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def _attach(self, made: EmailMultiAlternatives, context: dict[str, Any]) -> None:
        event, locator = self.event, self.event.reservation.record_locator
        if isinstance(event, WITH_ENTRY):
            is_canceled = isinstance(event, ReservationCanceled)
            file = entry(
                event.reservation_id,
                event.reservation.itinerary,
                summary=f"{context['flight']['number']} {context['flight']['route']}",
                is_canceled=is_canceled,
                at=self.delivery.created_at,
            )
            made.attach(f"{locator}.ics", file.decode(), "text/calendar")
        if isinstance(event, TicketsIssued):
            receipt = render_to_string("notification/receipt.html", context)
            made.attach(f"{locator}.html", receipt, "text/html")

    # What templates are given

    def _context(self) -> dict[str, Any]:
        event, language = self.event, self.language
        price, settlement = getattr(event, "price", None), getattr(event, "settlement", None)
        told: dict[str, Any] = {
            "language": language,
            "name": self.addressee.name,
            "locator": event.reservation.record_locator,
            "flight": self._flight(event.reservation.itinerary),
            "travelers": self._travelers(),
            "reason": getattr(event, "reason", None),
            "is_optional": OPTIONAL[self.delivery.event_type],
            "unsubscribe_link": unsubscribe_link(self.addressee.address),
            "at": local_time(self.delivery.created_at, "UTC", language=language),
        }
        if isinstance(event, ReservationChanged):
            told["previous"] = self._flight(event.previous_itinerary)
        if isinstance(event, ReservationChangeRejected):
            told["wanted"] = self._flight(event.wanted)
        if price:
            told["price"] = {
                "lines": [self._line(line, price.currency) for line in price.lines],
                "total": money(price.total, price.currency, language=language),
                "fare_basis": price.fare_basis,
            }
        if settlement:
            told["charged"] = money(settlement.charged, settlement.currency, language=language)
            told["refunded"] = money(settlement.refunded, settlement.currency, language=language)
        return told

    def _flight(self, itinerary: Itinerary) -> dict[str, str]:
        """A flight in local times; where the destination's zone is not known, in UTC, said so."""
        arrival_zone = itinerary.destination_zone or "UTC"
        departs = local_time(itinerary.departs_at, itinerary.origin_zone, language=self.language)
        arrives = local_time(itinerary.arrives_at, arrival_zone, language=self.language)
        return {
            "number": f"{itinerary.carrier}{itinerary.flight_number}",
            "origin": itinerary.origin,
            "destination": itinerary.destination,
            "route": f"{itinerary.origin}-{itinerary.destination}",
            "departs": departs,
            "arrives": arrives if itinerary.destination_zone else f"{arrives} UTC",
            "cabin": itinerary.cabin,
        }

    def _travelers(self) -> list[dict[str, str]]:
        """Who flies, in which seat, with which ticket; by number, where no name was given."""
        names = self.contact.names()
        tickets = {one.passenger_id: one.number for one in getattr(self.event, "tickets", ())}
        return [
            {
                "name": names.get(one.passenger_id, f"#{one.passenger_id}"),
                "seat": one.seat.number if one.seat else "",
                "ticket": tickets.get(one.passenger_id, ""),
            }
            for one in self.event.reservation.passengers
        ]

    def _line(self, line: PriceLine, currency: str) -> dict[str, str]:
        return {
            "kind": line.kind,
            "code": line.code,
            "amount": money(line.amount, currency, language=self.language),
        }
