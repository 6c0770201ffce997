"""Booking's questions as they come from Kafka, through the inbox."""

from datetime import date
from typing import Any

import msgspec
import pytest
from uuid_utils.compat import uuid7

from contracts.booking import PassengerContactGiven
from contracts.fare import FareQuoted, FareRefused
from contracts.values import Contact
from fare.handlers import BOOKINGS
from fare.models import Blackout, Quote
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark, OutboxEvent
from tests.fare import factories
from tests.fare.factories import DAY
from tests.messages import incoming

pytestmark = pytest.mark.django_db(transaction=True)


CHILD = factories.party("CHILD")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox("bookings", BOOKINGS)


def ask(inbox: Inbox, **changes: Any) -> OutboxEvent:
    """The one event that answers a question."""
    event = factories.requested(**changes)
    inbox.apply([incoming(event, key=event.reservation_id)])
    assert not HeldMessage.objects.exists()
    return OutboxEvent.objects.get()


def quoted(event: OutboxEvent) -> FareQuoted:
    assert event.type == FareQuoted.type
    return msgspec.json.decode(event.payload, type=FareQuoted)


def refused(event: OutboxEvent) -> FareRefused:
    assert event.type == FareRefused.type
    return msgspec.json.decode(event.payload, type=FareRefused)


def test_a_question_is_answered_with_the_cheapest_fare_and_its_breakdown(inbox: Inbox) -> None:
    """71.00 + 15.00 of tax + 9.00 for the window."""
    factories.stored_fare("YFLEX", amount=21900, booking_class="Y")
    factories.stored_fare("KLIGHT", amount=7100)
    factories.stored_levy(amount=1500)
    factories.stored_seat_charge("WINDOW", 900)
    key, saga = uuid7(), uuid7()
    answer = ask(inbox, reservation_id=key, saga_id=saga, passengers=[factories.seated("WINDOW")])
    event = quoted(answer)
    assert (answer.key, answer.sequence, answer.topic) == (str(key), 1, "fare.events")
    assert (event.reservation_id, event.saga_id, event.booking_class) == (key, saga, "K")
    assert event.price.total == 7100 + 1500 + 900
    assert [(one.kind, one.code, one.amount) for one in event.price.lines] == [
        ("BASE", "FARE", 7100),
        ("TAX", "WV", 1500),
        ("CHARGE", "SEAT_WINDOW", 900),
    ]
    assert event.price.conditions == factories.conditions(seat_charges={"WINDOW": 900})


def test_what_was_answered_is_kept(inbox: Inbox) -> None:
    factories.stored_fare(amount=7100)
    event = quoted(ask(inbox))
    kept = Quote.objects.get()
    assert (kept.pk, kept.saga_id) == (event.reservation_id, event.saga_id)
    assert (kept.amount, kept.currency, kept.fare_basis, kept.refusal) == (
        7100,
        "EUR",
        "KLIGHT",
        "",
    )
    assert (kept.event_sequence, kept.told(event.saga_id)) == (1, event)


@pytest.mark.parametrize(
    ("changes", "asked", "code", "basis"),
    [
        ({}, {"itinerary": factories.itinerary(cabin="FIRST")}, "no_fare", None),
        ({}, {"itinerary": factories.itinerary(booking_class="Z")}, "no_fare", None),
        ({}, {"currency": "SEK"}, "currency_mismatch", "KLIGHT"),
        ({"child_discount": None}, {"passengers": CHILD}, "passenger_type", "KLIGHT"),
        ({"sale_from": date(2040, 1, 3)}, {}, "sale_dates", "KLIGHT"),
        ({"travel_from": date(2040, 1, 11)}, {}, "travel_dates", "KLIGHT"),
        ({"days": "1"}, {}, "day_of_week", "KLIGHT"),
        ({"advance_purchase_days": 8}, {}, "advance_purchase", "KLIGHT"),
        ({}, {"seats_sold": {"K": 9}}, "class_closed", "KLIGHT"),
        ({"amount": 0}, {}, "nothing_to_pay", "KLIGHT"),
    ],
)
def test_a_question_that_no_fare_answers_is_refused_by_the_rule(
    inbox: Inbox, changes: dict[str, Any], asked: dict[str, Any], code: str, basis: str | None
) -> None:
    factories.stored_fare(**changes)
    event = refused(ask(inbox, **asked))
    assert (event.reason.code, event.fare_basis) == (code, basis)
    assert event.reason.text
    kept = Quote.objects.get()
    assert (kept.amount, kept.refusal, kept.fare_basis) == (None, code, basis or "")
    assert kept.told(event.saga_id) == event


def test_a_blackout_date_refuses(inbox: Inbox) -> None:
    Blackout.objects.create(fare=factories.stored_fare(), first=DAY, last=DAY)
    assert refused(ask(inbox)).reason.code == "blackout_date"


def test_a_repeated_message_is_answered_once(inbox: Inbox) -> None:
    factories.stored_fare()
    event = factories.requested()
    message = incoming(event, key=event.reservation_id)
    inbox.apply([message, message])
    inbox.apply([message])
    assert OutboxEvent.objects.count() == 1


def test_a_saga_that_asks_again_gets_the_same_answer_whatever_has_become_of_the_fares(
    inbox: Inbox,
) -> None:
    fare = factories.stored_fare()
    event = factories.requested()
    inbox.apply([incoming(event, key=event.reservation_id)])
    fare.amount = 1
    fare.save()
    inbox.apply([incoming(event, key=event.reservation_id, sequence=2)])
    first, second = OutboxEvent.objects.order_by("sequence")
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.payload == second.payload


def test_another_saga_of_the_reservation_is_priced_anew(inbox: Inbox) -> None:
    fare = factories.stored_fare()
    event = factories.requested()
    key = event.reservation_id
    inbox.apply([incoming(event, key=key)])
    fare.authorization_level = 0
    fare.save()
    other = factories.requested(key)
    inbox.apply([incoming(other, key=key, sequence=2)])
    assert [one.type for one in OutboxEvent.objects.order_by("sequence")] == [
        FareQuoted.type,
        FareRefused.type,
    ]
    kept = Quote.objects.get()
    assert (kept.saga_id, kept.amount, kept.refusal) == (other.saga_id, None, "class_closed")


def test_an_event_that_fare_does_not_handle_moves_the_mark_alone(inbox: Inbox) -> None:
    key = uuid7()
    event = PassengerContactGiven(reservation_id=key, contact=Contact(language="en"))
    inbox.apply([incoming(event, key=key)])
    assert InboxMark.objects.get().sequence == 1
    assert not Quote.objects.exists()
    assert not HeldMessage.objects.exists()


def test_an_answer_is_committed_with_the_mark_or_not_at_all(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.stored_fare()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Quote, "keep", fail)
    event = factories.requested()
    inbox.apply([incoming(event, key=event.reservation_id)])
    assert not OutboxEvent.objects.exists()
    assert not Quote.objects.exists()
    assert HeldMessage.objects.get().reason == HeldMessage.Reason.FAILED


@pytest.mark.parametrize("others", [0, 60])
def test_a_question_costs_the_same_however_many_fares_other_markets_have(
    inbox: Inbox, others: int, django_assert_max_num_queries: Any
) -> None:
    factories.airports("ARN", "LHR", "CDG")
    for number in range(others):
        factories.stored_fare(f"K{number}", destination_id="CDG")
    factories.stored_fare()
    event = factories.requested()
    with django_assert_max_num_queries(19):
        inbox.apply([incoming(event, key=event.reservation_id)])
    assert OutboxEvent.objects.count() == 1
