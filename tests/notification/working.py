"""Runners at work."""

import time
from collections.abc import Callable, Collection
from functools import partial

from notification.channels import Call, Outcome, Verdict
from notification.deliveries import Deliveries
from notification.models import Delivery
from tests.threads import PATIENCE_SECONDS

Runner = Callable[..., Deliveries]
SENT = Outcome(verdict=Verdict.SENT, status=204, duration_ms=1)
LATER = Outcome(verdict=Verdict.LATER, error="it answered 503", status=503, duration_ms=1)


class Scripted:
    """A channel that does what it is told; a `Channel`.

    Args:
        outcomes: what each call comes to, in order; the last one from then on.
        meanwhile: called with every delivery that is sent, in its thread.
    """

    def __init__(
        self, *outcomes: Outcome | Exception, meanwhile: Callable[[Delivery], object] = bool
    ) -> None:
        self.outcomes = list(outcomes)
        self.meanwhile = meanwhile
        self.sent: list[Delivery] = []

    def prepare(self, deliveries: Collection[Delivery]) -> list[Call | Outcome]:
        """See `Channel.prepare`."""
        return [partial(self._send, delivery) for delivery in deliveries]

    def _send(self, delivery: Delivery) -> Outcome:
        self.sent.append(delivery)
        self.meanwhile(delivery)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def run_until(done: Callable[[], bool], *runners: Deliveries) -> None:
    """Let runners take turns until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        for runner in runners:
            runner.run_once()


def nothing_pending() -> bool:
    """Whether everything is over."""
    return not Delivery.objects.filter(status=Delivery.Status.PENDING).exists()


def nothing_new() -> bool:
    """Whether everything has been tried."""
    return not Delivery.objects.filter(status=Delivery.Status.PENDING, attempts=0).exists()
