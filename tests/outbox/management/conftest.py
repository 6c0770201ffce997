"""Brokers for the commands that ask one."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer


@pytest.fixture
def away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker answers, and nobody waits long for one."""
    settings.OUTBOX = {**settings.OUTBOX, "BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    monkeypatch.setattr("outbox.status.ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("outbox.topics.TIMEOUT_SECONDS", 0.1)


@pytest.fixture
def embedded_broker(settings: Any) -> Iterator[Producer]:
    """The demo's broker, inside a producer for it."""
    producer = Producer({"test.mock.num.brokers": 1})
    broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
    settings.OUTBOX = {**settings.OUTBOX, "BOOTSTRAP_SERVERS": f"{broker.host}:{broker.port}"}
    yield producer
