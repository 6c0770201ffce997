"""The HTTP API: parse, one call, render."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from booking import selectors, services
from booking.models import Reservation, TimelineEntry
from booking.serializers import (
    ReservationRequest,
    ReservationSerializer,
    TimelineEntrySerializer,
)


def customer_of(request: Request) -> str:
    """Who asks: the signed-in user, or the trial customer where anonymous access is allowed."""
    return request.user.get_username() or settings.TRIAL_CUSTOMER


class ReservationList(generics.ListCreateAPIView[Reservation]):
    """Reservations, newest first; a POST holds a seat and answers before it is paid."""

    def get_queryset(self) -> QuerySet[Reservation]:
        """Every reservation."""
        return selectors.reservations()

    def get_serializer_class(self) -> Any:
        """What a POST takes differs from what a GET gives."""
        return ReservationRequest if self.request.method == "POST" else ReservationSerializer

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hold the seat; payment and confirmation follow by events."""
        asked = ReservationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        reservation = services.create_reservation(
            **asked.validated_data, customer_id=customer_of(request), now=timezone.now()
        )
        return Response(
            # A plain dictionary: the browsable API takes the serializer that comes with the data
            # for its form's, and would show a form without fields.
            dict(ReservationSerializer(reservation).data),
            status=status.HTTP_201_CREATED,
            headers={"Location": reverse("reservation", args=[reservation.pk])},
        )


class ReservationDetail(generics.RetrieveAPIView[Reservation]):
    """One reservation."""

    serializer_class = ReservationSerializer

    def get_queryset(self) -> QuerySet[Reservation]:
        """Every reservation."""
        return selectors.reservations()


class ReservationTimeline(generics.ListAPIView[TimelineEntry]):
    """What happened to one reservation, oldest first."""

    serializer_class = TimelineEntrySerializer

    def get_queryset(self) -> QuerySet[TimelineEntry]:
        """The reservation's entries."""
        return selectors.timeline(self.kwargs["pk"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All of it: a timeline is short."""
        get_object_or_404(Reservation, pk=kwargs["pk"])
        entries = self.get_serializer(self.get_queryset(), many=True)
        return Response({"results": entries.data})
