"""What every event has in common."""

from typing import ClassVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about one reservation, past tense, never changed once published.

    `type` is the CloudEvents type, `topic` the Kafka topic and `handled_by` the services that react
    to it; all belong to the class, not to the payload. Consumers ignore fields they do not know.
    """

    type: ClassVar[str]
    topic: ClassVar[str]
    handled_by: ClassVar[tuple[str, ...]] = ()
    # Where it must come from, what it is about, and what nobody is shown.
    source: ClassVar[str]
    key_field: ClassVar[str] = "reservation_id"
    secret: ClassVar[frozenset[str]] = frozenset()

    reservation_id: UUID
