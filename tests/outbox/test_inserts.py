"""Rows are inserted as the ORM would insert them."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.functions import Now
from django.utils.timezone import now

from outbox.inserts import insert_later
from outbox.models import HeldMessage, OutboxEvent
from tests.outbox.shop.models import Effect, Order

pytestmark = pytest.mark.django_db

NOW = datetime(2040, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)


def an_event(**changes: Any) -> OutboxEvent:
    fields = {"shard": 1, "topic": "t", "type": "100 % 'sure' %s", "key": "k", "sequence": 1}
    return OutboxEvent(**{**fields, "payload": "{}", "created_at": NOW, **changes})


def a_message(**changes: Any) -> HeldMessage:
    fields = {"consumer": "c", "topic": "t", "partition": 1, "offset": 2**40, "message_key": None}
    stored = {"headers": [["ce_id", "ä"]], "payload": b"\x00\xff", "reason": "failed"}
    return HeldMessage(**fields, **stored, held_at=NOW, **changes)


def facts(row: models.Model) -> dict[str, Any]:
    """All that is stored of a row but the number that the database gives it."""
    fields = [field for field in row._meta.concrete_fields if field is not row._meta.auto_field]
    return {field.attname: getattr(row, field.attname) for field in fields}


def test_every_value_is_stored_as_it_was_given() -> None:
    rows = [
        an_event(),
        an_event(sequence=2**53, state=OutboxEvent.State.HELD, error="é", published_at=now()),
    ]
    insert_later(rows)
    assert [facts(row) for row in OutboxEvent.objects.order_by("id")] == [*map(facts, rows)]
    message = a_message(sequence=None)
    insert_later([message])
    assert facts(HeldMessage.objects.get()) == facts(message)


def test_a_moment_is_the_same_whatever_its_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    insert_later([an_event(created_at=there, published_at=NOW)])
    stored = OutboxEvent.objects.get()
    assert (stored.created_at, stored.published_at) == (NOW, NOW)


def test_a_moment_without_a_zone_is_noticed() -> None:
    with pytest.warns(RuntimeWarning, match="naive"):
        insert_later([an_event(created_at=datetime(2041, 1, 1))])  # noqa: DTZ001 (that is the point)


def test_a_row_with_a_key_of_its_own_keeps_it() -> None:
    order = Order(pk=uuid.uuid4(), event_sequence=7)
    insert_later([order])
    assert not order._state.adding
    assert facts(Order.objects.get()) == facts(order)


def test_what_a_constraint_refuses_is_not_inserted() -> None:
    insert_later([an_event()])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_later([an_event()])
        OutboxEvent.objects.exists()


def test_more_rows_than_a_statement_takes_are_all_inserted(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    def at_most_two(self: BaseDatabaseOperations, fields: Any, rows: Any) -> int:
        return 2

    monkeypatch.setattr(type(connection.ops), "bulk_batch_size", at_most_two)
    rows = [Effect(text=text) for text in "abcde"]
    with django_assert_num_queries(3):
        insert_later(rows)
    assert list(Effect.objects.order_by("pk").values_list("text", flat=True)) == list("abcde")


def test_a_field_can_have_the_number_of_the_row_before() -> None:
    insert_later([Effect(text="before that")])
    insert_later([Effect(text="the row before")])
    insert_later([an_event()], last_in=("sequence",))
    assert OutboxEvent.objects.get().sequence == Effect.objects.get(text="the row before").pk


def test_a_field_can_have_the_time_by_the_databases_clock() -> None:
    event = an_event(sequence=2)
    insert_later([event], now_in=("created_at",))
    before, after = (Now() + timedelta(minutes=minutes) for minutes in (-1, 1))
    assert OutboxEvent.objects.filter(created_at__gt=before, created_at__lt=after).exists()
