"""The HTTP API: parse, one call, render."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.callers import OPS
from notification import documents, selectors, services
from notification.letters import TEMPLATES
from notification.links import digest_of
from notification.messages import EndpointRequest, RedeliveryRequest
from notification.models import OPTIONAL, Delivery, Endpoint
from notification.presenting import language_for
from notification.serializers import (
    DeliverySerializer,
    EndpointSerializer,
    EndpointWithSecretSerializer,
    RedeliveredSerializer,
    parsed,
)


def whose(request: Request) -> str | None:
    """Whose endpoints the caller has: their own, the staff everybody's (None)."""
    user = request.user
    return None if user.is_staff else user.get_username() or settings.TRIAL_CUSTOMER


class EndpointList(generics.ListAPIView[Endpoint]):
    """The caller's endpoints, newest first; a POST registers one."""

    serializer_class = EndpointSerializer

    def get_queryset(self) -> QuerySet[Endpoint]:
        """The caller's endpoints."""
        return selectors.endpoints(customer_id=whose(self.request))

    @documents.REGISTER
    def post(self, request: Request) -> Response:
        """The endpoint, with the secret that its webhooks are signed with."""
        asked = parsed(request.data, EndpointRequest)
        made = services.register(
            url=asked.url,
            customer_id=whose(request) or "",
            event_types=asked.event_types,
            description=asked.description,
            now=timezone.now(),
        )
        return Response(
            EndpointWithSecretSerializer(made).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": f"{request.path}/{made.pk}", "Cache-Control": "no-store"},
        )


class OfEndpoint(generics.GenericAPIView[Endpoint]):
    """What is done with one endpoint of the caller's."""

    serializer_class: Any = EndpointSerializer

    def get_queryset(self) -> QuerySet[Endpoint]:
        """The caller's endpoints."""
        return selectors.endpoints(customer_id=whose(self.request))


class EndpointDetail(OfEndpoint, generics.RetrieveDestroyAPIView[Endpoint]):
    """One endpoint; a DELETE ends its webhooks, and takes its deliveries along."""

    def perform_destroy(self, instance: Endpoint) -> None:
        """End it."""
        services.remove(instance)


class Secret(OfEndpoint):
    """The secret of an endpoint."""

    @documents.ROTATE
    def post(self, request: Request, pk: Any) -> Response:
        """The endpoint with its new secret."""
        rotated = services.rotate_secret(self.get_object())
        return Response(
            EndpointWithSecretSerializer(rotated).data, headers={"Cache-Control": "no-store"}
        )


class Ping(OfEndpoint):
    """A test message."""

    @documents.PING
    def post(self, request: Request, pk: Any) -> Response:
        """Its delivery, which is on its way."""
        made = services.ping(self.get_object(), now=timezone.now())
        return Response(DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)


class Redeliveries(OfEndpoint):
    """What is sent again."""

    @documents.REDELIVER_SINCE
    def post(self, request: Request, pk: Any) -> Response:
        """How much."""
        endpoint = self.get_object()
        asked = parsed(request.data, RedeliveryRequest)
        count = services.redeliver_since(endpoint, since=asked.since)
        told = RedeliveredSerializer({"redelivered": count}).data
        return Response(told, status=status.HTTP_202_ACCEPTED)


class DeliveriesOfEndpoint(generics.GenericAPIView[Delivery]):
    """What an endpoint of the caller's was sent."""

    serializer_class = DeliverySerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        """The endpoint's deliveries.

        Raises:
            Http404: the caller has no such endpoint.
        """
        found = selectors.endpoints(customer_id=whose(self.request))
        return selectors.deliveries_to(get_object_or_404(found, pk=self.kwargs["pk"]))


class EndpointDeliveries(DeliveriesOfEndpoint, generics.ListAPIView[Delivery]):
    """An endpoint's deliveries, newest first, each with its log."""


class EndpointRedelivery(DeliveriesOfEndpoint):
    """One of an endpoint's deliveries, sent again."""

    lookup_url_kwarg = "delivery"

    @documents.REDELIVER_TO_ENDPOINT
    def post(self, request: Request, pk: Any, delivery: Any) -> Response:
        """The delivery, which is on its way again."""
        return _sent_again(self)


class DeliveryList(generics.ListAPIView[Delivery]):
    """Deliveries, newest first."""

    scope = OPS
    serializer_class = DeliverySerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        """Every delivery."""
        return selectors.deliveries()


class DeliveryDetail(generics.RetrieveAPIView[Delivery]):
    """One delivery and its log."""

    scope = OPS
    serializer_class = DeliverySerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        """Every delivery."""
        return selectors.deliveries()


class Redelivery(generics.GenericAPIView[Delivery]):
    """One delivery, sent again."""

    scope = OPS
    serializer_class = DeliverySerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        """Every delivery."""
        return selectors.deliveries()

    @documents.REDELIVER
    def post(self, request: Request, pk: Any) -> Response:
        """The delivery, which is on its way again."""
        return _sent_again(self)


def _sent_again(view: generics.GenericAPIView[Delivery]) -> Response:
    services.redeliver(view.get_object())
    return Response(DeliverySerializer(view.get_object()).data, status=status.HTTP_202_ACCEPTED)


@method_decorator(csrf_exempt, name="dispatch")  # the signed link is what says who asks
class Unsubscribe(View):
    """The page behind the link in mails. Only a POST changes anything, because whoever looks mails
    through for bad links follows them all (RFC 8058). A mail program's own button posts no choice,
    and wants nothing optional."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Every kind of message, and which of them the address gets."""
        return _page(request, _digest(token), is_done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """A button was pressed, here or in the mail program."""
        digest, now = _digest(token), timezone.now()
        if "choose" in request.POST:
            services.choose_kinds(digest, request.POST.getlist("kind"), now=now)
        else:
            services.opt_out(digest, now=now)
        return _page(request, digest, is_done=True)


def _digest(token: str) -> str:
    try:
        return digest_of(token)
    except signing.BadSignature as error:
        raise Http404 from error


def _page(request: HttpRequest, digest: str, *, is_done: bool) -> HttpResponse:
    language = language_for(translation.get_language_from_request(request))
    wanted = selectors.wanted_kinds(digest)
    kinds = [
        {
            "type": kind,
            "name": TEMPLATES[kind],
            "is_optional": optional,
            "is_wanted": kind in wanted,
        }
        for kind, optional in OPTIONAL.items()
    ]
    with translation.override(language):
        context = {"is_done": is_done, "language": language, "kinds": kinds}
        return render(request, "notification/unsubscribe.html", context)
