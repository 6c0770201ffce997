"""The HTTP API: parse, one call, render."""

from datetime import date
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from booking import documents, selectors, services
from booking.models import Reservation, TimelineEntry
from booking.preconditions import AnsweredOnce, customer_of, entity_tag, versions_of
from booking.serializers import (
    CancelationQuoteSerializer,
    CancelationRequest,
    ChangeQuoteRequest,
    ChangeQuoteSerializer,
    ChangeRequest,
    DepartureQuery,
    DepartureSerializer,
    PaymentRequest,
    ReservationFilters,
    ReservationRequest,
    ReservationSerializer,
    ReservationWithParty,
    SeatMapSerializer,
    SeatsRequest,
    Shown,
    StrictSerializer,
    SurnameRequest,
    TimelineEntrySerializer,
    hold_of,
    locator_of,
)

RESERVATION: Final = Shown(ReservationWithParty())
DEPARTURE: Final = Shown(DepartureSerializer())
CANCELATION_QUOTE: Final = Shown(CancelationQuoteSerializer())
CHANGE_QUOTE: Final = Shown(ChangeQuoteSerializer())
SEAT_MAP: Final = Shown(SeatMapSerializer())
# What is left is told as it is now: a copy of the answer would offer what is sold.
NOT_KEPT: Final = {"Cache-Control": "no-store"}


def whose(request: Request) -> str | None:
    """Whose reservations the caller may see and change: their own, the staff everybody's (None)."""
    return None if request.user.is_staff else customer_of(request)


def shown(reservation: Reservation, code: int = status.HTTP_200_OK, **headers: str) -> Response:
    """A reservation with its version."""
    return Response(
        RESERVATION(reservation),
        status=code,
        headers={"ETag": entity_tag(reservation), **headers},
    )


