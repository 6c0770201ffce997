"""What the shop does with its own events."""

import time
from functools import partial

from django.db import transaction

from bench.outbox.shop.events import ParcelSent, ParcelStored
from bench.outbox.shop.models import Effect

# When an event was sent, handled, and its effect committed: (sent, handled, committed) in ns.
committed: list[tuple[int, int, int]] = []


def measure(event: ParcelSent | ParcelStored) -> None:
    """Write one effect, and note when it is committed."""
    handled = time.monotonic_ns()
    Effect.objects.create(sent_ns=event.sent_ns, handled_ns=handled)
    transaction.on_commit(partial(_note, event.sent_ns, handled))


def _note(sent: int, handled: int) -> None:
    committed.append((sent, handled, time.monotonic_ns()))


EFFECTS = {ParcelSent.type: measure, ParcelStored.type: measure}
