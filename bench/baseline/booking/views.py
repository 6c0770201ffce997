"""Reservations over HTTP."""

import json
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse

from bench.baseline.booking.models import BookingOutboxRow, Reservation


def reserve(request: HttpRequest) -> JsonResponse:
    """Take a seat, and ask for its payment by an event in the same transaction."""
    asked = json.loads(request.body)
    try:
        with transaction.atomic():
            made = Reservation.objects.create(
                passenger_id=asked["passenger_id"],
                flight_number=asked["flight_number"],
                departure_date=date.fromisoformat(asked["departure_date"]),
                seat_number=asked["seat_number"],
            )
            BookingOutboxRow.objects.create(
                key=str(made.pk), type="ReservationCreated", payload=made.as_json()
            )
    except IntegrityError:
        return JsonResponse({"detail": "The seat is taken."}, status=409)
    return JsonResponse(made.as_json(), status=201)


def reservation(request: HttpRequest, reservation_id: UUID) -> JsonResponse:
    """One reservation."""
    found = Reservation.objects.filter(pk=reservation_id).first()
    if found is None:
        return JsonResponse({"detail": "There is no such reservation."}, status=404)
    return JsonResponse(found.as_json())
