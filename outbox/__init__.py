"""A transactional outbox and inbox for Django services on Kafka.

An event is published if and only if its transaction committed; events of one key reach each
consumer in order; every effect happens once, whatever is killed. See `outbox/README.md`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outbox.events import append, append_batch

__all__ = ["append", "append_batch"]


def __getattr__(name: str) -> Any:
    """Offer what appends without importing models before Django's apps are ready."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from outbox import events

    return getattr(events, name)
