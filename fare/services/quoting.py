"""What a reservation costs, asked and answered by events."""

from datetime import datetime

import outbox
from contracts.booking import FareQuoteRequested
from contracts.fare import FareQuoted, FareRefused
from contracts.values import Reason
from fare import selectors
from fare.models import Quote
from fare.pricing import Quoted, quote
from fare.rules import Request
from outbox.transactions import unit_of_work


@unit_of_work
def answer_quote_request(event: FareQuoteRequested, *, now: datetime) -> None:
    """Answer with the cheapest fare that applies, or with the rule that refused.

    A saga that asks again is answered the same again, whatever has become of the fares.
    """
    kept = Quote.locked(event.reservation_id, now=now)
    if told := kept.told(event.saga_id):
        outbox.append(kept, told)
        return
    answer = _answer(event)
    kept.keep(answer, asked_at=event.asked_at, now=now)
    outbox.append(kept, answer)


def _answer(event: FareQuoteRequested) -> FareQuoted | FareRefused:
    request = Request(
        asked_at=event.asked_at,
        itinerary=event.itinerary,
        passengers=event.passengers,
        seats_sold=event.seats_sold,
        currency=event.currency,
    )
    rules = selectors.rules_for(
        origin=event.itinerary.origin,
        destination=event.itinerary.destination,
        cabin=event.itinerary.cabin,
    )
    found = quote(request, rules)
    about = {"reservation_id": event.reservation_id, "saga_id": event.saga_id}
    if isinstance(found, Quoted):
        return FareQuoted(**about, booking_class=found.fare.booking_class, price=found.price)
    reason = Reason(code=found.rule.value, text=found.text)
    return FareRefused(**about, reason=reason, fare_basis=found.fare.basis if found.fare else None)
