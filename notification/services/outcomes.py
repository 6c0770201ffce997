"""What attempts came to, recorded."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notification import selectors
from notification.channels import Outcome, Verdict
from notification.models import Attempt, Delivery, Endpoint, IllegalTransition
from outbox.inserts import insert_later
from outbox.transactions import unit_of_work

logger = logging.getLogger(__name__)

Status = Delivery.Status
_SECONDS, _MINUTES, _HOURS = 1, 60, 3600

# How long to wait after each attempt that failed; after the last wait comes the last attempt. An
# endpoint has 72 hours to come back. A mail server has a day: whoever runs it hears of it sooner.
WAITS: Final[Mapping[str, tuple[timedelta, ...]]] = {
    Delivery.Channel.WEBHOOK: tuple(
        timedelta(seconds=seconds)
        for seconds in (
            *(5 * _SECONDS, 1 * _MINUTES, 5 * _MINUTES, 30 * _MINUTES, 2 * _HOURS, 5 * _HOURS),
            *(10 * _HOURS, 14 * _HOURS, 18 * _HOURS, 22.4 * _HOURS),
        )
    ),
    Delivery.Channel.EMAIL: tuple(
        timedelta(seconds=seconds)
        for seconds in (
            *(2 * _SECONDS, 10 * _SECONDS, 1 * _MINUTES, 5 * _MINUTES, 15 * _MINUTES),
            *(30 * _MINUTES, 1 * _HOURS, 2 * _HOURS, 4 * _HOURS, 8 * _HOURS, 8 * _HOURS),
        )
    ),
}
ENDS: Final[Mapping[Verdict, Delivery.Status]] = {
    Verdict.SENT: Status.SENT,
    Verdict.NOBODY: Status.UNDELIVERABLE,
    Verdict.UNWANTED: Status.SUPPRESSED,
    Verdict.BROKEN: Status.HELD,
    Verdict.GONE: Status.HELD,
}


@unit_of_work
def record_outcomes(outcomes: Mapping[UUID, Outcome], *, now: datetime) -> None:
    """Record what attempts came to, all or nothing: what was not taken is tried again, ever later,
    and held for an operator after the last attempt.

    Args:
        outcomes: by the delivery's id.
        now: when.
    """
    found = {delivery.pk: delivery for delivery in selectors.deliveries_by_id(outcomes)}
    _log({pk: outcome for pk, outcome in outcomes.items() if pk in found}, now)
    sent = [pk for pk in found if outcomes[pk].verdict is Verdict.SENT]
    if sent and Delivery.complete_sent(sent, now=now) != len(sent):
        # A runner that took over a shard has recorded some: they have gone out twice, too.
        logger.warning("some of %s were recorded by somebody else", sent)
    for pk, delivery in found.items():
        if outcomes[pk].verdict is not Verdict.SENT:
            _record_failure(delivery, outcomes[pk], now)
    for endpoint in {d.endpoint for d in found.values() if d.endpoint}:
        of_it = [outcomes[d.pk] for d in found.values() if d.endpoint == endpoint]
        _note(endpoint, of_it, now)


def _log(outcomes: Mapping[UUID, Outcome], now: datetime) -> None:
    made = [
        Attempt(
            delivery_id=pk,
            at=now - timedelta(milliseconds=outcome.duration_ms),
            duration_ms=outcome.duration_ms,
            request=outcome.request,
            answer_status=outcome.status,
            answer=outcome.answer,
            error=outcome.error,
        )
        for pk, outcome in outcomes.items()
        if outcome.duration_ms is not None
    ]
    if made:
        insert_later(made)


def _record_failure(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    waits = WAITS[delivery.channel]
    try:
        if outcome.verdict is not Verdict.LATER:
            delivery.complete(ENDS[outcome.verdict], error=outcome.error, now=now)
        elif delivery.attempts < len(waits):
            delivery.postpone(outcome.error, wait=waits[delivery.attempts])
        else:
            delivery.complete(Status.HELD, error=outcome.error, now=now)
    except IllegalTransition as error:
        logger.info("already recorded: %s", error)


def _note(endpoint: Endpoint, outcomes: list[Outcome], now: datetime) -> None:
    """What attempts say about the endpoint itself; one that was not asked says nothing."""
    asked = [outcome for outcome in outcomes if outcome.duration_ms is not None]
    gone = [outcome for outcome in asked if outcome.verdict is Verdict.GONE]
    failed = [outcome for outcome in asked if outcome.verdict is Verdict.LATER]
    if gone:
        endpoint.disable("it answered 410: it wants nothing any more")
    elif any(outcome.verdict is Verdict.SENT for outcome in asked):
        endpoint.note_success()
    elif failed:
        endpoint.note_failure(failed[0].error, now=now)
