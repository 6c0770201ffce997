"""A transactional outbox and inbox for Django services on Kafka.

An event is published if and only if its transaction committed; events of one key reach each
consumer in order; every effect happens once, whatever is killed. See `outbox/README.md`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outbox.events import append

__all__ = ["append"]


def __getattr__(name: str) -> Any:
    """Offer `outbox.append` without importing models before Django's apps are ready."""
    if name == "append":
        from outbox.events import append

        return append
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
