"""Which page is where."""

from django.urls import path

from web import views

urlpatterns = [path("operations", views.operations, name="operations")]
