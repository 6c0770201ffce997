"""Mails, through Django's mail framework: whatever its backend is."""

import smtplib
import time
import traceback
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from notification import selectors
from notification.channels import LONGEST_KEPT, Call, Outcome, Verdict
from notification.letters import Letter
from notification.models import OPTIONAL, Contact, Delivery, OptOut
from notification.models.contact import Addressee

NOBODY = Addressee("", "", "en")
# From here on an SMTP server's no is for good (RFC 5321, section 4.2.1).
FOR_GOOD = 500


class Mails:
    """The channel to passengers; a `Channel`. Each mail goes to one address, over a connection of
    its own: a server that refuses one does not stop the others."""

    def prepare(self, deliveries: Collection[Delivery]) -> list[Call | Outcome]:
        """See `Channel.prepare`."""
        contacts = selectors.contacts_of(deliveries)
        to = {delivery.pk: _addressee(contacts, delivery) for delivery in deliveries}
        out = selectors.opted_out({one.address for one in to.values()})
        return [
            self._prepare(delivery, _contact(contacts, delivery), to[delivery.pk], out)
            for delivery in deliveries
        ]

    def _prepare(
        self,
        delivery: Delivery,
        contact: Contact | None,
        addressee: Addressee,
        out: Mapping[str, OptOut],
    ) -> Call | Outcome:
        if contact is None or not addressee.address:
            return Outcome(verdict=Verdict.NOBODY, error="there is no address")
        opt_out = out.get(addressee.address) if OPTIONAL[delivery.event_type] else None
        if opt_out and opt_out.refuses(delivery.event_type):
            return Outcome(verdict=Verdict.UNWANTED, error="the recipient has opted out")
        try:
            message = Letter.to(delivery, contact, addressee).message()
        except Exception:
            return Outcome(verdict=Verdict.BROKEN, error=_hidden(traceback.format_exc(), addressee))
        return partial(_send, message, addressee)


def _contact(contacts: dict[UUID, Contact], delivery: Delivery) -> Contact | None:
    return contacts.get(delivery.reservation_id) if delivery.reservation_id else None


def _addressee(contacts: dict[UUID, Contact], delivery: Delivery) -> Addressee:
    contact = _contact(contacts, delivery)
    return contact.addressee(delivery.recipient) if contact else NOBODY


def _send(message: EmailMultiAlternatives, addressee: Addressee) -> Outcome:
    begun = time.monotonic()
    facts: dict[str, Any] = {"request": f"Message-ID: {message.extra_headers['Message-ID']}"}
    try:
        message.send()
    except Exception as error:
        facts |= _judged(error, addressee)
    else:
        facts |= {"verdict": Verdict.SENT}
    return Outcome(duration_ms=round((time.monotonic() - begun) * 1000), **facts)


def _judged(error: Exception, addressee: Addressee) -> dict[str, Any]:
    """What an error means. That a sender or a login is refused is the service's own trouble, which
    somebody mends while the mails wait."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            [(code, text)] = error.recipients.values()
            verdict = Verdict.NOBODY if code >= FOR_GOOD else Verdict.LATER
            return _said(verdict, code, text, addressee)
        case smtplib.SMTPDataError():
            verdict = Verdict.BROKEN if error.smtp_code >= FOR_GOOD else Verdict.LATER
            return _said(verdict, error.smtp_code, error.smtp_error, addressee)
        case smtplib.SMTPException() | OSError():
            told = _hidden(f"{type(error).__name__}: {error}", addressee)
            return {"verdict": Verdict.LATER, "error": told}
    return {"verdict": Verdict.BROKEN, "error": _hidden(traceback.format_exc(), addressee)}


def _said(verdict: Verdict, code: int, text: bytes | str, addressee: Addressee) -> dict[str, Any]:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    answer = _hidden(said, addressee)[:LONGEST_KEPT]
    return {"verdict": verdict, "status": code, "answer": answer, "error": f"{code} {answer}"}


def _hidden(text: str, addressee: Addressee) -> str:
    """A text without the address: personal data is kept in one place."""
    return text.replace(addressee.address, "(address)") if addressee.address else text
