"""The demo's broker: librdkafka's mock cluster, Kafka's protocol over TCP, all in memory.

    python -m dev.embedded_broker ADDRESS_FILE ENVIRONMENT_FILE

Writes its address once it answers, and on ending removes it together with the environment file
that names it: the file is there just as long as there is a demo to meet.
"""

import signal
import sys
import threading
from pathlib import Path

from confluent_kafka import Producer

from contracts.registry import EVENTS
from dev.environment import write_private


def main(address: Path, environment: Path) -> int:
    """Serve until SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    producer = Producer({"test.mock.num.brokers": 1})
    try:
        for topic in {event.topic for event in EVENTS.values()}:
            producer.list_topics(topic, timeout=10)  # it cannot be told to create one: asking does
        broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
        write_private(address, f"{broker.host}:{broker.port}")
        print(f"the embedded broker listens on {broker.host}:{broker.port}", flush=True)
        ended.wait()
    finally:
        address.unlink(missing_ok=True)
        environment.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
