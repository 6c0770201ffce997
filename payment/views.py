"""The HTTP API: what was paid, to be looked at. Whatever has an effect comes by event, or by a
processor's signed webhook."""

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import selectors, services
from payment.models import Payment
from payment.processors.wire import (
    SIGNATURE_HEADER,
    UNREADABLE,
    BadSignature,
    Outcome,
    verify,
)
from payment.serializers import PaymentSerializer


def whose(request: Request) -> str | None:
    """Whose payments the caller may see: their own, the staff everybody's (None)."""
    user = request.user
    return None if user.is_staff else user.get_username() or settings.TRIAL_CUSTOMER


class PaymentList(generics.ListAPIView[Payment]):
    """Payments, newest first."""

    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        """The caller's payments."""
        return selectors.payments(customer_id=whose(self.request))


class PaymentDetail(generics.RetrieveAPIView[Payment]):
    """The payment of one reservation."""

    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        """The caller's payments."""
        return selectors.payments(customer_id=whose(self.request))


class BadWebhook(exceptions.APIException):
    """Whoever posted it is not the processor, or not just now."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_code = "bad-signature"


class Contradiction(exceptions.APIException):
    """Not what is recorded: 409, so that the sender tries again and somebody looks."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "outcome-contradicted"


@extend_schema(exclude=True)  # no client's: what processors say is in `payment.processors.wire`
class Webhook(APIView):
    """A processor tells how an operation ended; it is who it says because it signs."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request, processor: str) -> Response:
        """204 when it is recorded, now or before."""
        told = _outcome(_signed_body(request, processor))
        if told.status == "pending":
            return Response(status=status.HTTP_204_NO_CONTENT)
        try:
            services.receive_outcome(told.transaction(), now=timezone.now())
        except services.UnknownOperation as error:
            raise Http404 from error
        except services.ContradictoryOutcome as error:
            raise Contradiction(str(error)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def _signed_body(request: Request, processor: str) -> bytes:
    """The body, once it is known to be the processor's."""
    secret = settings.WEBHOOK_SECRETS.get(processor)
    if not secret:
        raise Http404
    body: bytes = request._request.body
    signature = request.headers.get(SIGNATURE_HEADER, "")
    try:
        verify(body, signature=signature, secret=secret, at=int(timezone.now().timestamp()))
    except BadSignature as error:
        raise BadWebhook(str(error)) from error
    return body


def _outcome(body: bytes) -> Outcome:
    try:
        return msgspec.json.decode(body, type=Outcome)
    except UNREADABLE as error:
        raise exceptions.ParseError(str(error)) from error
