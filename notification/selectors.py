"""Reads."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from uuid import UUID

from django.db.models import Count, Min, QuerySet, prefetch_related_objects
from django.db.models.functions import Now

from notification.models import OPTIONAL, Contact, Delivery, Endpoint, OptOut, address_digest
from outbox.prepared import Select, argument, arguments, numbered


def endpoints(*, customer_id: str | None) -> QuerySet[Endpoint]:
    """A customer's endpoints, or everybody's (None)."""
    found = Endpoint.objects.all()
    return found if customer_id is None else found.filter(customer_id=customer_id)


def endpoints_for(event_type: str, *, customer_id: str) -> list[Endpoint]:
    """The endpoints that get events of a type about a customer's reservations."""
    found = _enabled().all(customer_id=customer_id)
    return [one for one in found if one.wants(event_type, customer_id=customer_id)]


@cache
def _enabled() -> Select[Endpoint]:
    """The look that every event takes at who may want it."""
    whose = ["", argument(Endpoint, "customer_id")]
    return Select(Endpoint.objects.filter(is_enabled=True, customer_id__in=whose).order_by("pk"))


def deliveries() -> QuerySet[Delivery]:
    """Every delivery, with its log."""
    return Delivery.objects.prefetch_related("log")


def deliveries_to(endpoint: Endpoint) -> QuerySet[Delivery]:
    """What an endpoint was sent, with its log."""
    return deliveries().filter(endpoint=endpoint)


def deliveries_by_id(ids: Collection[UUID]) -> list[Delivery]:
    """These deliveries, locked until the transaction ends, and their endpoints, as they are now."""
    found = _locked(len(ids)).all(**numbered("pk", ids))
    prefetch_related_objects([delivery for delivery in found if delivery.endpoint_id], "endpoint")
    return found


@lru_cache(maxsize=256)
def _locked(count: int) -> Select[Delivery]:
    """The look at so many deliveries that recording takes."""
    these = Delivery.objects.filter(pk__in=arguments(Delivery, "pk", count))
    return Select(these.select_for_update())


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
    shape = len(shards), len(besides), len(full), limit
    return _due(*shape).all(
        channel=channel,
        **numbered("shard", shards),
        **numbered("pk", besides),
        **numbered("endpoint", full),
    )


@lru_cache(maxsize=256)
def _due(shards: int, besides: int, full: int, limit: int) -> Select[Delivery]:
    """The look at what is due that a runner takes again and again."""
    due = Delivery.objects.filter(
        status=Delivery.Status.PENDING,
        channel=argument(Delivery, "channel"),
        shard__in=arguments(Delivery, "shard", shards),
        next_attempt_at__lte=Now(),
    )
    if full:
        due = due.exclude(endpoint__pk__in=arguments(Delivery, "endpoint", full))
    if besides:
        due = due.exclude(pk__in=arguments(Delivery, "pk", besides))
    return Select(due.select_related("endpoint").order_by("next_attempt_at")[:limit])


def pending_deliveries() -> dict[str, tuple[int, datetime]]:
    """What is to be sent, by channel: how many, and since when the first waits."""
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING).values_list("channel")
    rows = pending.order_by().annotate(Count("pk"), Min("created_at"))
    return {channel: (count, oldest) for channel, count, oldest in rows}


def held_deliveries() -> int:
    """How many are given up until somebody has them sent again."""
    return Delivery.objects.filter(status=Delivery.Status.HELD).count()


def contact_of(reservation_id: UUID) -> Contact | None:
    """A reservation's contact, as it is now."""
    return _contacts(1).first(**numbered("pk", [reservation_id]))


def contacts_of(deliveries: Iterable[Delivery]) -> dict[UUID, Contact]:
    """The contacts of these deliveries' reservations, as they are now."""
    ids = {delivery.reservation_id for delivery in deliveries if delivery.reservation_id}
    found = _contacts(len(ids)).all(**numbered("pk", ids)) if ids else []
    return {contact.pk: contact for contact in found}


@lru_cache(maxsize=256)
def _contacts(count: int) -> Select[Contact]:
    return Select(Contact.objects.filter(pk__in=arguments(Contact, "pk", count)))


def opted_out(addresses: Collection[str]) -> dict[str, OptOut]:
    """Of these addresses, those that do not want everything, and what they do not want."""
    digests = {address_digest(address): address for address in addresses if address}
    found = _opt_outs(len(digests)).all(**numbered("digest", digests)) if digests else []
    return {digests[opt_out.digest]: opt_out for opt_out in found}


@lru_cache(maxsize=256)
def _opt_outs(count: int) -> Select[OptOut]:
    return Select(OptOut.objects.filter(digest__in=arguments(OptOut, "digest", count)))


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
