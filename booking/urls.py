"""URLs below `/api/`."""

from django.urls import path

from booking import views

urlpatterns = [
    path("reservations", views.ReservationList.as_view(), name="reservations"),
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
