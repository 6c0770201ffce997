"""What a cancelation or a change would come to: answers for booking, without an effect."""

from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from fare import selectors, settlements
from fare.pricing import Refused
from fare.refusals import denied, refused
from fare.rules import Request
from fare.settlements import NotAllowed


def quote_cancelation(asked: CancelationQuoteRequest) -> CancelationQuote:
    """What would be given back.

    Raises:
        NoConditions, CancelationNotAllowed: it cannot be canceled by its conditions.
    """
    found = settlements.cancelation_quote(
        price=asked.price,
        passengers=asked.passengers,
        departs_at=asked.departs_at,
        asked_at=asked.asked_at,
    )
    if isinstance(found, NotAllowed):
        raise denied(found)
    return found


def quote_change(asked: ChangeQuoteRequest) -> ChangeQuote:
    """What another departure would cost.

    Raises:
        NoConditions, ChangeNotAllowed: it cannot be changed by its conditions.
        FareRefused: no fare of its family is sold for the wanted departure.
    """
    request = Request(
        asked_at=asked.asked_at,
        itinerary=asked.itinerary,
        passengers=asked.passengers,
        seats_sold=asked.seats_sold,
    )
    found = settlements.change_quote(
        price=asked.price,
        departs_at=asked.departs_at,
        request=request,
        rules=selectors.rules_for(
            origin=asked.itinerary.origin,
            destination=asked.itinerary.destination,
            cabin=asked.itinerary.cabin,
        ),
    )
    if isinstance(found, NotAllowed):
        raise denied(found)
    if isinstance(found, Refused):
        raise refused(found)
    return found
