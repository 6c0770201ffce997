"""Instances made by the shorter way are those that Django makes."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import models

from outbox.models import OutboxEvent

NOW = datetime(2040, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)
GIVEN: dict[str, Any] = {
    "event_id": uuid.UUID(int=1),
    "shard": 1,
    "topic": "t",
    "type": "t",
    "key": "k",
    "sequence": 1,
    "payload": "{}",
    "created_at": NOW,
}


def facts(made: models.Model) -> dict[str, Any]:
    """All that an instance knows; of itself, too."""
    state = made._state
    return {**vars(made), "_state": (state.adding, state.db, state.fields_cache)}


def test_a_new_instance_is_as_django_makes_it() -> None:
    assert facts(OutboxEvent.new(**GIVEN)) == facts(OutboxEvent(**GIVEN))


def test_what_is_drawn_is_drawn_anew_for_each() -> None:
    given = {name: value for name, value in GIVEN.items() if name != "event_id"}
    assert OutboxEvent.new(**given).event_id != OutboxEvent.new(**given).event_id


def test_what_no_field_is_called_is_refused() -> None:
    with pytest.raises(TypeError, match="'shardd'"):
        OutboxEvent.new(**GIVEN, shardd=2)


@pytest.mark.django_db
def test_a_new_instance_is_inserted_and_a_read_one_is_updated() -> None:
    OutboxEvent.new(**GIVEN).save()
    read = OutboxEvent.objects.get()
    read.error = "changed"
    read.save()
    assert [one.error for one in OutboxEvent.objects.all()] == ["changed"]


@pytest.mark.django_db
def test_a_read_instance_is_as_django_reads_it() -> None:
    OutboxEvent.new(**GIVEN).save()
    names = [field.attname for field in OutboxEvent._meta.concrete_fields]
    values = OutboxEvent.objects.values_list(*names)[0]
    django = models.Model.from_db.__func__  # type: ignore[attr-defined]
    assert facts(OutboxEvent.objects.get()) == facts(django(OutboxEvent, "default", names, values))


@pytest.mark.django_db
def test_a_field_that_was_not_asked_for_is_read_when_it_is() -> None:
    OutboxEvent.new(**GIVEN).save()
    read = OutboxEvent.objects.only("shard").get()
    assert read.get_deferred_fields() >= {"payload", "key"}
    assert (read.shard, read.payload) == (1, "{}")
