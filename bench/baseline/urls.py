"""The baseline's URLs: a gateway knows where booking is, booking does not."""

from django.conf import settings
from django.urls import path

from bench.baseline import gateway
from bench.baseline.booking import views

urlpatterns = (
    [path("<path:path>", gateway.forward)]
    if settings.BOOKING_URL
    else [
        path("api/reservations", views.reserve),
        path("api/reservations/<uuid:reservation_id>", views.reservation),
    ]
)
