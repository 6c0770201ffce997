"""What a reservation owes, as booking's events say."""

from datetime import datetime
from uuid import UUID

from outbox.transactions import unit_of_work
from payment.models import Payment


@unit_of_work
def note_owed(reservation_id: UUID, *, amount: int, currency: str, now: datetime) -> None:
    """Note what is to be kept of a reservation's payment in the end.

    Args:
        reservation_id: whose.
        amount: in minor units of `currency`.
        currency: ISO 4217.
        now: when.

    Raises:
        OtherCurrency: the reservation's payment is in another currency.
    """
    Payment.locked(reservation_id, currency=currency, now=now).owe(amount, now=now)


@unit_of_work
def note_nothing_owed(reservation_id: UUID, *, now: datetime) -> None:
    """Note that nothing is to be kept; a reservation without a payment gets none by it."""
    for payment in Payment.objects.select_for_update().filter(pk=reservation_id):
        payment.owe(0, now=now)
