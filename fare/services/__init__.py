"""Use cases. Those that write own their transaction."""

from fare.services.offers import offers
from fare.services.quoting import answer_quote_request
from fare.services.settling import quote_cancelation, quote_change

__all__ = ["answer_quote_request", "offers", "quote_cancelation", "quote_change"]
