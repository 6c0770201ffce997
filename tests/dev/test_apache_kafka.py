"""How the private broker is configured."""

from pathlib import Path

from dev.apache_kafka import Kafka, cluster_id


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


def test_no_id_of_a_cluster_looks_like_an_option() -> None:
    assert not [made for _ in range(2000) if (made := cluster_id()).startswith("-")]
