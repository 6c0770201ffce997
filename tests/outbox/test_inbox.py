"""The inbox: every effect once, in order, nothing dropped."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError

from outbox.held import Incoming
from outbox.models import HeldMessage, InboxMark, OutboxEvent
from outbox.receiving import NothingReceived, envelope
from outbox.tracing import traced, traceparent
from outbox.transactions import LostRace
from tests.outbox.factories import an_inbox, an_order, appended, effects, messages_of, placed
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.models import Effect, Order

pytestmark = pytest.mark.django_db(transaction=True)


def three_messages(order: Order | None = None) -> list[Incoming]:
    order = order or an_order()
    placed(3, order)
    return messages_of(order)


def held() -> list[tuple[str, int | None]]:
    return list(HeldMessage.objects.order_by("id").values_list("reason", "sequence"))


def with_header(message: Incoming, name: str, value: bytes | None) -> Incoming:
    headers = [(n, v) for n, v in message.headers if n != name]
    return replace(message, headers=headers if value is None else [*headers, (name, value)])


def test_events_are_applied_in_order_and_the_mark_moves_with_them() -> None:
    messages = three_messages()
    an_inbox().apply(messages)
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    mark = InboxMark.objects.get()
    assert (mark.consumer, mark.source, mark.sequence) == ("effects", "shop", 3)


def test_a_redelivered_event_changes_nothing() -> None:
    messages = three_messages()
    inbox = an_inbox()
    inbox.apply(messages)
    inbox.apply(messages)
    inbox.apply(messages[1:2])
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert held() == []


def test_an_event_twice_in_one_batch_is_applied_once() -> None:
    first, second, third = three_messages()
    an_inbox().apply([first, first, second, first, third, third])
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_two_consumers_have_marks_of_their_own() -> None:
    messages = three_messages()
    an_inbox("one").apply(messages)
    an_inbox("another").apply(messages)
    assert len(effects()) == 6


def test_after_a_gap_events_wait_and_drain_when_the_missing_one_comes() -> None:
    first, second, third = three_messages()
    inbox = an_inbox()
    inbox.apply([first, third])
    assert effects() == ["placed 1"]
    assert held() == [("gap", 3)]
    inbox.apply([second])
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert held() == []
    assert InboxMark.objects.get().sequence == 3


def test_several_events_after_a_gap_wait_in_line() -> None:
    first, second, third = three_messages()
    inbox = an_inbox()
    inbox.apply([second])
    inbox.apply([third, second])
    assert held() == [("gap", 2), ("behind", 3)]
    inbox.apply([first])
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_a_handler_that_fails_holds_its_event_and_the_successors_but_no_other_key() -> None:
    def fail_on_two(event: OrderPlaced) -> None:
        Effect.objects.create(text=f"placed {event.amount}")
        if event.amount == 2:
            raise ValueError("two is not for me")

    messages, others = three_messages(), three_messages()
    an_inbox(placed=fail_on_two).apply(messages)
    assert effects() == ["placed 1"]
    assert held() == [("failed", 2), ("behind", 3)]
    assert "two is not for me" in HeldMessage.objects.get(reason="failed").error
    an_inbox().apply(others)
    assert effects() == ["placed 1", "placed 1", "placed 2", "placed 3"]


def test_a_held_event_that_is_redelivered_is_held_once() -> None:
    def fail(event: OrderPlaced) -> None:
        raise ValueError

    messages = three_messages()
    inbox = an_inbox(placed=fail)
    inbox.apply(messages)
    inbox.apply(messages)
    assert held() == [("failed", 1), ("behind", 2), ("behind", 3)]


def test_an_event_nobody_handles_moves_the_mark() -> None:
    order = an_order()
    appended(order, OrderShipped(), OrderPlaced(amount=1))
    inbox = an_inbox()
    inbox.handlers = {OrderPlaced.type: inbox.handlers[OrderPlaced.type]}
    inbox.apply(messages_of(order))
    assert effects() == ["placed 1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", None),
        ("ce_source", None),
        ("ce_type", None),
        ("ce_subject", None),
        ("ce_subject", b"somebody else"),
        ("ce_sequence", None),
        ("ce_sequence", b"three"),
        ("ce_sequence", b"0"),
        ("ce_specversion", b"0.3"),
        ("ce_type", b"\xff"),
    ],
)
def test_a_message_that_is_no_event_of_ours_is_held_and_stops_nobody(
    name: str, value: bytes | None
) -> None:
    broken = with_header(three_messages()[0], name, value)
    inbox = an_inbox()
    inbox.apply([broken, *three_messages()])
    inbox.apply([broken])
    assert [reason for reason, _ in held()] == ["malformed"]
    assert effects() == ["placed 1", "placed 2", "placed 3"]


@pytest.mark.parametrize("value", [b"", b"{", b'{"amount": "many"}', b"\xff", b"[" * 100_000])
def test_a_known_type_that_does_not_decode_is_held_with_its_successors(value: bytes) -> None:
    first, *rest = three_messages()
    an_inbox().apply([replace(first, value=value), *rest])
    assert held() == [("malformed", 1), ("behind", 2), ("behind", 3)]
    assert effects() == []


def test_a_foreign_key_or_none_is_held() -> None:
    first, second, _ = three_messages()
    an_inbox().apply([replace(first, key=None), replace(second, key=b"foreign")])
    assert [reason for reason, _ in held()] == ["malformed", "malformed"]


def test_a_handler_that_loses_a_race_is_tried_again_as_a_whole() -> None:
    attempts: list[int] = []

    def lose_once(event: OrderPlaced) -> None:
        Effect.objects.create(text=f"placed {event.amount}")
        attempts.append(event.amount)
        if len(attempts) == 2:
            raise LostRace

    an_inbox(placed=lose_once).apply(three_messages())
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert attempts == [1, 2, 1, 2, 3]


def test_a_lost_database_decides_nothing() -> None:
    def lose_the_database(event: OrderPlaced) -> None:
        raise OperationalError(2013, "Lost connection to server during query")

    messages = three_messages()
    with pytest.raises(OperationalError):
        an_inbox(placed=lose_the_database).apply(messages)
    assert held() == []
    an_inbox().apply(messages)
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_an_event_carries_its_trace_into_what_it_causes() -> None:
    seen: list[str] = []

    def look(event: Any) -> None:
        seen.append(traceparent())

    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    order = an_order()
    with traced(trace):
        appended(order)
    an_inbox(placed=look).apply(messages_of(order))
    assert seen == [trace]


def test_a_handler_can_tell_which_event_it_has_in_hand_and_nobody_else_can() -> None:
    seen: list[tuple[str, int]] = []

    def look(event: Any) -> None:
        seen.append((envelope().id, envelope().sequence))

    order = an_order()
    appended(order)
    an_inbox(placed=look).apply(messages_of(order))
    assert seen == [(str(OutboxEvent.objects.get().event_id), 1)]
    with pytest.raises(NothingReceived):
        envelope()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_source", b"/" + b"s" * 61),
        ("ce_type", b"t" * 101),
        ("ce_subject", b"k" * 101),
        ("ce_sequence", str(2**63).encode()),
        ("ce_sequence", b"9" * 5000),
    ],
)
def test_a_message_whose_envelope_fits_no_table_is_held_and_stops_nobody(
    name: str, value: bytes
) -> None:
    strange = with_header(three_messages()[0], name, value)
    if name == "ce_subject":
        strange = replace(strange, key=value)
    inbox = an_inbox()
    inbox.apply([strange, *three_messages()])
    assert held() == [("malformed", None)]
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_what_somebody_else_applied_while_it_failed_here_is_not_held() -> None:
    messages = three_messages()

    def fail_late(event: OrderPlaced) -> None:
        raise ValueError

    late = an_inbox(placed=fail_late)
    hold_failed = late._hold_failed

    def after_the_other(message: Incoming, error: str) -> None:
        an_inbox().apply(messages)
        hold_failed(message, error)

    late._hold_failed = after_the_other  # type: ignore[method-assign]
    late.apply(messages)
    assert held() == []
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_what_was_left_undrained_goes_on_with_the_next_message() -> None:
    order = an_order()
    first, second, third = three_messages(order)
    inbox = an_inbox()
    inbox.apply([second])
    # As if the process had died between the mark and the drain.
    inbox._drain = lambda *_: 0  # type: ignore[method-assign]
    inbox.apply([first])
    assert effects() == ["placed 1"]
    an_inbox().apply([third])
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert held() == []


@pytest.mark.parametrize("number", ["1_0", "+1", "१", "", "9" * 25])
def test_a_sequence_that_is_not_plain_digits_is_malformed(number: str) -> None:
    broken = with_header(three_messages()[0], "ce_sequence", number.encode())
    an_inbox().apply([broken])
    assert held() == [("malformed", None)]


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type"])
def test_an_empty_attribute_is_malformed(name: str) -> None:
    an_inbox().apply([with_header(three_messages()[0], name, b"")])
    assert held() == [("malformed", None)]


def test_an_event_on_another_topic_than_its_contracts_is_held() -> None:
    first, *_ = three_messages()
    an_inbox().apply([replace(first, topic="somewhere.else")])
    assert held() == [("malformed", 1)]
    assert effects() == []
