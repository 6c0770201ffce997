"""What operators may do with held events and messages."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from outbox import operators
from outbox.cloudevents import DISCARDED
from outbox.events import history
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.models import AuditEntry, HeldMessage, InboxMark, OutboxEvent
from outbox.operators import NotFirst, NotHeld
from tests.outbox.factories import (
    a_relay,
    an_inbox,
    an_order,
    appended,
    effects,
    messages_of,
    placed,
    states,
)
from tests.outbox.shop import handlers
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.models import Effect, Order

pytestmark = pytest.mark.django_db(transaction=True)

WHO = {"actor": "anna", "reason": "the broker has been mended"}


def a_held_order() -> tuple[Order, list[OutboxEvent]]:
    """An order with #1 published, #2 refused, #3 behind it."""
    order = an_order()
    rows = appended(order, OrderPlaced(amount=1), OrderShipped(), OrderPlaced(amount=2))
    relay, broker = a_relay()
    broker.refuses.add(OrderShipped.type)
    relay.run_once()
    relay.close()
    assert states(rows) == ["PUBLISHED", "HELD", "HELD"]
    return order, rows


def published_by_a_new_relay(order: Order) -> tuple[list[int], list[Incoming]]:
    """What a broker that refuses nothing gets of an order now: sequences and messages."""
    relay, broker = a_relay()
    while relay.run_once():
        pass
    relay.close()
    return broker.sequences(str(order.pk)), broker.topics["shop.events"]


def fails_on(*amounts: int) -> Callable[[Any], None]:
    """A handler that writes its effect and then fails, for these amounts."""

    def handle(event: OrderPlaced) -> None:
        Effect.objects.create(text=f"placed {event.amount}")
        if event.amount in amounts:
            raise ValueError(f"{event.amount} is not for me")

    return handle


def use(monkeypatch: pytest.MonkeyPatch, handler: Callable[[Any], None]) -> None:
    """Have the consumer of the settings handle OrderPlaced so."""
    monkeypatch.setitem(handlers.EFFECTS, OrderPlaced.type, handler)


def held() -> list[tuple[str, int | None]]:
    return list(HeldMessage.objects.order_by("sequence").values_list("reason", "sequence"))


def the_held(sequence: int) -> HeldMessage:
    return HeldMessage.objects.get(sequence=sequence)


# Outgoing


def test_replaying_sends_all_that_is_held_of_a_key_in_order() -> None:
    order, rows = a_held_order()
    assert operators.replay_outgoing(str(order.pk), **WHO) == 2
    assert states(rows) == ["PUBLISHED", "PENDING", "PENDING"]
    assert published_by_a_new_relay(order)[0] == [2, 3]
    assert not OutboxEvent.objects.exclude(error="").exists()


def test_replaying_leaves_other_keys_held() -> None:
    order, _ = a_held_order()
    _, others = a_held_order()
    operators.replay_outgoing(str(order.pk), **WHO)
    assert states(others) == ["PUBLISHED", "HELD", "HELD"]


def test_a_key_of_which_nothing_is_held_cannot_be_replayed() -> None:
    rows = placed(1)
    with pytest.raises(NotHeld):
        operators.replay_outgoing(rows[0].key, **WHO)
    assert not AuditEntry.objects.exists()


def test_a_replayed_event_that_is_refused_again_is_held_again_with_its_successors() -> None:
    order, rows = a_held_order()
    operators.replay_outgoing(str(order.pk), **WHO)
    relay, broker = a_relay()
    broker.refuses.add(OrderShipped.type)
    relay.run_once()
    assert states(rows) == ["PUBLISHED", "HELD", "HELD"]
    assert broker.sequences(str(order.pk)) == []


def test_a_discarded_event_goes_out_empty_with_its_sequence_and_consumers_go_on() -> None:
    order, rows = a_held_order()
    an_inbox().apply(messages_of(order)[:1])
    operators.discard_outgoing(rows[1], **WHO)
    sequences, messages = published_by_a_new_relay(order)
    assert sequences == [2, 3]
    headers = dict(messages[0].headers)
    assert (headers["ce_type"].decode(), messages[0].value) == (DISCARDED, b"{}")
    assert headers["ce_id"].decode() == str(rows[1].event_id)
    an_inbox().apply(messages)
    assert effects() == ["placed 1", "placed 2"]
    assert InboxMark.objects.get().sequence == 3
    assert not HeldMessage.objects.exists()


