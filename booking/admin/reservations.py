"""Reservations in the admin."""

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest

from booking.models import Reservation, ReservationPassenger, Saga, TimelineEntry
from contracts.money import money
from outbox.admin import ReadOnly
from outbox.columns import amount_column, status_column

Status = Reservation.Status
STATUS: Final = status_column(
    "status",
    good=[Status.CONFIRMED],
    waiting=[Status.PENDING],
    bad=[Status.REJECTED],
)


class Rows(admin.TabularInline):
    """Rows of a reservation, to be looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits rows by hand."""
        return False


class Passengers(Rows):
    """Who flies."""

    model = ReservationPassenger


class Sagas(Rows):
    """What is being done."""

    model = Saga


class Timeline(Rows):
    """What happened."""

    model = TimelineEntry


@admin.register(Reservation)
class ReservationAdmin(ReadOnly):
    """Reservations change by events and API calls only, never by hand."""

    list_display = [
        "record_locator",
        STATUS,
        "departure",
        "seat_number",
        "passenger_id",
        amount_column("amount", money),
        "customer_id",
        "created_at",
    ]
    list_filter = ["status", "flight_number"]
    list_select_related = ["departure__flight"]
    search_fields = ["=id", "=record_locator", "=passenger_id"]
    ordering = ["-id"]
    inlines = [Passengers, Sagas, Timeline]
