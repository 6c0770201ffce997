"""A consumer that joins when a topic's beginning is gone."""

from typing import Any

import pytest

from outbox import operators
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark
from tests.outbox.factories import an_inbox, an_order, effects, messages_of, placed
from tests.outbox.shop.events import OrderPlaced
from tests.outbox.shop.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)

WHO = {"actor": "anna", "reason": "mended"}


def a_late_inbox(**changes: Any) -> Inbox:
    """An inbox for which the beginning of the shop's topic was gone."""
    inbox = an_inbox(**changes)
    inbox.cut_topics = frozenset({"shop.events"})
    return inbox


def the_last(count: int, of: int = 5) -> list[Incoming]:
    """The last messages of an order with so many."""
    order = an_order()
    placed(of, order)
    return messages_of(order)[-count:]


def fail(event: OrderPlaced) -> None:
    Effect.objects.create(text="half an effect")
    raise ValueError("not now")


def held() -> list[tuple[str, int | None]]:
    return list(HeldMessage.objects.order_by("sequence").values_list("reason", "sequence"))


def test_the_first_event_of_a_key_is_taken_as_its_beginning() -> None:
    a_late_inbox().apply(the_last(2))
    assert effects() == ["placed 4", "placed 5"]
    assert InboxMark.objects.get().sequence == 5
    assert held() == []


def test_after_its_beginning_a_key_has_gaps_like_any_other() -> None:
    third, fourth, fifth = the_last(3)
    inbox = a_late_inbox()
    inbox.apply([third, fifth])
    assert held() == [("gap", 5)]
    inbox.apply([fourth])
    assert effects() == ["placed 3", "placed 4", "placed 5"]


def test_what_came_before_the_beginning_is_skipped() -> None:
    third, fourth, _ = the_last(3)
    inbox = a_late_inbox()
    inbox.apply([fourth])
    inbox.apply([third, fourth])
    assert effects() == ["placed 4"]
    assert held() == []


def test_where_the_topic_is_whole_the_first_event_may_leave_a_gap() -> None:
    an_inbox().apply(the_last(2))
    assert effects() == []
    assert held() == [("gap", 4), ("behind", 5)]


def test_a_beginning_that_fails_is_held_with_its_successors() -> None:
    messages = the_last(3)
    a_late_inbox(placed=fail).apply(messages[:1])
    a_late_inbox().apply(messages)
    assert held() == [("failed", 3), ("behind", 4), ("behind", 5)]
    assert effects() == []


def test_a_beginning_that_failed_can_be_replayed() -> None:
    messages = the_last(3)
    a_late_inbox(placed=fail).apply(messages)
    assert operators.replay_incoming(HeldMessage.objects.get(sequence=3), **WHO) == 3
    assert effects() == ["placed 3", "placed 4", "placed 5"]


def test_a_beginning_that_failed_can_be_discarded() -> None:
    messages = the_last(3)
    a_late_inbox(placed=fail).apply(messages)
    operators.discard_incoming(HeldMessage.objects.get(sequence=3), **WHO)
    assert effects() == ["placed 4", "placed 5"]
    assert InboxMark.objects.get().sequence == 5


def test_a_first_event_ever_that_fails_is_not_overtaken_either() -> None:
    messages = the_last(5)
    a_late_inbox(placed=fail).apply(messages[:1])
    a_late_inbox().apply(messages[1:])
    assert [sequence for _, sequence in held()] == [1, 2, 3, 4, 5]
    assert effects() == []
