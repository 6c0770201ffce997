"""URLs below `/api/`."""

from datetime import date

from django.urls import path, register_converter

from booking import views


class DateConverter:
    """A date such as 2026-12-01; a path with anything else leads nowhere."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, text: str) -> date:
        """The date; Django takes the ValueError of what is none for a path that is not there."""
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        """The date as a path has it."""
        return day.isoformat()


register_converter(DateConverter, "date")

urlpatterns = [
    path("reservations", views.ReservationList.as_view(), name="reservations"),
    path("departures", views.DepartureSearch.as_view(), name="departures"),
    path(
        "departures/<int:flight_number>/<date:day>",
        views.DepartureDetail.as_view(),
        name="departure",
    ),
    path(
        "departures/<int:flight_number>/<date:day>/seats",
        views.DepartureSeats.as_view(),
        name="departure-seats",
    ),
    path(
        "seat-maps/<int:flight_number>/<date:day>",
        views.SeatMap.as_view(),
        name="seat-map",
    ),
    path(
        "reservations/by-locator/<str:locator>",
        views.ReservationByLocator.as_view(),
        name="reservation-by-locator",
    ),
    path("reservations/<uuid:pk>", views.ReservationDetail.as_view(), name="reservation"),
    path(
        "reservations/<uuid:pk>/cancelation",
        views.ReservationCancelation.as_view(),
        name="reservation-cancelation",
    ),
    path(
        "reservations/<uuid:pk>/cancelation-quotes",
        views.CancelationQuotes.as_view(),
        name="reservation-cancelation-quotes",
    ),
    path(
        "reservations/<uuid:pk>/change",
        views.ReservationChange.as_view(),
        name="reservation-change",
    ),
    path(
        "reservations/<uuid:pk>/change-quotes",
        views.ChangeQuotes.as_view(),
        name="reservation-change-quotes",
    ),
    path(
        "reservations/<uuid:pk>/payment",
        views.ReservationPayment.as_view(),
        name="reservation-payment",
    ),
    path(
        "reservations/<uuid:pk>/timeline",
        views.ReservationTimeline.as_view(),
        name="reservation-timeline",
    ),
]
