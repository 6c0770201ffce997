"""The outbox and the inbox in Django's admin: looked at freely, acted upon with a reason."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from outbox import operators, registry
from outbox.cloudevents import DISCARDED
from outbox.columns import status_column
from outbox.models import (
    AuditEntry,
    ConsumerStart,
    HeldMessage,
    InboxMark,
    Lease,
    OutboxEvent,
    Worker,
)
from outbox.registry import presentable

AGES: Final = {
    "10s": ("over 10 seconds", timedelta(seconds=10)),
    "10m": ("over 10 minutes", timedelta(minutes=10)),
    "1d": ("over a day", timedelta(days=1)),
}

STATE: Final = status_column(
    "state",
    good=[OutboxEvent.State.PUBLISHED],
    waiting=[OutboxEvent.State.PENDING],
    bad=[OutboxEvent.State.HELD],
)


class ReadOnly(admin.ModelAdmin):
    """Rows that only the engine writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows by hand."""
        return False


class Age(admin.SimpleListFilter):
    """How long ago a row was made."""

    title = "age"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The choices."""
        return [(name, text) for name, (text, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen age."""
        if self.value() not in AGES:
            return queryset
        return queryset.filter(created_at__lt=timezone.now() - AGES[str(self.value())][1])


class FromRegistry(admin.SimpleListFilter):
    """One column's values: those that the registry names, since asking a long history for its own
    would read all of it."""

    def values(self) -> Iterable[str]:
        """What to choose from."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The choices."""
        return [(value, value) for value in self.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen value."""
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


class Topic(FromRegistry):
    """Where an event goes."""

    title = parameter_name = "topic"

    def values(self) -> Iterable[str]:
        """Every topic."""
        return registry.topics()


class Type(FromRegistry):
    """What an event is."""

    title = parameter_name = "type"

    def values(self) -> Iterable[str]:
        """Every type, and what takes a discarded event's place."""
        return [*sorted(registry.events()), DISCARDED]


class Operated(ReadOnly):
    """Rows that an operator may replay or discard, each time with a reason."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this user may: Django's permission to change such rows, which is otherwise of no
        use here."""
        return super(ReadOnly, self).has_change_permission(request)

    def ask_or_do(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        *,
        action: str,
        explanation: str,
        operate: Callable[[Any, str, str], str],
        once_per: Callable[[Any], object] = attrgetter("pk"),
    ) -> HttpResponse | None:
        """Show a page that asks for the reason, or do it when the reason has been given.

        Args:
            request: the request of an action.
            queryset: the chosen rows.
            action: the action's name.
            explanation: what it will do, for the page that asks.
            operate: does it for a row, by whom and why, and returns what to tell; it raises one of
                `operators.REFUSALS`.
            once_per: what rows have in common that are all done with one of them.
        """
        reason = request.POST.get("reason", "").strip()
        if not (request.POST.get("confirmed") and reason):
            context = {
                **self.admin_site.each_context(request),
                "title": explanation,
                "explanation": explanation,
                "rows": list(queryset),
                "action": action,
                "verb": action.replace("_", " ").capitalize(),
                "checkbox_name": ACTION_CHECKBOX_NAME,
            }
            return render(request, "admin/outbox/confirm.html", context)
        for row in {once_per(row): row for row in queryset}.values():
            self._do(request, row, reason, operate)
        return None

    def _do(
        self, request: HttpRequest, row: Model, reason: str, operate: Callable[[Any, str, str], str]
    ) -> None:
        try:
            told = operate(row, request.user.get_username(), reason)
        except operators.REFUSALS as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, told)


@admin.register(OutboxEvent)
class OutboxEventAdmin(Operated):
    """What this service publishes."""

    list_display = [
        "id",
        STATE,
        "type",
        "key",
        "sequence",
        "error",
        "created_at",
        "published_at",
    ]
    list_filter = ["state", Topic, Type, Age]
    search_fields = ["=key", "=event_id"]
    ordering = ["-id"]
    show_full_result_count = False
    exclude = ["payload"]
    readonly_fields = ["content"]
    actions = ["replay", "discard"]

    @admin.display(description="payload")
    def content(self, event: OutboxEvent) -> str:
        """The payload without its secrets."""
        return presentable(event.type, event.payload)

    @admin.action(
        permissions=["operate"], description="Replay: send the held events of these keys again"
    )
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Send held events again, with all that is held of their keys."""
        return self.ask_or_do(
            request,
            queryset,
            action="replay",
            explanation="All held events of these keys are sent again, in order.",
            operate=_replay_outgoing,
            once_per=attrgetter("key"),
        )

    @admin.action(permissions=["operate"], description="Discard: give these held events up")
    def discard(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Give held events up, the last first: those behind go out when the refused one is given
        up, and could not be given up any more."""
        return self.ask_or_do(
            request,
            queryset.order_by("-id"),
            action="discard",
            explanation="Consumers get these events empty, as outbox.Discarded.",
            operate=_discard_outgoing,
        )


@admin.register(HeldMessage)
class HeldMessageAdmin(Operated):
    """What came in and could not be applied."""

    list_display = ["id", "reason", "consumer", "type", "key", "sequence", "held_at"]
    list_filter = ["reason", "consumer", "type"]
    search_fields = ["=key"]
    ordering = ["-id"]
    exclude = ["payload", "message_key"]
    readonly_fields = ["content"]
    actions = ["replay", "discard"]

    @admin.display(description="payload")
    def content(self, message: HeldMessage) -> str:
        """The payload as text, without its secrets."""
        return presentable(message.type, bytes(message.payload).decode(errors="replace"))

    @admin.action(
        permissions=["operate"], description="Replay: apply what is held of these keys again"
    )
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Apply held messages again, in sequence."""
        return self.ask_or_do(
            request,
            queryset,
            action="replay",
            explanation="What is held of these keys is applied in sequence, as far as it succeeds.",
            operate=_replay_incoming,
            once_per=attrgetter("replayed_with"),
        )

    @admin.action(permissions=["operate"], description="Discard: give these messages up")
    def discard(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Give held messages up."""
        return self.ask_or_do(
            request,
            queryset.order_by("sequence", "id"),
            action="discard",
            explanation="These messages are never applied; what waits behind them goes on.",
            operate=_discard_incoming,
        )


def _replay_outgoing(event: OutboxEvent, actor: str, reason: str) -> str:
    count = operators.replay_outgoing(event.key, actor=actor, reason=reason)
    return f"{event.key}: {count} events are sent again"


def _discard_outgoing(event: OutboxEvent, actor: str, reason: str) -> str:
    operators.discard_outgoing(event, actor=actor, reason=reason)
    return f"{event} is given up"


def _replay_incoming(message: HeldMessage, actor: str, reason: str) -> str:
    count = operators.replay_incoming(message, actor=actor, reason=reason)
    return f"{message.key or message.pk}: {count} messages applied"


def _discard_incoming(message: HeldMessage, actor: str, reason: str) -> str:
    operators.discard_incoming(message, actor=actor, reason=reason)
    return f"{message} is given up"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """Who did what, and why."""

    list_display = ["at", "actor", "action", "subject", "reason"]
    list_filter = ["action", "actor"]
    search_fields = ["subject", "reason"]
    ordering = ["-id"]


@admin.register(Lease)
class LeaseAdmin(ReadOnly):
    """Who works on which shard."""

    list_display = ["group", "shard", "owner", "epoch", "expires_at"]
    list_filter = ["group", "owner"]
    ordering = ["group", "shard"]
    list_per_page = 64


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    """The processes that share the shards out."""

    list_display = ["group", "name", "address", "expires_at"]
    ordering = ["group", "name"]


@admin.register(InboxMark)
class InboxMarkAdmin(ReadOnly):
    """How far each consumer has come with each key."""

    list_display = ["consumer", "source", "key", "sequence"]
    list_filter = ["consumer"]
    search_fields = ["=key"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(ConsumerStart)
class ConsumerStartAdmin(ReadOnly):
    """When each consumer's group first started, and how much of the topic there was."""

    list_display = ["consumer", "topic", "is_complete", "started_at"]
    ordering = ["consumer", "topic"]
