"""What the shop publishes."""

from typing import ClassVar, Final

import msgspec

PAYLOAD_BYTES: Final = 300


class ParcelSent(msgspec.Struct, frozen=True):
    """A parcel was sent, at a nanosecond of CLOCK_MONOTONIC, which one host's processes share."""

    type: ClassVar[str] = "shop.ParcelSent.v1"
    topic: ClassVar[str] = "shop.arrivals"

    sent_ns: int
    note: str = ""

    @classmethod
    def at(cls, sent_ns: int) -> "ParcelSent":
        """An event whose JSON has `PAYLOAD_BYTES` bytes."""
        bare = len(msgspec.json.encode(cls(sent_ns)))
        return cls(sent_ns, "x" * (PAYLOAD_BYTES - bare))


EVENTS = {ParcelSent.type: ParcelSent}