@extend_schema_view(get=documents.LIST_RESERVATIONS, post=documents.CREATE_RESERVATION)
class ReservationList(AnsweredOnce, generics.ListAPIView[Reservation]):
    """Reservations, newest first; a POST holds seats and answers before they are paid."""

    def get_queryset(self) -> QuerySet[Reservation]:
        """The caller's reservations that the query asks for."""
        asked = ReservationFilters(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return selectors.filtered(customer_id=whose(self.request), **asked.validated_data)

    def get_serializer_class(self) -> Any:
        """What a POST takes differs from what a GET gives."""
        return ReservationRequest if self.request.method == "POST" else ReservationSerializer

    def make(self, request: Request, **kwargs: Any) -> Response:
        """Hold the seats; payment and confirmation follow by events."""
        hold = hold_of(request.query_params)
        asked = ReservationRequest(data=request.data, context={"hold": hold})
        asked.is_valid(raise_exception=True)
        reservation = services.create_reservation(
            **asked.validated_data, customer_id=customer_of(request), now=timezone.now()
        )
        # What `reverse` would find: a reservation is below the list.
        location = f"{request.path}/{reservation.pk}"
        return shown(reservation, status.HTTP_201_CREATED, Location=location)


@extend_schema_view(get=documents.GET_RESERVATION, patch=documents.CHANGE_SEATS)
class ReservationDetail(generics.GenericAPIView[Reservation]):
    """One reservation; a PATCH gives its passengers other seats."""

    serializer_class: Any = SeatsRequest

    def get_queryset(self) -> QuerySet[Reservation]:
        """The caller's reservations."""
        return selectors.filtered(customer_id=whose(self.request))

    def get(self, request: Request, pk: Any) -> Response:
        """The reservation with its passengers."""
        return shown(selectors.reservation_of(pk, customer_id=whose(request)))

    def patch(self, request: Request, pk: Any) -> Response:
        """Change seats, if the reservation is still as the caller saw it."""
        selectors.must_exist(pk, customer_id=whose(request))
        versions = versions_of(request)
        asked = SeatsRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        reservation = services.change_seats(
            reservation_id=pk,
            customer_id=whose(request),
            versions=versions,
            now=timezone.now(),
            **asked.validated_data,
        )
        return shown(reservation)


@extend_schema_view(get=documents.FIND_RESERVATION)
class ReservationByLocator(generics.GenericAPIView[Reservation]):
    """One reservation, for who knows its record locator and a passenger's surname."""

    def get(self, request: Request, locator: str) -> Response:
        """The reservation with its passengers."""
        asked = SurnameRequest(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = selectors.by_locator(
            locator_of(locator), customer_id=whose(request), **asked.validated_data
        )
        return shown(found)


@extend_schema_view(post=documents.CANCEL_RESERVATION)
class ReservationCancelation(AnsweredOnce):
    """A POST gives a reservation up."""

    queryset = Reservation.objects.none()
    serializer_class: Any = CancelationRequest

    def make(self, request: Request, **kwargs: Any) -> Response:
        """Cancel, if the reservation is still as the caller saw it; while it is being changed the
        cancelation is only noted."""
        pk = kwargs["pk"]
        selectors.must_exist(pk, customer_id=whose(request))
        asked = CancelationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        reservation = services.cancel_reservation(
            reservation_id=pk,
            customer_id=whose(request),
            versions=versions_of(request),
            now=timezone.now(),
            **asked.validated_data,
        )
        is_done = reservation.status == Reservation.Status.CANCELED
        return shown(reservation, status.HTTP_200_OK if is_done else status.HTTP_202_ACCEPTED)


class Quotes(AnsweredOnce):
    """A POST asks what something would come to. Fare is asked, and nothing is written."""

    queryset = Reservation.objects.none()
    has_effect = False


@extend_schema_view(post=documents.QUOTE_CANCELATION)
class CancelationQuotes(Quotes):
    """What a cancelation would give back, and the id by which it is confirmed."""

    # Its body is an empty object; the browsable API makes the form from this.
    serializer_class: Any = StrictSerializer

    def make(self, request: Request, **kwargs: Any) -> Response:
        """The quote."""
        pk = kwargs["pk"]
        selectors.must_exist(pk, customer_id=whose(request))
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        quoted = services.quote_cancelation(
            reservation_id=pk, customer_id=whose(request), now=timezone.now()
        )
        return Response(CANCELATION_QUOTE(quoted), headers=NOT_KEPT)


@extend_schema_view(post=documents.QUOTE_CHANGE)
class ChangeQuotes(Quotes):
    """What another departure would cost, and the id by which it is confirmed."""

    serializer_class: Any = ChangeQuoteRequest

    def make(self, request: Request, **kwargs: Any) -> Response:
        """The quote."""
        pk = kwargs["pk"]
        selectors.must_exist(pk, customer_id=whose(request))
        asked = ChangeQuoteRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        quoted = services.quote_change(
            reservation_id=pk,
            customer_id=whose(request),
            now=timezone.now(),
            **asked.validated_data,
        )
        return Response(CHANGE_QUOTE(quoted), headers=NOT_KEPT)


@extend_schema_view(post=documents.CHANGE_DEPARTURE)
class ReservationChange(AnsweredOnce):
    """A POST changes a reservation to another departure, as it was quoted."""

    queryset = Reservation.objects.none()
    serializer_class: Any = ChangeRequest

    def make(self, request: Request, **kwargs: Any) -> Response:
        """Change it, if it is still as the caller saw it; what has to be paid for first follows by
        events."""
        pk = kwargs["pk"]
        selectors.must_exist(pk, customer_id=whose(request))
        versions = versions_of(request)
        asked = ChangeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        changing = services.change_departure(
            reservation_id=pk,
            customer_id=whose(request),
            versions=versions,
            now=timezone.now(),
            **asked.validated_data,
        )
        code = status.HTTP_200_OK if changing.has_arrived else status.HTTP_202_ACCEPTED
        return shown(changing.reservation, code)


@extend_schema_view(post=documents.PAY_RESERVATION)
class ReservationPayment(AnsweredOnce):
    """A POST pays for what was only held."""

    queryset = Reservation.objects.none()
    serializer_class = PaymentRequest

    def make(self, request: Request, **kwargs: Any) -> Response:
        """Ask for the payment; its answer comes by an event."""
        pk = kwargs["pk"]
        selectors.must_exist(pk, customer_id=whose(request))
        asked = PaymentRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        reservation = services.pay_reservation(
            reservation_id=pk,
            customer_id=whose(request),
            now=timezone.now(),
            **asked.validated_data,
        )
        return shown(reservation, status.HTTP_202_ACCEPTED)


@extend_schema_view(get=documents.GET_TIMELINE)
class ReservationTimeline(generics.GenericAPIView[TimelineEntry]):
    """What happened to one reservation, oldest first."""

    serializer_class = TimelineEntrySerializer

    def get_queryset(self) -> QuerySet[TimelineEntry]:
        """The reservation's entries."""
        return selectors.timeline(self.kwargs["pk"])

    def get(self, request: Request, pk: Any) -> Response:
        """All of it: a timeline is short."""
        selectors.must_exist(pk, customer_id=whose(request))
        entries = self.get_serializer(self.get_queryset(), many=True)
        return Response({"results": entries.data})


@extend_schema_view(get=documents.SEARCH_DEPARTURES)
class DepartureSearch(generics.GenericAPIView[Any]):
    """The departures of a route and a local date that sell now, in the order in which they leave.

    The query says `origin`, `destination` and `date`, and may say `seats`, `cabin` and
    `flight_number`.
    """

    serializer_class = DepartureSerializer
    # All of it: a route is not flown more than some times a day.
    pagination_class = None

    def get(self, request: Request) -> Response:
        """Those with room for all, and what is left of each."""
        asked = DepartureQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = selectors.search(**asked.validated_data, now=timezone.now())
        results = [DEPARTURE(one) for one in found]
        return Response({"results": results}, headers=NOT_KEPT)


@extend_schema_view(get=documents.GET_DEPARTURE)
class DepartureDetail(generics.GenericAPIView[Any]):
    """One departure, whatever its status, and what is left of it."""

    serializer_class = DepartureSerializer

    def get(self, request: Request, flight_number: int, day: date) -> Response:
        """The departure with its cabins."""
        found = selectors.availability_on(flight_number, day)
        return Response(DEPARTURE(found), headers=NOT_KEPT)


@extend_schema_view(get=documents.GET_SEAT_MAP)
class SeatMap(generics.GenericAPIView[Any]):
    """One departure, whatever its status, with every seat as it is now."""

    serializer_class = SeatMapSerializer

    def get(self, request: Request, flight_number: int, day: date) -> Response:
        """The departure with its cabins and its seats."""
        found = selectors.seat_map(flight_number, day)
        return Response(SEAT_MAP(found), headers=NOT_KEPT)


@extend_schema_view(get=documents.GET_DEPARTURE_SEATS)
class DepartureSeats(SeatMap):
    """The seat map, where one comes by it from its departure."""
