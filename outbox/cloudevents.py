"""The envelope: CloudEvents 1.0, Kafka protocol binding, binary content mode.

The payload is the Kafka value, the attributes are `ce_*` headers, the key is the aggregate's id.
Sources: the CloudEvents 1.0.2 specification, its Kafka protocol binding and its `sequence`
extension; `traceparent` is W3C Trace Context's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from outbox.rows import Row

CONTENT_TYPE: Final = "application/json"
SPEC_VERSION: Final = "1.0"

# The type of an event that an operator gave up: empty, but with its sequence.
DISCARDED: Final = "outbox.Discarded"

Headers = Sequence[tuple[str, bytes]]

# The headers that are looked at. Others, such as a tracer's, may hold any bytes.
READ: Final = frozenset(
    f"ce_{name}" for name in ("specversion", "id", "source", "type", "subject", "sequence")
) | {"traceparent"}

# What the inbox's tables have room for.
LONGEST: Final = {"source": 60, "type": 100, "key": 100}
HIGHEST_SEQUENCE: Final = 2**63 - 1


class Malformed(ValueError):
    """A message is not a CloudEvent of ours."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The attributes of an event that has come in."""

    id: str
    source: str
    type: str
    key: str
    sequence: int
    traceparent: str


def headers(row: Row, source: str) -> list[tuple[str, str | bytes | None]]:
    """The Kafka headers of an outgoing event.

    Args:
        row: the stored event.
        source: the name of the publishing service.
    """
    attributes: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(row.event_id)),
        ("ce_source", f"/{source}"),
        ("ce_type", row.type),
        ("ce_subject", row.key),
        ("ce_time", row.created_at.isoformat()),
        ("ce_sequence", str(row.sequence)),
        ("content-type", CONTENT_TYPE),
    ]
    if row.traceparent:
        attributes.append(("traceparent", row.traceparent))
    return attributes


def _number(text: str) -> int:
    """A number in plain ASCII digits, which `int` alone does not insist on."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(f"ce_sequence {text[:20]!r} is not a number")
    return int(text)


def parse(key: bytes | None, received: Headers) -> Envelope:
    """The envelope of an incoming message.

    Raises:
        Malformed: a required attribute is missing or unreadable, or the key is not the subject.
    """
    try:
        named = [(name.lower(), value) for name, value in received]
        attributes = {name: value.decode() for name, value in named if name in READ}
        envelope = Envelope(
            id=attributes["ce_id"],
            source=attributes["ce_source"].removeprefix("/"),
            type=attributes["ce_type"],
            key=attributes["ce_subject"],
            sequence=_number(attributes["ce_sequence"]),
            traceparent=attributes.get("traceparent", ""),
        )
    except KeyError as error:
        raise Malformed(f"the header {error} is missing") from error
    except (ValueError, AttributeError) as error:
        raise Malformed(f"a header cannot be read: {error}") from error
    if attributes.get("ce_specversion") != SPEC_VERSION:
        raise Malformed("ce_specversion is not 1.0")
    if key is None or key != envelope.key.encode():
        raise Malformed("the message's key is not its ce_subject")
    if not 1 <= envelope.sequence <= HIGHEST_SEQUENCE:
        raise Malformed("ce_sequence is not positive, or far too high")
    if not (envelope.id and envelope.source and envelope.type and envelope.key):
        raise Malformed("a required header is empty")
    for name, longest in LONGEST.items():
        if len(getattr(envelope, name)) > longest:
            raise Malformed(f"the {name} is longer than {longest} characters")
    return envelope
