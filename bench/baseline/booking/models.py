"""Reservations, their seats and their events."""

import uuid
from typing import Any

from django.db import models

from bench.baseline.outbox import AppliedMessage, OutboxRow
from bench.baseline.topics import BOOKINGS


class Reservation(models.Model):
    """One seat of one departure."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    passenger_id = models.BigIntegerField()
    flight_number = models.IntegerField()
    departure_date = models.DateField()
    seat_number = models.CharField(max_length=4)
    status = models.CharField(max_length=9, default="PENDING", db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flight_number", "departure_date", "seat_number"], name="baseline_seat"
            )
        ]

    def __str__(self) -> str:
        return f"{self.flight_number} {self.seat_number} {self.status}"

    def as_json(self) -> dict[str, Any]:
        """The reservation as clients see it."""
        return {
            "id": str(self.pk),
            "passenger_id": self.passenger_id,
            "flight_number": self.flight_number,
            "seat_number": self.seat_number,
            "status": self.status,
        }


class BookingOutboxRow(OutboxRow):
    """An event of booking's."""

    topic = models.CharField(max_length=100, default=BOOKINGS)


class BookingAppliedMessage(AppliedMessage):
    """An event that booking has applied."""
