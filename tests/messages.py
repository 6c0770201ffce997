"""Kafka messages as a service's relay would have published them."""

from uuid import uuid4

from outbox import registry
from outbox.held import Incoming
from outbox.registry import Payload


def incoming(payload: Payload, *, key: object, sequence: int = 1) -> Incoming:
    """The message of an event: its key, its `ce_*` headers and its JSON."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_source": f"/{payload.type.partition('.')[0]}",
        "ce_type": payload.type,
        "ce_subject": str(key),
        "ce_sequence": str(sequence),
    }
    return Incoming(
        topic=payload.topic,
        partition=0,
        offset=sequence,
        key=str(key).encode(),
        value=registry.encode(payload).encode(),
        headers=[(name, value.encode()) for name, value in attributes.items()],
    )
