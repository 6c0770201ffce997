"""URLs of the notification service."""

from django.urls import include, path

from config.operations import operations_path
from config.urls import service
from config.urls.service import handler400, handler403, handler404, handler500
from notification import standing
from notification.views import Unsubscribe

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *service.urlpatterns,
    operations_path(backlogs=standing.backlogs),
    path("api/", include("notification.urls")),
    path("unsubscribe/<str:token>", Unsubscribe.as_view(), name="unsubscribe"),
]
