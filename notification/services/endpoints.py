"""What partners and operators do with endpoints and deliveries."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import msgspec
from django.conf import settings
from rest_framework.exceptions import APIException
from uuid_utils.compat import uuid7

from notification import selectors
from notification.channels.targets import UnfitTarget, parse
from notification.models import PING, Delivery, Endpoint, IllegalTransition
from outbox.transactions import LostRace, unit_of_work

MOST_ENDPOINTS: Final = 100
CHUNK: Final = 500


class UnfitUrl(APIException):
    """Nothing is posted there: it is no https URL of a public host."""

    status_code = 400
    default_code = "unfit-url"


class TooManyEndpoints(APIException):
    """There are as many endpoints as there may be."""

    status_code = 409
    default_code = "too-many-endpoints"


class NotRedeliverable(APIException):
    """It is on its way, or the recipient does not want it."""

    status_code = 409
    default_code = "not-redeliverable"


def refuse_unfit(url: str) -> None:
    """See that webhooks may be posted to a URL, as far as it can be told without looking it up.

    Raises:
        UnfitUrl: they may not.
    """
    try:
        parse(url, private=settings.WEBHOOK_PRIVATE_TARGETS)
    except UnfitTarget as error:
        raise UnfitUrl(str(error)) from error


@unit_of_work
def register(
    *,
    url: str,
    customer_id: str = "",
    event_types: Collection[str] = (),
    description: str = "",
    now: datetime,
) -> Endpoint:
    """A new endpoint, which gets events from now on.

    Args:
        url: where webhooks are posted.
        customer_id: whose it is, and about whose reservations it gets events; about everybody's if
            it is the airline's own.
        event_types: which it gets; all, if none is named.
        description: for people.
        now: when it is made.

    Raises:
        UnfitUrl: nothing would be posted there.
        TooManyEndpoints: the customer, or the airline, has `MOST_ENDPOINTS`.
    """
    refuse_unfit(url)
    if selectors.endpoints(customer_id=customer_id).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(f"There are {MOST_ENDPOINTS} endpoints; delete one first.")
    return Endpoint.objects.create(
        customer_id=customer_id,
        url=url,
        event_types=sorted(set(event_types)),
        description=description,
        created_at=now,
    )


@unit_of_work
def rotate_secret(endpoint: Endpoint) -> Endpoint:
    """Sign with a new secret, and with the one before, too, until the next rotation."""
    current = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    current.rotate()
    return current


@unit_of_work
def enable(endpoint: Endpoint) -> None:
    """Send to an endpoint again. What it has missed is redelivered when that is asked for."""
    Endpoint.objects.select_for_update().get(pk=endpoint.pk).enable()


def remove(endpoint: Endpoint) -> None:
    """Send an endpoint nothing more, and forget it with all that it was sent.

    In units of `CHUNK`: they may be many, and runners go on meanwhile.
    """
    endpoint.disable("it is being removed")
    while not _removed(endpoint):
        pass


@unit_of_work
def _removed(endpoint: Endpoint) -> bool:
    """Remove some of its deliveries, or the endpoint itself when none is left; whether that was
    done."""
    ids = list(endpoint.deliveries.values_list("pk", flat=True)[:CHUNK])
    if ids:
        Delivery.objects.filter(pk__in=ids).delete()
    else:
        Endpoint.objects.filter(pk=endpoint.pk).delete()
    return not ids


@unit_of_work
def ping(endpoint: Endpoint, *, now: datetime) -> Delivery:
    """Have a test message sent to an endpoint, as signed and as often tried as any."""
    content: dict[str, Any] = {"endpoint_id": str(endpoint.pk)}
    made = Delivery.of(
        uuid7(),
        PING,
        now=now,
        channel=Delivery.Channel.WEBHOOK,
        recipient=str(endpoint.pk),
        endpoint=endpoint,
        payload=msgspec.json.encode(content).decode(),
    )
    Delivery.record([made])
    return Delivery.objects.get(pk=made.pk)


@unit_of_work
def redeliver(delivery: Delivery) -> None:
    """Have a delivery that is over sent again.

    Raises:
        NotRedeliverable: it is not over, or not wanted.
    """
    current = Delivery.objects.get(pk=delivery.pk)
    if current.status == Delivery.Status.PENDING:
        raise NotRedeliverable("It is on its way.")
    try:
        current.redeliver()
    except IllegalTransition as error:
        raise NotRedeliverable("The recipient does not want it.") from error


def redeliver_since(endpoint: Endpoint, *, since: datetime) -> int:
    """Have all that an endpoint was to get since a time sent again; returns how many.

    Each in a transaction of its own: they may be many.
    """
    done = 0
    for pk in selectors.redeliverable(endpoint, since=since):
        try:
            redeliver(Delivery(pk=pk))
            done += 1
        except (NotRedeliverable, LostRace):
            continue  # somebody else has had it sent again meanwhile
    return done
