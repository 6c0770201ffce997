"""The bodies of requests."""

from typing import Annotated, Literal

import msgspec

from contracts.values import Moment

EventType = Literal[
    "booking.ReservationConfirmed.v1",
    "booking.ReservationRejected.v1",
    "booking.ReservationExpired.v1",
    "booking.ReservationCanceled.v1",
    "booking.ReservationChanged.v1",
    "booking.ReservationChangeRejected.v1",
    "booking.TicketsIssued.v1",
]


class EndpointRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where webhooks are to go, and which: all, if no type is named."""

    url: Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=2000, description="https, on a public host, without a login"
        ),
    ]
    event_types: Annotated[tuple[EventType, ...], msgspec.Meta(max_length=20)] = ()
    description: Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\\x00]*$")] = ""


class RedeliveryRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Since when everything is to be sent again."""

    since: Moment
