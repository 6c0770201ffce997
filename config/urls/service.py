"""What the URLs of the services with a database share."""

from django.contrib import admin
from django.urls import include, path

from config.openapi import Document

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"

urlpatterns = [
    path("", include("config.health")),
    path("admin/", admin.site.urls),
    path("api/schema", Document.as_view(), name="schema"),
    path("api-auth/", include("rest_framework.urls")),
]
