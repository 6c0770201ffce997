"""Aggregates; a rule about one of them is its method."""

from notification.models.contact import Contact, OptOut, address_digest
from notification.models.delivery import (
    DELIVERIES,
    OPTIONAL,
    PING,
    Attempt,
    Delivery,
    IllegalTransition,
)
from notification.models.endpoint import Endpoint

__all__ = [
    "DELIVERIES",
    "OPTIONAL",
    "PING",
    "Attempt",
    "Contact",
    "Delivery",
    "Endpoint",
    "IllegalTransition",
    "OptOut",
    "address_digest",
]
