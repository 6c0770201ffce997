"""Reads."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from notification.models import OPTIONAL, Contact, Delivery, Endpoint, OptOut, address_digest


def endpoints() -> QuerySet[Endpoint]:
    """Every endpoint."""
    return Endpoint.objects.all()


def endpoints_for(event_type: str) -> list[Endpoint]:
    """The endpoints that get events of a type."""
    enabled = Endpoint.objects.filter(is_enabled=True).order_by("pk")
    return [endpoint for endpoint in enabled if endpoint.wants(event_type)]


def deliveries() -> QuerySet[Delivery]:
    """Every delivery, with its log."""
    return Delivery.objects.prefetch_related("log")


def deliveries_by_id(ids: Collection[UUID]) -> list[Delivery]:
    """These deliveries, locked until the transaction ends, and their endpoints, as they are now."""
    locked = Delivery.objects.filter(pk__in=ids).select_for_update()
    return list(locked.prefetch_related("endpoint"))


def due_deliveries(
    channel: Delivery.Channel,
    *,
    shards: Sequence[int],
    besides: Collection[UUID],
    full: Collection[UUID],
    limit: int,
) -> list[Delivery]:
    """Deliveries of these shards whose time has come on the database's clock, the longest due
    first.

    Args:
        channel: over which they go.
        shards: the shards to look at.
        besides: ids to leave out, because they are being sent.
        full: endpoints to leave out, because enough is being sent to them.
        limit: how many at most.
    """
    due = Delivery.objects.filter(
        status=Delivery.Status.PENDING,
        channel=channel,
        shard__in=shards,
        next_attempt_at__lte=Now(),
    )
    if full:
        due = due.exclude(endpoint__in=full)
    return list(
        due.exclude(id__in=besides).select_related("endpoint").order_by("next_attempt_at")[:limit]
    )


def contacts_of(deliveries: Iterable[Delivery]) -> dict[UUID, Contact]:
    """The contacts of these deliveries' reservations, as they are now."""
    ids = {delivery.reservation_id for delivery in deliveries if delivery.reservation_id}
    return Contact.objects.in_bulk(ids)


def opted_out(addresses: Collection[str]) -> dict[str, OptOut]:
    """Of these addresses, those that do not want everything, and what they do not want."""
    digests = {address_digest(address): address for address in addresses if address}
    found = OptOut.objects.filter(digest__in=digests)
    return {digests[opt_out.digest]: opt_out for opt_out in found}


def wanted_kinds(digest: str) -> set[str]:
    """The optional kinds of messages that an address gets."""
    opt_out = OptOut.objects.filter(digest=digest).first()
    optional = {kind for kind, is_optional in OPTIONAL.items() if is_optional}
    return {kind for kind in optional if not (opt_out and opt_out.refuses(kind))}


def contacts_with(address: str) -> list[UUID]:
    """The reservations whose contact names an address, its own or a passenger's, in whatever case.

    Every contact is looked at: case, and the parts of a JSON column, are not compared alike on
    every database, and a contact must not be missed. Somebody asks for it now and then.
    """
    wanted = address.lower()
    known = Contact.objects.filter(erased_at=None).iterator()
    return [contact.pk for contact in known if wanted in contact.addresses()]


def redeliverable(endpoint: Endpoint, *, since: datetime) -> list[UUID]:
    """What an endpoint was to get since a time and is not on its way, oldest first."""
    over = endpoint.deliveries.exclude(status=Delivery.Status.PENDING)
    return list(
        over.filter(created_at__gte=since).order_by("created_at").values_list("pk", flat=True)
    )
