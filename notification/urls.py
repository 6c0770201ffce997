"""URLs below `/api/`."""

from django.urls import path

from notification import views

endpoint = "webhooks/<uuid:pk>"

urlpatterns = [
    path("webhooks", views.EndpointList.as_view(), name="endpoints"),
    path(endpoint, views.EndpointDetail.as_view(), name="endpoint"),
    path(f"{endpoint}/secret", views.Secret.as_view(), name="secret"),
    path(f"{endpoint}/ping", views.Ping.as_view(), name="ping"),
    path(f"{endpoint}/redeliveries", views.Redeliveries.as_view(), name="redeliveries"),
    path(f"{endpoint}/deliveries", views.EndpointDeliveries.as_view(), name="endpoint-deliveries"),
    path(
        f"{endpoint}/deliveries/<uuid:delivery>/redelivery",
        views.EndpointRedelivery.as_view(),
        name="endpoint-redelivery",
    ),
    path("deliveries", views.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/<uuid:pk>", views.DeliveryDetail.as_view(), name="delivery"),
    path("deliveries/<uuid:pk>/redelivery", views.Redelivery.as_view(), name="redelivery"),
]
