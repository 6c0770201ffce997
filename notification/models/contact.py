"""Whom to write to: the service's only personal data."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import models

from contracts.booking import PassengerContactGiven
from contracts.values import PassengerContact
from outbox.prepared import Update, argument

# Who a mail is for: the contact, or a passenger who has given an address of their own.
CONTACT: Final = "contact"
PASSENGER: Final = "passenger:"


@dataclass(frozen=True)
class Addressee:
    """Where a mail goes, and in which name and language. Without an address it cannot."""

    address: str
    name: str
    language: str


class Contact(models.Model):
    """Whom to tell about a reservation, as booking's last PassengerContactGiven has it.

    Erased, it stays as a row without content, so that what is still to be sent finds nobody, and
    nobody takes it for one that has not come yet.
    """

    reservation_id = models.UUIDField(primary_key=True)
    language = models.CharField(max_length=6)
    email = models.CharField(max_length=254, blank=True, default="")
    given_name = models.CharField(max_length=100, blank=True, default="")
    surname = models.CharField(max_length=100, blank=True, default="")
    passengers = models.JSONField(
        default=list, blank=True, help_text="passenger_id, given_name, surname, email of each"
    )
    received_at = models.DateTimeField()
    needed_until = models.DateTimeField(help_text="when the journey ends, as far as it is known")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "notification_contact"
        indexes = [
            models.Index(fields=["erased_at", "needed_until"], name="notification_retention")
        ]

    def __str__(self) -> str:
        return str(self.reservation_id)

    @classmethod
    def of(cls, event: PassengerContactGiven, *, now: datetime) -> "Contact":
        """A contact as booking was given it, not stored yet."""
        return cls(pk=event.reservation_id, needed_until=now, **_given(event, now))

    def replace(self, event: PassengerContactGiven, *, now: datetime) -> None:
        """Keep what booking has been given, instead of what was given before."""
        Contact.objects.filter(pk=self.pk).update(**_given(event, now))

    def recipients(self) -> Iterator[str]:
        """Who is written to: the contact, with or without an address, and every passenger with an
        address that nobody before has. Who they are stays here alone."""
        seen = {self.email.lower()}
        yield CONTACT
        for passenger in self.passengers:
            address = passenger["email"].lower()
            if address and address not in seen:
                seen.add(address)
                yield f"{PASSENGER}{passenger['passenger_id']}"

    def addressee(self, recipient: str) -> Addressee:
        """Where a recipient's mails go now; nowhere, when this was erased or given anew without
        them."""
        if recipient == CONTACT:
            return Addressee(self.email, _named(self.given_name, self.surname), self.language)
        for one in self.passengers:
            if recipient == f"{PASSENGER}{one['passenger_id']}":
                name = _named(one["given_name"], one["surname"])
                return Addressee(one["email"], name, self.language)
        return Addressee("", "", self.language)

    def addresses(self) -> set[str]:
        """Every address that is here, in lower case."""
        own = {one["email"].lower() for one in self.passengers}
        return {self.email.lower(), *own} - {""}

    def names(self) -> dict[int, str]:
        """What passengers are called, by their number; who has given no name is not here."""
        named = {one["passenger_id"]: self._name_of(one) for one in self.passengers}
        return {number: name for number, name in named.items() if name}

    def need_until(self, moment: datetime) -> None:
        """Note when the journey ends: retention counts from then on."""
        if self.needed_until != moment:
            _needing().later(pk=self.pk, needed_until=moment)

    def erase(self, *, now: datetime) -> None:
        """Forget who it is, for good."""
        self.email = self.given_name = self.surname = ""
        self.language = "en"
        self.passengers = []
        self.erased_at = now
        self.save()

    @staticmethod
    def _name_of(passenger: dict[str, str]) -> str:
        return _named(passenger["given_name"], passenger["surname"])


@cache
def _needing() -> Update:
    contact = Contact.objects.filter(pk=argument(Contact, "pk"))
    return Update(contact, needed_until=argument(Contact, "needed_until"))


def _given(event: PassengerContactGiven, now: datetime) -> dict[str, Any]:
    contact = event.contact
    return {
        "language": contact.language,
        "email": contact.email or "",
        "given_name": contact.given_name,
        "surname": contact.surname,
        "passengers": [_as_json(one) for one in event.passengers],
        "received_at": now,
        "erased_at": None,
    }


def _as_json(passenger: PassengerContact) -> dict[str, int | str]:
    return {
        "passenger_id": passenger.passenger_id,
        "given_name": passenger.given_name,
        "surname": passenger.surname,
        "email": passenger.email or "",
    }


def _named(given_name: str, surname: str) -> str:
    return f"{given_name} {surname}".strip()


class OptOut(models.Model):
    """An address that does not want all that may be left out. It is known by its digest alone, so
    that the wish outlives the erasure of the contact."""

    digest = models.CharField(max_length=64, unique=True)
    event_types = models.JSONField(
        default=list, blank=True, help_text="what it does not want; empty: nothing optional at all"
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notification_opt_out"

    def __str__(self) -> str:
        return self.digest

    def refuses(self, event_type: str) -> bool:
        """Whether it does not want an optional kind of message."""
        return not self.event_types or event_type in self.event_types


def address_digest(address: str) -> str:
    """SHA-256 of an e-mail address, whose case does not matter."""
    return hashlib.sha256(address.lower().encode()).hexdigest()
