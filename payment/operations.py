"""Doing what was asked of the processor: the work of `run_operations`.

Operations are recorded and committed first, then done here, outside any transaction and several
at once, then their results are recorded. A crash after the call leaves the operation open: the
processor is asked again with the same idempotency key and answers what it answered before.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from django.utils import timezone

from outbox.conf import options
from outbox.leases import Leases
from payment import selectors, services
from payment.models import OPERATIONS, IllegalTransition, Operation
from payment.processors import (
    Answer,
    Authorization,
    Capture,
    OutcomeUnknown,
    Processor,
    Refund,
    Request,
    Void,
    ask,
)
from payment.services import Outcome

logger = logging.getLogger(__name__)

WAIT_SECONDS: Final = 0.01


class Operations:
    """Does due operations of the shards this process holds.

    Args:
        processor: whom to ask.
        in_flight: how many calls may be under way at once.
        address: where this process hears nudges, or nothing.
    """

    def __init__(self, processor: Processor, *, in_flight: int, address: str = "") -> None:
        self.leases = Leases(
            OPERATIONS,
            seconds=options().lease_seconds,
            address=address,
            busy=lambda: {operation.shard for operation in self._calls.values()},
        )
        self.processor = processor
        self.in_flight = in_flight
        self._threads = ThreadPoolExecutor(in_flight, thread_name_prefix="processor")
        self._calls: dict[Future[Answer], Operation] = {}

    def run_once(self) -> bool:
        """Start calls for what is due, and record the answers that have come.

        Returns:
            Whether to look again at once: calls are under way still, or more may be due than there
            was room for. What is recorded meanwhile comes with a nudge.
        """
        self.leases.keep()
        room = self.in_flight - len(self._calls)
        started = self._start(room)
        self._record(WAIT_SECONDS)
        return bool(self._calls) or started == room

    def close(self) -> None:
        """Wait for the calls under way, record their answers, and give the shards back."""
        self._threads.shutdown(wait=True)
        self._record(None)
        self.leases.release()

    def _start(self, room: int) -> int:
        """Start so many calls at most; returns how many were due."""
        due = selectors.due_operations(
            shards=self.leases.shards,
            besides=[operation.pk for operation in self._calls.values()],
            limit=room,
        )
        for operation in due:
            if operation.kind == Operation.Kind.AUTHORIZE or not self._is_settled(operation):
                call = self._threads.submit(ask, self.processor, request_for(operation))
                self._calls[call] = operation
        return len(due)

    def _is_settled(self, operation: Operation) -> bool:
        """Whether the processor need not be asked any more."""
        try:
            return services.settle_without_asking(operation, now=timezone.now())
        except IllegalTransition as error:
            logger.info("already recorded: %s", error)
            return True

    def _record(self, seconds: float | None) -> None:
        """Record the answers that have come, all that are there in one transaction: a commit is
        most of what recording costs."""
        answered = wait(self._calls, timeout=seconds, return_when=FIRST_COMPLETED).done
        if not answered:
            return
        outcomes = {self._calls[call].pk: self._outcome(call) for call in answered}
        try:
            self._record_outcomes(outcomes, [self._calls[call] for call in answered])
        except IllegalTransition:
            for pk, outcome in outcomes.items():
                self._record_one(pk, outcome)
        for call in answered:
            del self._calls[call]

    def _record_outcomes(
        self, outcomes: Mapping[int, Outcome], read: Sequence[Operation] = ()
    ) -> None:
        services.record_outcomes(outcomes, now=timezone.now(), read=read)

    def _record_one(self, pk: int, outcome: Outcome) -> None:
        try:
            self._record_outcomes({pk: outcome})
        except IllegalTransition as error:
            # A webhook was first, or a worker that took over this shard: with the same answer.
            logger.info("already recorded: %s", error)

    def _outcome(self, call: Future[Answer]) -> Outcome:
        try:
            return call.result()
        except OutcomeUnknown as error:
            return error
        except Exception as error:
            logger.exception("%s: the processor's client failed", self._calls[call])
            return OutcomeUnknown(repr(error))


def request_for(operation: Operation) -> Request:
    """What the processor is asked, for an operation at its turn that it has to be asked for."""
    key, authorization = operation.idempotency_key, operation.authorization
    if authorization is None:
        return Authorization(
            idempotency_key=key,
            token=operation.payment_token,
            amount=operation.amount,
            currency=operation.currency,
        )
    reference = authorization.processor_reference
    if operation.kind == Operation.Kind.VOID:
        return Void(idempotency_key=key, authorization=reference)
    of_kind = Capture if operation.kind == Operation.Kind.CAPTURE else Refund
    return of_kind(
        idempotency_key=key,
        authorization=reference,
        amount=operation.amount,
        currency=operation.currency,
    )