def test_while_another_of_its_key_is_refused_a_discarded_event_stays_held() -> None:
    _, rows = a_held_order()
    OutboxEvent.objects.filter(pk=rows[2].pk).update(error="refused too")
    operators.discard_outgoing(rows[1], **WHO)
    assert states(rows) == ["PUBLISHED", "HELD", "HELD"]
    operators.discard_outgoing(rows[2], **WHO)
    assert states(rows) == ["PUBLISHED", "PENDING", "PENDING"]


@pytest.mark.parametrize("state", ["PENDING", "PUBLISHED"])
def test_an_event_that_is_not_held_cannot_be_discarded(state: str) -> None:
    (row,) = placed(1)
    OutboxEvent.objects.update(state=state)
    with pytest.raises(NotHeld):
        operators.discard_outgoing(row, **WHO)
    assert history(row.key).get().type == OrderPlaced.type
    assert not AuditEntry.objects.exists()


def test_what_is_done_with_outgoing_events_leaves_a_trail() -> None:
    order, rows = a_held_order()
    operators.discard_outgoing(rows[2], **WHO)
    operators.replay_outgoing(str(order.pk), actor="bo", reason="again")
    discard, replay = AuditEntry.objects.order_by("id")
    assert (discard.actor, discard.action, discard.reason) == ("anna", "discard", WHO["reason"])
    assert discard.subject == f"outgoing shop.OrderPlaced.v1 {order.pk}#3"
    assert json.loads(discard.detail) == {"amount": 2, "note": ""}, (
        "what was given up can still be read"
    )
    assert (replay.actor, replay.action, replay.reason) == ("bo", "replay", "again")
    assert str(order.pk) in replay.subject


@pytest.mark.parametrize("taken_over", [False, True], ids=["same relay", "another relay"])
def test_what_was_appended_while_a_key_was_held_goes_out_behind_it(taken_over: bool) -> None:
    order, _ = a_held_order()
    relay, broker = a_relay()
    relay.run_once()
    placed(1, order)
    operators.replay_outgoing(str(order.pk), **WHO)
    if taken_over:
        relay.close()
        relay, broker = a_relay(broker)
    while relay.run_once():
        pass
    assert broker.sequences(str(order.pk)) == [2, 3, 4]


# Incoming


