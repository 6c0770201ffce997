"""How many seats each booking class has sold."""

from collections.abc import Mapping

from django.db.models import Count

from booking.models import Departure, Seat


def seats_sold(departure: Departure, cabin: str) -> Mapping[str, int]:
    """The seats of a cabin that are held or sold, by booking class; what was sold at the list price
    is in none."""
    taken = Seat.objects.filter(
        departure=departure, cabin=cabin, status__in=[Seat.Status.HELD, Seat.Status.SOLD]
    )
    in_a_class = taken.filter(reservation__booking_class__gt="")
    counted = in_a_class.values_list("reservation__booking_class").annotate(seats=Count("pk"))
    return dict(counted)
