"""Which version of a reservation a change was decided on."""

from collections.abc import Container

from rest_framework.exceptions import APIException

from booking.models import Reservation
from booking.selectors import Conflict


class StaleVersion(APIException):
    """The reservation has changed since the caller looked."""

    status_code = 412
    default_code = "stale-version"


class ReservationFinal(Conflict):
    """The reservation has come to its end."""

    default_code = "reservation-final"


def must_be_current(reservation: Reservation, versions: Container[int]) -> None:
    """Refuse a change that was decided on another version.

    Raises:
        StaleVersion: saying which version there is now.
    """
    if reservation.version not in versions:
        raise StaleVersion(f"The reservation is at version {reservation.version}: look again.")


def must_live(reservation: Reservation) -> None:
    """Refuse to change what has ended.

    Raises:
        ReservationFinal: saying how.
    """
    if not reservation.TRANSITIONS[reservation.status]:
        raise ReservationFinal(f"The reservation is {reservation.status}.")
