"""Airports, aircraft, flights and their schedule in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from booking.models import AircraftType, Airport, CabinLayout, Flight, SchedulePeriod


class Lasting(admin.ModelAdmin):
    """Rows that others refer to for good: they are mended, and never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes them: history refers to them."""
        return False


@admin.register(Airport)
class AirportAdmin(Lasting):
    """Where is flown."""

    list_display = ["code", "name", "city", "country", "zone"]
    list_filter = ["country"]
    search_fields = ["=code", "name", "city"]
    ordering = ["code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A code is the airport's name for good."""
        return ["code"] if obj else []


class Layouts(admin.StackedInline):
    """The cabins."""

    model = CabinLayout
    extra = 0
    ordering = ["first_row"]


@admin.register(AircraftType)
class AircraftTypeAdmin(Lasting):
    """Aircraft and their seat maps. Departures that are made keep the seats they have."""

    list_display = ["code", "name"]
    search_fields = ["=code", "name"]
    ordering = ["code"]
    inlines = [Layouts]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A code is the type's name for good."""
        return ["code"] if obj else []


class Periods(admin.TabularInline):
    """When it is flown. A period that has been planned is only looked at."""

    model = SchedulePeriod
    extra = 0
    readonly_fields = ["planned_until"]
    ordering = ["valid_from"]
    show_change_link = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """New ones are added here; one that is there has a page of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See `PeriodAdmin`."""
        return False


@admin.register(Flight)
class FlightAdmin(Lasting):
    """Flights and their list prices."""

    list_display = ["number", "carrier", "origin_id", "destination_id", "list_prices", "currency"]
    list_filter = ["carrier", "origin", "destination"]
    search_fields = ["=number", "=origin__code", "=destination__code"]
    ordering = ["number"]
    inlines = [Periods]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What departures and reservations say they are of."""
        return ["number", "carrier", "origin", "destination"] if obj else []


@admin.register(SchedulePeriod)
class PeriodAdmin(admin.ModelAdmin):
    """The schedule. Once a period has been planned, its departures are what counts: only its end
    may still move, which changes no departure that is made."""

    list_display = [
        "flight",
        "days",
        "departure_time",
        "duration_minutes",
        "aircraft_type",
        "valid_from",
        "valid_to",
        "planned_until",
    ]
    list_filter = ["aircraft_type", "flight__origin", "valid_from"]
    list_select_related = ["flight", "aircraft_type"]
    search_fields = ["=flight__number"]
    ordering = ["flight__number", "valid_from"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything but the end, when departures have been made."""
        fields = [field.name for field in SchedulePeriod._meta.fields if field.name != "id"]
        planned = obj is not None and obj.planned_until is not None
        return [name for name in fields if name != "valid_to"] if planned else ["planned_until"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A period is deleted only while nothing has been planned of it."""
        unplanned = obj is not None and obj.planned_until is None
        return unplanned and super().has_delete_permission(request, obj)
