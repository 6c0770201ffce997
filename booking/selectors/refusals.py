"""Why there is no such departure or seat, or none that can be had."""

from typing import Final

from rest_framework.exceptions import APIException, NotFound


class UnknownFlight(NotFound):
    """No such flight number."""

    default_code = "unknown-flight"


class UnknownDeparture(NotFound):
    """The flight does not leave on that date."""

    default_code = "unknown-departure"


class UnknownSeat(NotFound):
    """The flight's aircraft has no such seat, or not in that cabin."""

    default_code = "unknown-seat"


class UnknownCabin(NotFound):
    """The flight's aircraft has no such cabin."""

    default_code = "unknown-cabin"


class Conflict(APIException):
    """What is asked for cannot be done as things are now."""

    status_code = 409


class DepartureClosed(Conflict):
    """Check-in has closed."""

    default_code = "departure-closed"


class DepartureDeparted(Conflict):
    """The departure has left."""

    default_code = "departure-departed"


class DepartureCanceled(Conflict):
    """The departure does not leave."""

    default_code = "departure-canceled"


class SeatTaken(Conflict):
    """Seats are not free; `seats` names them, `nearest_free` up to five others."""

    default_code = "seat-taken"
    documented_members: Final = {"seats": list[str], "nearest_free": list[str]}

    def __init__(self, detail: str, *, seats: list[str], nearest_free: list[str]) -> None:
        super().__init__(detail)
        self.members = {"seats": seats, "nearest_free": nearest_free}


class NoSeatsLeft(Conflict):
    """There are not as many free seats as there are passengers without one."""

    default_code = "no-seats-left"


class MixedCabins(APIException):
    """The seats of one reservation are in one cabin."""

    status_code = 400
    default_code = "mixed-cabins"