def test_replaying_applies_what_is_held_of_a_key_in_sequence() -> None:
    order = an_order()
    placed(3, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    assert held() == [("failed", 1), ("behind", 2), ("behind", 3)]
    assert operators.replay_incoming(the_held(1), **WHO) == 3
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert held() == []


def test_replaying_stops_where_it_fails_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order()
    placed(3, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    use(monkeypatch, fails_on(2))
    assert operators.replay_incoming(the_held(1), **WHO) == 1
    assert effects() == ["placed 1"]
    assert held() == [("failed", 2), ("behind", 3)]
    assert "2 is not for me" in the_held(2).error


def test_a_message_that_can_be_read_now_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order()
    placed(1, order)
    with monkeypatch.context() as then:
        then.setattr("outbox.cloudevents.SPEC_VERSION", "0.3")
        an_inbox().apply(messages_of_spec("1.0", order))
    assert held() == [("malformed", None)]
    assert operators.replay_incoming(HeldMessage.objects.get(), **WHO) == 1
    assert effects() == ["placed 1"]
    assert held() == []


def messages_of_spec(version: str, order: Order) -> list[Incoming]:
    """An order's messages, whatever version this process writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("outbox.cloudevents.SPEC_VERSION", version)
        return messages_of(order)


def test_a_message_that_still_cannot_be_read_stays_held() -> None:
    order = an_order()
    placed(1, order)
    an_inbox().apply(messages_of_spec("0.3", order))
    assert operators.replay_incoming(HeldMessage.objects.get(), **WHO) == 0
    assert held() == [("malformed", None)]


def test_discarding_moves_the_mark_and_what_waited_behind_it_is_applied() -> None:
    order = an_order()
    placed(3, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    operators.discard_incoming(the_held(1), **WHO)
    assert effects() == ["placed 2", "placed 3"]
    assert InboxMark.objects.get().sequence == 3
    assert held() == []


def test_discarding_what_waits_for_a_missing_event_gives_the_missing_one_up_too() -> None:
    order = an_order()
    placed(4, order)
    first, second, *rest = messages_of(order)
    an_inbox().apply([first, *rest])
    operators.discard_incoming(the_held(3), **WHO)
    assert effects() == ["placed 1", "placed 4"]
    an_inbox().apply([second])
    assert effects() == ["placed 1", "placed 4"]


def test_a_discarded_message_that_is_delivered_again_is_skipped() -> None:
    order = an_order()
    placed(2, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    operators.discard_incoming(the_held(1), **WHO)
    an_inbox().apply(messages_of(order))
    assert effects() == ["placed 2"]
    assert held() == []


def test_an_unreadable_message_can_be_discarded() -> None:
    order = an_order()
    placed(1, order)
    an_inbox().apply(messages_of_spec("0.3", order))
    operators.discard_incoming(HeldMessage.objects.get(), **WHO)
    assert held() == []
    assert not InboxMark.objects.exists()


def test_only_the_first_held_message_of_a_key_can_be_discarded() -> None:
    order = an_order()
    placed(2, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    with pytest.raises(NotFirst):
        operators.discard_incoming(the_held(2), **WHO)
    assert held() == [("failed", 1), ("behind", 2)]
    assert not AuditEntry.objects.exists()


def test_a_message_that_was_applied_meanwhile_cannot_be_discarded() -> None:
    order = an_order()
    placed(1, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    message = the_held(1)
    operators.replay_incoming(message, **WHO)
    with pytest.raises(NotHeld):
        operators.discard_incoming(message, **WHO)
    assert effects() == ["placed 1"]
    assert [entry.action for entry in AuditEntry.objects.all()] == ["replay"]


def test_what_waited_behind_a_discarded_message_and_fails_leaves_no_half_an_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = an_order()
    placed(3, order)
    use(monkeypatch, fails_on(1, 2))
    Inbox.named("effects").apply(messages_of(order))
    operators.discard_incoming(the_held(1), **WHO)
    assert effects() == []
    assert held() == [("failed", 2), ("behind", 3)]
    use(monkeypatch, fails_on())
    operators.replay_incoming(the_held(2), **WHO)
    assert effects() == ["placed 2", "placed 3"]


@pytest.mark.parametrize("operate", [operators.replay_incoming, operators.discard_incoming])
def test_what_an_operators_process_left_behind_when_it_died_goes_on_with_the_next_message(
    operate: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = an_order()
    placed(4, order)
    *messages, last = messages_of(order)
    an_inbox(placed=fails_on(1)).apply(messages)

    def die_before_the_second(event: OrderPlaced) -> None:
        if event.amount == 2:
            raise KeyboardInterrupt
        Effect.objects.create(text=f"placed {event.amount}")

    use(monkeypatch, die_before_the_second)
    with pytest.raises(KeyboardInterrupt):
        operate(the_held(1), **WHO)
    an_inbox().apply([last])
    assert effects()[-3:] == ["placed 2", "placed 3", "placed 4"]
    assert held() == []


def test_what_an_operators_process_left_behind_needs_no_other_message_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = an_order()
    placed(3, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))

    def die(inbox: Inbox, message: HeldMessage) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Inbox, "go_on", die)
        with pytest.raises(KeyboardInterrupt):
            operators.discard_incoming(the_held(1), **WHO)
    assert held() == [("behind", 2), ("behind", 3)]
    an_inbox().go_on_with_what_was_left()
    assert effects() == ["placed 2", "placed 3"]
    assert held() == []


def test_what_failed_or_has_something_missing_before_it_is_not_left_behind() -> None:
    failed, incomplete = an_order(), an_order()
    placed(2, failed)
    placed(2, incomplete)
    an_inbox(placed=fails_on(1)).apply([*messages_of(failed), messages_of(incomplete)[1]])
    before = held()
    an_inbox().go_on_with_what_was_left()
    assert effects() == []
    assert held() == before


def test_what_is_done_with_incoming_messages_leaves_a_trail() -> None:
    order = an_order()
    placed(2, order)
    an_inbox(placed=fails_on(1)).apply(messages_of(order))
    operators.discard_incoming(the_held(1), **WHO)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == ("anna", "discard", WHO["reason"])
    assert entry.subject == f"effects failed: shop.OrderPlaced.v1 {order.pk}#1"
    assert json.loads(entry.detail) == {"amount": 1, "note": ""}
