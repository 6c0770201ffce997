"""URLs below `/api/`."""

from django.urls import path

from payment import views

urlpatterns = [
    path("payments", views.PaymentList.as_view(), name="payments"),
    path("payments/<uuid:pk>", views.PaymentDetail.as_view(), name="payment"),
]
