"""Which page is where."""

from datetime import date

from django.urls import path, register_converter

from web.views import booking, managing, operations, signing


class DayConverter:
    """A date in an address, as RFC 3339 writes it."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """The date; ValueError, which Django takes for an unknown address, where there is none."""
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        """As it stands in an address."""
        return str(value)


register_converter(DayConverter, "day")

departure = "departures/<int:flight_number>/<day:day>"
reservation = "reservations/<uuid:reservation_id>"

urlpatterns = [
    path("", booking.home, name="home"),
    path("departures", booking.departures, name="departures"),
    path(f"{departure}/seats", booking.seats, name="seats"),
    path(f"{departure}/passengers", booking.passengers, name="passengers"),
    path("reservations", managing.find, name="find"),
    path(reservation, managing.reservation, name="reservation"),
    path(f"{reservation}/payment", managing.payment, name="payment"),
    path(f"{reservation}/seat", managing.seat, name="seat"),
    path(f"{reservation}/cancelation", managing.cancelation, name="cancelation"),
    path("operations", operations.operations, name="operations"),
    path("sign-in", signing.signing_in, name="sign-in"),
    path("sign-out", signing.signing_out, name="sign-out"),
]
