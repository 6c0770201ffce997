"""URLs of the pages."""

from django.urls import include, path

handler400 = "web.troubles.bad_request"
handler403 = "web.troubles.denied"
handler404 = "web.troubles.missing"
handler500 = "web.troubles.failed"

urlpatterns = [path("", include("config.health")), path("", include("web.urls"))]
