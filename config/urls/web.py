"""URLs of the pages."""

from django.urls import include, path

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"

urlpatterns = [path("", include("config.health")), path("", include("web.urls"))]
