"""The durable row of a saga; what its steps mean is the table in `booking/saga.py`."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from booking.models.inventory import Departure
from booking.models.reservation import Reservation
from outbox.instances import Quick
from outbox.prepared import Argument, Update, argument
from outbox.transactions import LostRace


class Saga(Quick):
    """One run of a saga over one reservation.

    `live` is the reservation's id while the saga runs and NULL afterwards: its unique constraint
    holds that a reservation has at most one live saga (MariaDB has no conditional constraint).

    `deadline_at` is when the saga has waited long enough; NULL where it waits for an operator, or
    is over. `attempts` is how often the step has asked for what it waits for. `stuck_at` is since
    when an operator has to look: the saga keeps its step, and goes on by itself all the same when
    the awaited event comes.

    The numbers are those of the payment operations that it has asked for. `refused_number` is that
    of a refund which got a definite no: to try again is another operation. `returned_number` is
    that of a refund which got a yes. From `first_refund_number` to `refund_number` all are its
    refunds, asked for one after the other.

    `amount` is what its own authorization is for, `captured_amount` what was charged under it, and
    `refunded_amount` what of that has been given back, by this saga or a later one.
    `refund_amount` is what the refund is for that was asked for last; a saga that has charged
    nothing has in `authorization_number` whose charge that is about. `kept_amount` is what is
    kept of all that the reservation was charged, once the saga is over.

    A change wants the `wanted_departure`, and has in `agreed_change` what was agreed on. A
    cancelation that comes while it is under way is recorded, in `canceled_by` and
    `cancel_settlement`, and starts when the change has ended.

    `payment_token` is kept only while the card is still to be asked.
    """

    class Kind(models.TextChoices):
        """What the saga is for."""

        BUYING = "BUYING"
        CANCELING = "CANCELING"
        CHANGING = "CHANGING"

    NUMBERS: Final = (
        "authorization_number",
        "capture_number",
        "void_number",
        "refund_number",
        "first_refund_number",
        "refused_number",
        "returned_number",
    )
    # What it has learned of answers and requests.
    FACTS: Final = (
        "amount",
        "captured_amount",
        "refunded_amount",
        "refund_amount",
        "kept_amount",
        "canceled_by",
        "cancel_settlement",
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="sagas")
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=20)
    live = models.UUIDField(null=True, unique=True)
    version = models.PositiveIntegerField(default=1)
    deadline_at = models.DateTimeField(null=True, blank=True, db_index=True)
    attempts = models.PositiveIntegerField(default=1)
    stuck_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")
    authorization_number = models.PositiveIntegerField(null=True, blank=True)
    capture_number = models.PositiveIntegerField(null=True, blank=True)
    void_number = models.PositiveIntegerField(null=True, blank=True)
    refund_number = models.PositiveIntegerField(null=True, blank=True)
    first_refund_number = models.PositiveIntegerField(null=True, blank=True)
    refused_number = models.PositiveIntegerField(null=True, blank=True)
    returned_number = models.PositiveIntegerField(null=True, blank=True)
    amount = models.PositiveBigIntegerField(default=0)
    captured_amount = models.PositiveBigIntegerField(default=0)
    refunded_amount = models.PositiveBigIntegerField(default=0)
    refund_amount = models.PositiveBigIntegerField(default=0)
    kept_amount = models.PositiveBigIntegerField(default=0)
    wanted_departure = models.ForeignKey(
        Departure, on_delete=models.PROTECT, null=True, blank=True, related_name="changes"
    )
    agreed_change = models.JSONField(null=True, blank=True, editable=False)
    canceled_by = models.CharField(max_length=30, blank=True, default="")
    cancel_settlement = models.JSONField(null=True, blank=True, editable=False)
    # The processor's token for the card, for what the saga is to ask of it later.
    payment_token = models.CharField(max_length=200, blank=True, default="", editable=False)
    started_at = models.DateTimeField()
    entered_at = models.DateTimeField(help_text="since when the saga is at its step")
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "saga"
        constraints = [
            models.CheckConstraint(
                name="saga_refund_within_charge",
                condition=models.Q(captured_amount__gte=F("refunded_amount")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.step}"

    @property
    def wanted(self) -> Departure:
        """The departure that a change wants.

        Raises:
            ValueError: this is no change.
        """
        if self.wanted_departure is None:
            raise ValueError(f"{self} wants no departure")
        return self.wanted_departure

    @property
    def has_arrived(self) -> bool:
        """Whether the reservation is on the departure that a change wants."""
        return self.reservation.departure_id == self.wanted.pk

    def change(self, *, now: datetime, wait: timedelta | None = None, **changes: Any) -> None:
        """Set fields by compare-and-set on the version, and store the operations' numbers, the
        facts and the card's token.

        Args:
            now: the time of the change.
            wait: the deadline is so long after now, by the database's clock; it is read back when
                it is asked for.
            changes: values.

        Raises:
            LostRace: the saga has changed since it was read.
        """
        stored = (*self.NUMBERS, *self.FACTS, "payment_token")
        changes |= {name: getattr(self, name) for name in stored} | {"updated_at": now}
        read = {"pk": self.pk, "read version": self.version, "wait": wait}
        lost = LostRace(f"saga {self.pk} has changed since it was at {self.step}")
        self._changing(tuple(changes), wait is not None).later(1, lost, **read, **changes)
        self.version += 1
        for name, value in changes.items():
            setattr(self, name, value)
        if wait is not None:
            self.__dict__.pop("deadline_at", None)

    @classmethod
    @cache
    def _changing(cls, changed: tuple[str, ...], waits: bool) -> Update:
        version = argument(cls, "version", "read version")
        unchanged = cls.objects.filter(pk=argument(cls, "pk"), version=version)
        changes: dict[str, Any] = {name: argument(cls, name) for name in changed}
        if waits:
            changes["deadline_at"] = Now() + Argument("wait", models.DurationField())
        return Update(unchanged, **changes, version=F("version") + 1)


class SagaIntervention(models.Model):
    """What an operator did with a saga, and why. Only ever added to."""

    class Action(models.TextChoices):
        """Asking again; giving the reservation up; ending the saga without the awaited answer."""

        RETRY = "retry"
        COMPENSATE = "compensate"
        FORCE_COMPLETE = "force-complete"

    saga = models.ForeignKey(Saga, on_delete=models.PROTECT, related_name="interventions")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=14, choices=Action)
    before = models.CharField(max_length=20, help_text="the saga's step")
    after = models.CharField(max_length=20, help_text="the saga's step")
    reason = models.CharField(max_length=300)

    class Meta:
        db_table = "saga_intervention"

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.saga_id}"
