"""URLs below `/api/`."""

from django.urls import path

from booking import views

urlpatterns = [
    path("reservations", views.ReservationList.as_view(), name="reservations"),
    path("reservations/<uuid:pk>", views.ReservationDetail.as_view(), name="reservation"),
    path(
        "reservations/<uuid:pk>/timeline",
        views.ReservationTimeline.as_view(),
        name="reservation-timeline",
    ),
]
