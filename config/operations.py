"""`/api/ops/<service>`: how a service stands, for its operators and their screen."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from django.conf import settings
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.callers import MayAsk
from contracts.callers import OPS
from contracts.operations import Backlog, Lag, Operations, Owners, Reservations
from outbox.models import HeldMessage, Lease, OutboxEvent
from outbox.pages import admin_page
from outbox.status import Status, read_status

COMPONENT: Final = "#/components/schemas/{name}"
# Somebody looks at a screen: a broker that is away is not waited for as long as by a command.
BROKER_SECONDS: Final = 1.0

Backlogs = Callable[[datetime], Iterable[Backlog]]
Sold = Callable[[datetime], Reservations]


class MayOperate(MayAsk):
    """Lets in operators; under `TRIAL` everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the request may be done."""
        return settings.TRIAL or super().has_permission(request, view)


class OperationsView(APIView):
    """How this service stands: what waits, who works on it, how far consumers are behind.

    `backlogs` reads what waits besides events and messages, `sold` what was sold.
    """

    scope = OPS
    permission_classes = (MayOperate,)
    backlogs: Backlogs | None = None
    sold: Sold | None = None

    @extend_schema(
        operation_id=f"get_operations_of_{settings.SERVICE}",
        summary=f"How {settings.SERVICE} stands, for operators",
        responses={200: {"$ref": COMPONENT.format(name="Operations")}},
    )
    def get(self, request: Request) -> Response:
        """What is true now: nobody keeps it."""
        now = timezone.now()
        status = read_status(now=now, broker_seconds=BROKER_SECONDS)
        own = self.backlogs(now) if self.backlogs else ()
        operations = Operations(
            service=settings.SERVICE,
            at=now,
            admin_url=settings.ADMIN_URL,
            backlogs=(*own, *_of_outbox(status)),
            owners=tuple(_owners(status)),
            lags=tuple(Lag(consumer=name, messages=lag) for name, lag in status.lag.items()),
            reservations=self.sold(now) if self.sold else None,
        )
        return Response(msgspec.to_builtins(operations), headers={"Cache-Control": "no-store"})


def operations_path(*, backlogs: Backlogs | None = None, sold: Sold | None = None) -> URLPattern:
    """The URL of how this service stands."""
    view = OperationsView.as_view(backlogs=backlogs, sold=sold)
    return path(f"api/ops/{settings.SERVICE}", view, name="operations")


def add_schemas(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the document with the schemas of the answer."""
    _, schemas = msgspec.json.schema_components([Operations], ref_template=COMPONENT)
    components = {**result["components"]["schemas"], **schemas}
    result["components"]["schemas"] = dict(sorted(components.items()))
    return result


def _of_outbox(status: Status) -> Iterator[Backlog]:
    yield Backlog(
        name="events to publish",
        count=status.pending,
        oldest_seconds=status.oldest_pending_seconds,
        page=admin_page(OutboxEvent, state__exact="PENDING"),
    )
    yield Backlog(
        name="events held",
        count=status.held_outgoing,
        page=admin_page(OutboxEvent, state__exact="HELD"),
        needs_operator=True,
    )
    yield Backlog(
        name="messages held",
        count=sum(sum(reasons.values()) for reasons in status.held_incoming.values()),
        page=admin_page(HeldMessage),
        needs_operator=True,
    )


def _owners(status: Status) -> Iterator[Owners]:
    for group in sorted(status.owners.keys() | status.unowned.keys()):
        yield Owners(
            group=group,
            workers=status.owners.get(group, {}),
            unowned=len(status.unowned.get(group, [])),
            page=admin_page(Lease, group=group),
        )
