"""What the URLs of the services with a database share."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config.openapi import Document

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"

# Operators have the admins of several services open, side by side.
admin.site.site_header = admin.site.site_title = f"Airline reservations: {settings.SERVICE}"
admin.site.site_url = None  # there is nothing at /

urlpatterns = [
    path("", include("config.health")),
    path("admin/", admin.site.urls),
    path("api/schema", Document.as_view(), name="schema"),
    path("api-auth/", include("rest_framework.urls")),
]
