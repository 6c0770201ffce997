"""Fares, surcharges and quotes in Django's admin."""

from typing import Final

from django.contrib import admin

from contracts.money import money
from fare.models import Airport, Blackout, Fare, FareFamily, Levy, Quote, SeatCharge
from outbox.admin import ReadOnly
from outbox.columns import amount_column

AMOUNT: Final = amount_column("amount", money)


@admin.register(Airport)
class AirportAdmin(admin.ModelAdmin):
    """Where fares lead."""

    list_display = ["code", "country", "currency"]
    list_filter = ["country", "currency"]
    search_fields = ["=code"]
    ordering = ["code"]


@admin.register(FareFamily)
class FareFamilyAdmin(admin.ModelAdmin):
    """What fares have in common."""

    list_display = ["code", "name", "includes_seats"]
    ordering = ["code"]


class Blackouts(admin.TabularInline):
    """When the fare is not sold."""

    model = Blackout
    extra = 0
    ordering = ["first"]


@admin.register(Fare)
class FareAdmin(admin.ModelAdmin):
    """Fares: a change is sold by from the next request on; what was quoted stays quoted."""

    list_display = [
        "__str__",
        "cabin",
        "booking_class",
        "family",
        AMOUNT,
        "advance_purchase_days",
        "authorization_level",
        "refundable",
    ]
    list_filter = ["cabin", "family", "booking_class", "origin", "destination"]
    list_select_related = ["family"]
    search_fields = ["=basis", "=origin__code", "=destination__code"]
    ordering = ["origin", "destination", "cabin", "amount"]
    inlines = [Blackouts]


@admin.register(Levy)
class LevyAdmin(admin.ModelAdmin):
    """Taxes and charges."""

    list_display = ["code", "name", "kind", "place", "at", "cabin", AMOUNT]
    list_filter = ["kind", "at", "cabin"]
    search_fields = ["=code", "=place", "name"]
    ordering = ["place", "code"]


@admin.register(SeatCharge)
class SeatChargeAdmin(admin.ModelAdmin):
    """What chosen seats cost."""

    list_display = ["characteristic", "cabin", AMOUNT]
    list_filter = ["cabin"]
    ordering = ["cabin", "characteristic"]


@admin.register(Quote)
class QuoteAdmin(ReadOnly):
    """Quotes are made by events only, never by hand."""

    list_display = [
        "reservation_id",
        AMOUNT,
        "fare_basis",
        "refusal",
        "asked_at",
        "updated_at",
    ]
    list_filter = [("refusal", admin.EmptyFieldListFilter)]
    search_fields = ["=reservation_id"]
    ordering = ["-reservation_id"]
