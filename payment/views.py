"""The HTTP API: what was paid, to be looked at. Whatever has an effect comes by event."""

from django.db.models import QuerySet
from rest_framework import generics

from payment import selectors
from payment.models import Payment
from payment.serializers import PaymentSerializer


class PaymentList(generics.ListAPIView[Payment]):
    """Payments, newest first."""

    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        """Every payment."""
        return selectors.payments()


class PaymentDetail(generics.RetrieveAPIView[Payment]):
    """The payment of one reservation."""

    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        """Every payment."""
        return selectors.payments()
