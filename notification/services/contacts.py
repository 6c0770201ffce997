"""Contacts: kept, forgotten, and what they do not want."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.booking import PassengerContactGiven
from notification import selectors
from notification.models import OPTIONAL, Contact, Delivery, OptOut
from outbox.inserts import insert_later
from outbox.transactions import unit_of_work

CHUNK: Final = 500


@unit_of_work
def note_contact(event: PassengerContactGiven, *, now: datetime) -> None:
    """Keep whom to tell about a reservation, instead of what was given before.

    A reservation's events are applied one after the other: nobody else stores its contact
    meanwhile.
    """
    if contact := selectors.contact_of(event.reservation_id):
        contact.replace(event, now=now)
    else:
        insert_later([Contact.of(event, now=now)])


@unit_of_work
def opt_out(digest: str, *, now: datetime) -> None:
    """Send an address only what has to be said, from now on; asked twice is asked once.

    Args:
        digest: the address's, as the link in its mails has it.
        now: when.
    """
    OptOut.objects.update_or_create(
        digest=digest, defaults={"event_types": []}, create_defaults={"created_at": now}
    )


@unit_of_work
def choose_kinds(digest: str, wanted: Collection[str], *, now: datetime) -> None:
    """Send an address these of the optional kinds of messages from now on, and what must be said.

    Args:
        digest: the address's, as the link in its mails has it.
        wanted: types of events; those that are not optional do not matter.
        now: when.
    """
    optional = {kind for kind, is_optional in OPTIONAL.items() if is_optional}
    unwanted = sorted(optional.difference(wanted))
    if not unwanted:
        OptOut.objects.filter(digest=digest).delete()
        return
    OptOut.objects.update_or_create(
        digest=digest,
        defaults={"event_types": unwanted},
        create_defaults={"event_types": unwanted, "created_at": now},
    )


def erase_contact(address: str, *, now: datetime) -> int:
    """Forget every contact that names an address; returns how many there were.

    What is still to be sent to them finds nobody. That the address wants nothing optional stays
    known, by its digest.
    """
    found = selectors.contacts_with(address)
    for reservation_id in found:
        _erase(reservation_id, now)
    return len(found)


@unit_of_work
def _erase(reservation_id: UUID, now: datetime) -> None:
    Contact.objects.select_for_update().get(pk=reservation_id).erase(now=now)


@unit_of_work
def purge_chunk(*, contacts: timedelta, deliveries: timedelta, now: datetime) -> int:
    """Erase contacts so long after their journeys, and delete deliveries so long after they were
    over, at most `CHUNK` of each; returns how many of both."""
    past = Contact.objects.filter(erased_at=None, needed_until__lt=now - contacts)
    expired = list(past.order_by("needed_until")[:CHUNK])
    for contact in expired:
        contact.erase(now=now)
    over = Delivery.objects.filter(completed_at__lt=now - deliveries)
    over = over.exclude(status__in=(Delivery.Status.PENDING, Delivery.Status.HELD))
    ids = list(over.order_by("completed_at").values_list("pk", flat=True)[:CHUNK])
    if ids:
        Delivery.objects.filter(pk__in=ids).delete()
    return len(expired) + len(ids)
