"""The gateway's URLs: what it answers itself, and all else by the table of routes."""

from django.urls import path, re_path

from gateway import documents, views

urlpatterns = [
    path("api/schema", documents.schema),
    path("api/docs", documents.page),
    re_path("", views.forward),
]
