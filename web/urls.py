"""Which page is where."""

from django.urls import path

from web import views

urlpatterns = [
    path("operations", views.operations, name="operations"),
    path("sign-in", views.signing_in, name="sign-in"),
    path("sign-out", views.signing_out, name="sign-out"),
]
