"""Which event a handler has in hand: its payload says what happened, its envelope which it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from outbox.cloudevents import Envelope
from outbox.tracing import traced

_current: ContextVar[Envelope | None] = ContextVar("envelope", default=None)


class NothingReceived(LookupError):
    """No event is being handled."""


def envelope() -> Envelope:
    """The envelope of the event that is being handled.

    Raises:
        NothingReceived: none is.
    """
    found = _current.get()
    if found is None:
        raise NothingReceived("only a handler has an event in hand")
    return found


@contextmanager
def received(envelope: Envelope) -> Iterator[None]:
    """Do the enclosed work for an event, under its trace."""
    token = _current.set(envelope)
    try:
        with traced(envelope.traceparent):
            yield
    finally:
        _current.reset(token)
