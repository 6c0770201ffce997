"""The background processes: `python -m bench.baseline.worker poll|consume`, for the service that
`BASELINE_SERVICE` names; and, before them, `topics`."""

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import django
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bench.baseline.topics import BOOKINGS, PAYMENTS

if TYPE_CHECKING:
    from bench.baseline.outbox import AppliedMessage, OutboxRow

Headers = list[tuple[str, str | bytes | None]]

PAUSE_SECONDS: Final = 1.0
ROWS: Final = 500
PARTITIONS: Final = 3


def poll(rows: "type[OutboxRow]") -> None:
    """Publish what is pending, row by row, and look again in a second."""
    producer = Producer(
        {
            "bootstrap.servers": settings.BOOTSTRAP_SERVERS,
            "acks": "all",
            "enable.idempotence": True,
        }
    )
    while True:
        pending = rows._default_manager.filter(published_at=None).order_by("pk")[:ROWS]
        for row in pending:
            headers: Headers = [("id", str(row.event_id)), ("type", row.type)]
            producer.produce(row.topic, json.dumps(row.payload), row.key, headers=headers)
            producer.flush()
            row.published_at = timezone.now()
            row.save(update_fields=["published_at"])
        time.sleep(PAUSE_SECONDS)


def consume(
    topic: str, applied: "type[AppliedMessage]", handle: Callable[[dict[str, Any], str], None]
) -> None:
    """Apply messages one by one, each once."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.BOOTSTRAP_SERVERS,
            "group.id": f"baseline-{settings.SERVICE}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        event_id = dict(message.headers() or [])["id"].decode()  # type: ignore[union-attr]
        with transaction.atomic():
            _, is_new = applied._default_manager.get_or_create(event_id=event_id)
            if is_new:
                handle(json.loads(message.value() or b""), (message.key() or b"").decode())
        consumer.commit(message=message, asynchronous=False)


def create_topics() -> None:
    """Make the topics."""
    client = AdminClient({"bootstrap.servers": settings.BOOTSTRAP_SERVERS})
    topics = [NewTopic(name, num_partitions=PARTITIONS) for name in (BOOKINGS, PAYMENTS)]
    for future in client.create_topics(topics).values():
        future.result()


def _booking(work: str) -> None:
    from bench.baseline.booking.models import BookingAppliedMessage, BookingOutboxRow, Reservation

    def confirm(payload: dict[str, Any], key: str) -> None:
        Reservation.objects.filter(pk=key, status="PENDING").update(status="CONFIRMED")

    if work == "poll":
        poll(BookingOutboxRow)
    consume(PAYMENTS, BookingAppliedMessage, confirm)


def _payment(work: str) -> None:
    from bench.baseline.payment.models import Payment, PaymentAppliedMessage, PaymentOutboxRow

    def authorize(payload: dict[str, Any], key: str) -> None:
        Payment.objects.create(reservation_id=key)
        PaymentOutboxRow.objects.create(key=key, type="PaymentAuthorized", payload={"id": key})

    if work == "poll":
        poll(PaymentOutboxRow)
    consume(BOOKINGS, PaymentAppliedMessage, authorize)


def main() -> None:
    """Work until it is ended."""
    django.setup()
    (work,) = sys.argv[1:]
    if work == "topics":
        create_topics()
        return
    {"booking": _booking, "payment": _payment}[settings.SERVICE](work)


if __name__ == "__main__":
    main()
