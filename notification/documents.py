"""What the OpenAPI document says of each operation: what it takes, gives and refuses.

The bodies of requests are msgspec's Structs; their schemas are put among the document's components.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ValidationError

from notification.messages import EndpointRequest, RedeliveryRequest
from notification.serializers import (
    DeliverySerializer,
    EndpointWithSecretSerializer,
    RedeliveredSerializer,
)
from notification.services import NotRedeliverable, TooManyEndpoints, UnfitUrl

Method = TypeVar("Method", bound=Callable[..., Any])

MESSAGES: Final = (EndpointRequest, RedeliveryRequest)
COMPONENT: Final = "#/components/schemas/{name}"


def add_messages(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the document with the schemas of the messages."""
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=COMPONENT)
    components = {**result["components"]["schemas"], **schemas}
    result["components"]["schemas"] = dict(sorted(components.items()))
    return result


def operation(
    *,
    takes: type[msgspec.Struct] | None = None,
    refusals: tuple[type[APIException], ...] = (),
    **told: Any,
) -> Callable[[Method], Method]:
    """Describe a view's method.

    Args:
        takes: the body that must be sent, if any.
        refusals: the exceptions that it answers with.
        told: what `extend_schema` takes.
    """
    body = {"application/json": {"$ref": COMPONENT.format(name=takes.__name__)}} if takes else None

    def describe(method: Method) -> Method:
        vars(method).update(refusals=refusals, needs_body=takes is not None)
        return extend_schema(request=body, **told)(method)

    return describe


REGISTER = operation(
    operation_id="register_endpoint",
    summary="Have webhooks sent to a URL",
    description=(
        "From the next event on, signed after the Standard Webhooks specification with the secret "
        "that the answer has, and no later one."
    ),
    takes=EndpointRequest,
    responses={201: EndpointWithSecretSerializer},
    refusals=(ValidationError, UnfitUrl, TooManyEndpoints),
)
ROTATE = operation(
    operation_id="rotate_secret",
    summary="A new secret",
    description="Webhooks are signed with it and with the one before, until the next is asked for.",
    responses={200: EndpointWithSecretSerializer},
)
PING = operation(
    operation_id="ping_endpoint",
    summary="Have a test message sent",
    responses={202: DeliverySerializer},
)
REDELIVER_SINCE = operation(
    operation_id="redeliver_since",
    summary="Have everything since a time sent again",
    description="Under the ids that it had. What is on its way already is left alone.",
    takes=RedeliveryRequest,
    responses={202: RedeliveredSerializer},
    refusals=(ValidationError,),
)
REDELIVER_TO_ENDPOINT = operation(
    operation_id="redeliver_to_endpoint",
    summary="Have one of an endpoint's deliveries sent again",
    responses={202: DeliverySerializer},
    refusals=(NotRedeliverable,),
)
REDELIVER = operation(
    operation_id="redeliver",
    summary="Have one delivery sent again",
    responses={202: DeliverySerializer},
    refusals=(NotRedeliverable,),
)
