"""URLs of the booking service."""

from django.urls import include, path

from booking import standing
from config.operations import operations_path
from config.urls import service
from config.urls.service import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

# What is asked most is found first.
urlpatterns = [
    path("api/", include("booking.urls")),
    operations_path(backlogs=standing.backlogs, sold=standing.sold),
    *service.urlpatterns,
]
