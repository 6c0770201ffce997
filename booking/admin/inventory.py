"""Departures and their seats in the admin."""

from django.contrib import admin

from booking.models import Departure, Seat
from outbox.admin import ReadOnly


@admin.register(Departure)
class DepartureAdmin(ReadOnly):
    """Planned departures; what happens to them is an action."""

    list_display = ["flight", "date", "departs_at", "arrives_at", "aircraft_type_id", "status"]
    list_filter = ["status", "date", "aircraft_type", "flight__origin"]
    list_select_related = ["flight"]
    search_fields = ["=flight__number", "=date"]
    date_hierarchy = "date"
    ordering = ["departs_at"]
    show_full_result_count = False


@admin.register(Seat)
class SeatAdmin(ReadOnly):
    """Seats and their owners."""

    list_display = ["number", "cabin", "departure", "status", "reservation"]
    list_filter = ["status", "cabin"]
    list_select_related = ["departure__flight", "reservation"]
    search_fields = ["=number", "=reservation__record_locator"]
    ordering = ["id"]
    show_full_result_count = False
