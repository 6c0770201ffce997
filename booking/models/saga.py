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

    `deadline_at` is when the saga has waited long enough; NULL where it has no deadline, or is
    over. The numbers are those of the payment operations that it has asked for, or takes back.
    """

    class Kind(models.TextChoices):
        """What the saga is for."""

        BUYING = "BUYING"
        CANCELING = "CANCELING"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="sagas")
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=20)
    live = models.UUIDField(null=True, unique=True)
    deadline_at = models.DateTimeField(null=True, blank=True, db_index=True)
    authorization_number = models.PositiveIntegerField(null=True, blank=True)
    void_number = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "saga"

    def __str__(self) -> str:
        return f"{self.kind} {self.step}"

    def move_to(self, step: str, *, ends: bool, now: datetime) -> None:
        """Change the step by compare-and-set, and store the numbers of the payment operations.

        Args:
            step: the next step's name.
            ends: whether the saga is over with it.
            now: the time of the change.

        Raises:
            LostRace: the saga has moved since it was read.
        """
        changes = {
            "step": step,
            "live": None if ends else self.live,
            "deadline_at": None if ends else self.deadline_at,
            "authorization_number": self.authorization_number,
            "void_number": self.void_number,
            "updated_at": now,
        }
        if not Saga.objects.filter(pk=self.pk, step=self.step).update(**changes):
            raise LostRace(f"saga {self.pk} has left {self.step}")
        for name, value in changes.items():
            setattr(self, name, value)
