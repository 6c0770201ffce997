"""`manage.py outbox_history`."""

import json

import pytest
from django.core.management import CommandError

from outbox.models import OutboxEvent
from tests.outbox.factories import a_relay, an_order, placed
from tests.outbox.management.output import output_of

pytestmark = pytest.mark.django_db


def test_it_shows_a_line_for_each_event_of_a_key_in_order() -> None:
    order = an_order()
    (first,) = placed(1, order)
    placed(1)
    a_relay()[0].run_once()
    (second,) = placed(1, order)
    assert output_of("outbox_history", str(order.pk)).splitlines() == [
        f"   1  PUBLISHED  {first.created_at.isoformat()}  shop.OrderPlaced.v1",
        f"   2  PENDING    {second.created_at.isoformat()}  shop.OrderPlaced.v1",
    ]


def test_it_says_why_an_event_is_held() -> None:
    (row,) = placed(1)
    OutboxEvent.objects.update(state="HELD", error="too large")
    assert output_of("outbox_history", row.key).endswith("shop.OrderPlaced.v1  too large\n")


def test_a_key_without_events_is_an_error() -> None:
    with pytest.raises(CommandError, match=r"has published nothing about nobody$"):
        output_of("outbox_history", "nobody")


def test_for_programs_it_says_the_same_in_json() -> None:
    (row,) = placed(1)
    assert json.loads(output_of("outbox_history", row.key, "--json")) == [
        {
            "sequence": 1,
            "type": "shop.OrderPlaced.v1",
            "topic": "shop.events",
            "state": "PENDING",
            "error": "",
            "created_at": row.created_at.isoformat(),
            "published_at": None,
        }
    ]


def test_to_programs_a_key_without_events_is_an_empty_list() -> None:
    assert json.loads(output_of("outbox_history", "nobody", "--json")) == []
