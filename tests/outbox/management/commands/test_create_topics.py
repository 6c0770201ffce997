"""`manage.py create_topics`."""

import uuid
from typing import Any

import pytest
from confluent_kafka import Producer
from django.core.management import CommandError

from tests.outbox.management.output import output_of
from tests.outbox.shop.events import OrderPlaced


class ParcelSent(OrderPlaced, frozen=True):
    """An event on a topic that no broker has yet."""


EVENTS = {ParcelSent.type: ParcelSent}


@pytest.fixture
def topic(settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only topic of the registry."""
    name = f"shop.parcels-{uuid.uuid4()}"
    monkeypatch.setattr(ParcelSent, "topic", name)
    settings.OUTBOX = {**settings.OUTBOX, "EVENTS": f"{__name__}.EVENTS"}
    return name


@pytest.mark.kafka
def test_a_topic_is_created_once(topic: str) -> None:
    assert output_of("create_topics") == f"{topic}: created\n"
    assert output_of("create_topics") == f"{topic}: exists\n"


def test_a_topic_that_exists_is_left_alone(topic: str, embedded_broker: Producer) -> None:
    embedded_broker.list_topics(topic, timeout=10)  # there, asking is making
    assert output_of("create_topics") == f"{topic}: exists\n"


@pytest.mark.usefixtures("away")
def test_that_no_broker_answers_is_told_with_its_address() -> None:
    with pytest.raises(CommandError, match=r"^no Kafka broker answers at 127\.0\.0\.1:1: "):
        output_of("create_topics")


@pytest.mark.kafka
def test_a_topic_that_the_broker_refuses_is_told_with_the_reason(topic: str, settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "REPLICATION": 9}
    with pytest.raises(CommandError, match=f"^{topic} cannot be made: .*replication"):
        output_of("create_topics")
