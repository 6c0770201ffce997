"""How the private broker is configured."""

import base64
from pathlib import Path
from uuid import UUID

import pytest

from dev import apache_kafka
from dev.apache_kafka import Kafka


def advertised(kafka: Kafka) -> str:
    (line,) = (
        line for line in kafka.configuration().splitlines() if line.startswith("advertised.")
    )
    return line


def test_clients_are_told_to_come_to_where_the_broker_listens(tmp_path: Path) -> None:
    assert "PLAINTEXT://127.0.0.1:9092," in advertised(Kafka(tmp_path, 9092, 9093))


def test_clients_are_told_to_come_to_a_proxy(tmp_path: Path) -> None:
    kafka = Kafka(tmp_path, 9092, 9093, advertised_port=9999)
    assert "PLAINTEXT://127.0.0.1:9999," in advertised(kafka)
    assert "listeners=PLAINTEXT://127.0.0.1:9092," in kafka.configuration()


def test_a_clusters_id_does_not_begin_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uuid.uuid4", lambda: UUID(int=2**128 - 1))
    identity = apache_kafka._cluster_id()
    assert identity[0].isalpha()
    assert len(base64.urlsafe_b64decode(f"{identity}==")) == 16
