"""Departures and their seats in the admin."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from booking.departures import cancel_departure, close_departure
from booking.models import Departure, IllegalDeparture, Seat
from outbox.admin import Operated, ReadOnly
from outbox.columns import status_column

OPEN, CANCELED = Departure.Status.OPEN, Departure.Status.CANCELED
SOLD, HELD = Seat.Status.SOLD, Seat.Status.HELD


@admin.register(Departure)
class DepartureAdmin(Operated):
    """Planned departures; closing and canceling are actions, with a reason that is kept."""

    list_display = [
        "flight",
        "date",
        "departs_at",
        "arrives_at",
        "aircraft_type_id",
        status_column("status", good=[OPEN], bad=[CANCELED]),
    ]
    list_filter = ["status", "date", "aircraft_type", "flight__origin"]
    list_select_related = ["flight"]
    search_fields = ["=flight__number", "=date"]
    date_hierarchy = "date"
    ordering = ["departs_at"]
    show_full_result_count = False
    actions = ["close", "cancel"]

    @admin.action(description="Close: stop selling", permissions=["operate"])
    def close(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Close departures before their check-in ends."""
        return self.ask_or_do(
            request,
            queryset,
            action="close",
            explanation="These departures sell no more. Their reservations stay.",
            operate=partial(self._close, request),
        )

    @admin.action(description="Cancel: they are not flown", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Cancel departures for good."""
        return self.ask_or_do(
            request,
            queryset,
            action="cancel",
            explanation="These departures are not flown, and their reservations are canceled.",
            operate=partial(self._cancel, request),
        )

    def _do(
        self, request: HttpRequest, row: Model, reason: str, operate: Callable[[Any, str, str], str]
    ) -> None:
        """The library knows its own refusals; the table of statuses has one more."""
        try:
            super()._do(request, row, reason, operate)
        except IllegalDeparture as error:
            self.message_user(request, str(error), messages.ERROR)

    def _close(self, request: HttpRequest, row: Departure, actor: str, reason: str) -> str:
        close_departure(departure_id=row.pk)
        self.log_change(request, row, f"Closed: {reason}")
        return f"{row} is closed"

    def _cancel(self, request: HttpRequest, row: Departure, actor: str, reason: str) -> str:
        cancel_departure(departure_id=row.pk)
        self.log_change(request, row, f"Canceled: {reason}")
        return f"{row} is canceled"


@admin.register(Seat)
class SeatAdmin(ReadOnly):
    """Seats and their owners."""

    list_display = [
        "number",
        "cabin",
        "departure",
        status_column("status", good=[SOLD], waiting=[HELD]),
        "reservation",
    ]
    list_filter = ["status", "cabin"]
    list_select_related = ["departure__flight", "reservation"]
    search_fields = ["=number", "=reservation__record_locator"]
    ordering = ["id"]
    show_full_result_count = False
