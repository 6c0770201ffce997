"""The HTTP API: parse, one call, render. Nothing here has an effect: prices are asked for."""

from typing import Any

import msgspec
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contracts.callers import OPS, READ
from contracts.quotes import CancelationQuoteRequest, ChangeQuoteRequest
from fare import documents, selectors, services
from fare.messages import Offers, OffersRequest
from fare.models import Quote
from fare.serializers import QuoteSerializer, parsed


def shown(message: msgspec.Struct) -> Response:
    """A message that is true as of now: nobody keeps it."""
    body: Any = msgspec.to_builtins(message)
    return Response(body, headers={"Cache-Control": "no-store"})


class OfferList(APIView):
    """Priced offers."""

    scope = READ

    @documents.LIST_OFFERS
    def post(self, request: Request) -> Response:
        """The offers, the cheapest first."""
        asked = parsed(request.data, OffersRequest)
        return shown(Offers(results=tuple(services.offers(asked, now=timezone.now()))))


class CancelationQuotes(APIView):
    """What cancelations give back."""

    scope = READ

    @documents.QUOTE_CANCELATION
    def post(self, request: Request) -> Response:
        """The quote."""
        return shown(services.quote_cancelation(parsed(request.data, CancelationQuoteRequest)))


class ChangeQuotes(APIView):
    """What changes cost."""

    scope = READ

    @documents.QUOTE_CHANGE
    def post(self, request: Request) -> Response:
        """The quote."""
        return shown(services.quote_change(parsed(request.data, ChangeQuoteRequest)))


class QuoteList(generics.ListAPIView[Quote]):
    """What booking was told, by reservation, newest first."""

    scope = OPS

    serializer_class = QuoteSerializer

    def get_queryset(self) -> QuerySet[Quote]:
        """Every quote."""
        return selectors.quotes()


class QuoteDetail(generics.RetrieveAPIView[Quote]):
    """What booking was told about one reservation."""

    scope = OPS

    serializer_class = QuoteSerializer

    def get_queryset(self) -> QuerySet[Quote]:
        """Every quote."""
        return selectors.quotes()
