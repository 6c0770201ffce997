"""Sagas in the admin: looked at freely, acted upon with a reason."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from booking import selectors, services
from booking.admin.reservations import Rows
from booking.models import Saga, SagaIntervention
from outbox.admin import Operated, ReadOnly

AGES: Final = {
    "1m": ("over a minute", timedelta(minutes=1)),
    "10m": ("over 10 minutes", timedelta(minutes=10)),
    "1h": ("over an hour", timedelta(hours=1)),
}


class State(admin.SimpleListFilter):
    """Whether a saga runs, and whether an operator has to look."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The choices."""
        return [("stuck", "STUCK"), ("live", "live"), ("ended", "ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The sagas in the chosen state."""
        if self.value() == "stuck":
            return queryset.exclude(live=None).exclude(stuck_at=None)
        if self.value() in ("live", "ended"):
            return queryset.filter(live__isnull=self.value() == "ended")
        return queryset


class Slow(admin.SimpleListFilter):
    """How long a live saga has been at its step."""

    title = parameter_name = "slow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The choices."""
        return [(name, text) for name, (text, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The live sagas that have been there for longer."""
        if self.value() not in AGES:
            return queryset
        since = timezone.now() - AGES[str(self.value())][1]
        return queryset & selectors.slow_sagas(since)


class Interventions(Rows):
    """What operators did."""

    model = SagaIntervention


@admin.register(Saga)
class SagaAdmin(Operated):
    """Sagas; an operator may ask again, take back or complete, with a reason that is kept."""

    list_display = [
        "reservation",
        "kind",
        "step",
        "attempts",
        "stuck_at",
        "last_error",
        "entered_at",
        "deadline_at",
    ]
    list_filter = [State, Slow, "kind", "step"]
    list_select_related = ["reservation"]
    search_fields = ["=id", "=reservation__id", "=reservation__record_locator"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [Interventions]
    actions = ["retry", "compensate", "force_complete"]

    @admin.action(permissions=["operate"], description="Retry: ask payment again")
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask again for what sagas wait for."""
        return self.ask_or_do(
            request,
            queryset,
            action="retry",
            explanation="What these sagas wait for is asked of payment again.",
            operate=_with(services.retry_saga, "asks again"),
        )

    @admin.action(permissions=["operate"], description="Compensate: cancel these reservations")
    def compensate(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Give reservations up, whose sagas have not come to their end."""
        return self.ask_or_do(
            request,
            queryset,
            action="compensate",
            explanation="These reservations are canceled, their seats are freed, and what was "
            "asked of the card is taken back; one that is being changed, after the change.",
            operate=_with(services.compensate_saga, "is canceled"),
        )

    @admin.action(
        permissions=["operate"], description="Force-complete: it has been settled by hand"
    )
    def force_complete(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Go on without the awaited answer."""
        return self.ask_or_do(
            request,
            queryset,
            action="force_complete",
            explanation="These sagas go on as if payment had said yes: only for what was settled "
            "by hand. Nothing is asked of payment.",
            operate=_with(services.complete_saga, "is completed"),
        )

    def _do(
        self, request: HttpRequest, row: Model, reason: str, operate: Callable[[Any, str, str], str]
    ) -> None:
        """The library knows its own refusals; sagas have one more."""
        try:
            super()._do(request, row, reason, operate)
        except services.NotPossible as error:
            self.message_user(request, str(error), messages.ERROR)


def _with(act: Callable[..., Saga], what: str) -> Callable[[Any, str, str], str]:
    """What the admin does with one saga, and tells."""

    def operate(row: Saga, actor: str, reason: str) -> str:
        saga = act(saga_id=row.pk, actor=actor, reason=reason, now=timezone.now())
        return f"{saga.reservation.record_locator} {what}: it is at {saga.step}"

    return operate


@admin.register(SagaIntervention)
class SagaInterventionAdmin(ReadOnly):
    """What operators did with sagas, and why."""

    list_display = ["at", "actor", "action", "saga", "before", "after", "reason"]
    list_filter = ["action", "actor"]
    list_select_related = ["saga"]
    search_fields = ["=saga__id", "=saga__reservation__record_locator", "reason"]
    ordering = ["-id"]
