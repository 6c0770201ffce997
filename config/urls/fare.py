"""URLs of the fare service."""

from django.urls import include, path

from config.operations import operations_path
from config.urls import service
from config.urls.service import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *service.urlpatterns,
    operations_path(),
    path("api/", include("fare.urls")),
]
