"""The gateway's URLs: its index, and everything else by the table of routes in the settings."""

from django.urls import path, re_path

from gateway import views

urlpatterns = [path("", views.index), re_path("", views.forward)]
