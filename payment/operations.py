"""Doing what was asked of the processor: the work of `run_operations`.

Operations are recorded and committed first, then done here, outside any transaction and several
at once, then their results are recorded. A crash after the call leaves the operation open: the
processor is asked again with the same idempotency key and answers what it answered before.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

from django.utils import timezone

from outbox.conf import options
from outbox.leases import Leases
from outbox.transactions import unit_of_work
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
            Whether any call was under way.
        """
        self.leases.keep()
        self._start()
        working = bool(self._calls)
        self._record(WAIT_SECONDS)
        return working

    def close(self) -> None:
        """Wait for the calls under way, record their answers, and give the shards back."""
        self._threads.shutdown(wait=True)
        self._record(None)
        self.leases.release()

    def _start(self) -> None:
        room = self.in_flight - len(self._calls)
        due = selectors.due_operations(
            shards=self.leases.shards,
            besides=[operation.pk for operation in self._calls.values()],
            limit=room,
        )
        for operation in due:
            if operation.kind == Operation.Kind.AUTHORIZE or not self._is_settled(operation):
                call = self._threads.submit(ask, self.processor, request_for(operation))
                self._calls[call] = operation

    def _is_settled(self, operation: Operation) -> bool:
        """Whether the processor need not be asked any more."""
        try:
            return services.settle_without_asking(operation, now=timezone.now())
        except IllegalTransition as error:
            logger.info("already recorded: %s", error)
            return True

    def _record(self, seconds: float | None) -> None:
        if not self._calls:
            return
        answered = wait(self._calls, timeout=seconds, return_when=FIRST_COMPLETED).done
        try:
            self._record_together(answered)
        except IllegalTransition:
            for call in answered:
                self._record_one(call)
        for call in answered:
            del self._calls[call]

    @unit_of_work
    def _record_together(self, calls: Iterable[Future[Answer]]) -> None:
        """What has come at once is committed at once: a commit is most of what recording costs."""
        for call in calls:
            self._record_result(call, self._calls[call], timezone.now())

    def _record_one(self, call: Future[Answer]) -> None:
        try:
            self._record_result(call, self._calls[call], timezone.now())
        except IllegalTransition as error:
            # A worker that took over this shard asked too, and got the same answer.
            logger.info("already recorded: %s", error)

    def _record_result(self, call: Future[Answer], operation: Operation, now: datetime) -> None:
        try:
            answer = call.result()
        except OutcomeUnknown as error:
            services.record_unknown(operation, str(error), now=now)
        except Exception as error:
            logger.exception("%s: the processor's client failed", operation)
            services.record_unknown(operation, repr(error), now=now)
        else:
            services.record_answer(operation, answer, now=now)


def request_for(operation: Operation) -> Request:
    """What the processor is asked, for an operation at its turn that it has to be asked for."""
    key, authorization = operation.idempotency_key, selectors.authorization_of(operation)
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
