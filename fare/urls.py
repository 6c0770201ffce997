"""URLs below `/api/`."""

from django.urls import path

from fare import views

urlpatterns = [
    path("offers", views.OfferList.as_view(), name="offers"),
    path("cancelation-quotes", views.CancelationQuotes.as_view(), name="cancelation-quotes"),
    path("change-quotes", views.ChangeQuotes.as_view(), name="change-quotes"),
    path("quotes", views.QuoteList.as_view(), name="quotes"),
    path("quotes/<uuid:pk>", views.QuoteDetail.as_view(), name="quote"),
]
