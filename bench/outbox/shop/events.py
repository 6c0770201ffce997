"""What the shop publishes."""

from typing import ClassVar, Final, Self

import msgspec

PAYLOAD_BYTES: Final = 300


class _Parcel(msgspec.Struct, frozen=True):
    """Something became of a parcel, at a nanosecond of CLOCK_MONOTONIC, which one host's processes
    share."""

    sent_ns: int
    note: str = ""

    @classmethod
    def at(cls, sent_ns: int) -> Self:
        """An event whose JSON has `PAYLOAD_BYTES` bytes."""
        bare = len(msgspec.json.encode(cls(sent_ns)))
        return cls(sent_ns, "x" * (PAYLOAD_BYTES - bare))


class ParcelSent(_Parcel, frozen=True):
    """What is received while it is sent."""

    type: ClassVar[str] = "shop.ParcelSent.v1"
    topic: ClassVar[str] = "shop.arrivals"


class ParcelStored(_Parcel, frozen=True):
    """What waits in its topic to be received."""

    type: ClassVar[str] = "shop.ParcelStored.v1"
    topic: ClassVar[str] = "shop.effects"


EVENTS = {event.type: event for event in (ParcelSent, ParcelStored)}
