"""The durable row of a saga; what its steps mean is the table in `booking/saga.py`."""

from datetime import datetime

from django.db import models
from uuid_utils.compat import uuid7

from booking.models.reservation import Reservation
from outbox.transactions import LostRace


class Saga(models.Model):
    """One run of a saga over one reservation.

    `live` is the reservation's id while the saga runs and NULL afterwards: its unique constraint
    holds that a reservation has at most one live saga (MariaDB has no conditional constraint).
    """

    class Kind(models.TextChoices):
        """What the saga is for."""

        BUYING = "BUYING"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="sagas")
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=20)
    live = models.UUIDField(null=True, unique=True)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "saga"

    def __str__(self) -> str:
        return f"{self.kind} {self.step}"

    def move_to(self, step: str, *, ends: bool, now: datetime) -> None:
        """Change the step by compare-and-set.

        Args:
            step: the next step's name.
            ends: whether the saga is over with it.
            now: the time of the change.

        Raises:
            LostRace: the saga has moved since it was read.
        """
        live = None if ends else self.live
        unchanged = Saga.objects.filter(pk=self.pk, step=self.step)
        if not unchanged.update(step=step, live=live, updated_at=now):
            raise LostRace(f"saga {self.pk} has left {self.step}")
        self.step, self.live, self.updated_at = step, live, now
