"""URLs of the payment service."""

from django.urls import include, path

from config.operations import operations_path
from config.urls import service
from config.urls.service import handler400, handler403, handler404, handler500
from payment import standing
from payment.views import Webhook

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *service.urlpatterns,
    operations_path(backlogs=standing.backlogs),
    path("api/", include("payment.urls")),
    path("payments/webhooks/<slug:processor>", Webhook.as_view(), name="webhook"),
]
