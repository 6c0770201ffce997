"""Payments, what was asked of the card for them, and the ledger of it."""

from payment.models.ledger import AppendOnly, LedgerEntry
from payment.models.operation import (
    OPERATIONS,
    REPAIRS_FROM,
    ConflictingRequest,
    IllegalTransition,
    Operation,
)
from payment.models.payment import OtherCurrency, Payment

__all__ = [
    "OPERATIONS",
    "REPAIRS_FROM",
    "AppendOnly",
    "ConflictingRequest",
    "IllegalTransition",
    "LedgerEntry",
    "Operation",
    "OtherCurrency",
    "Payment",
]
