"""What operators do with sagas: each act with a reason that is kept."""

from datetime import datetime
from uuid import UUID

from booking import orchestrator, selectors
from booking.models import Saga, SagaIntervention
from booking.steps.signals import Cancel, Complete, Retry
from outbox.transactions import unit_of_work

Action = SagaIntervention.Action


class NotPossible(Exception):
    """What an operator wants cannot be done with a saga at this step."""


def retry_saga(*, saga_id: UUID, actor: str, reason: str, now: datetime) -> Saga:
    """Ask again for what a saga waits for, as often as at first.

    The request has the number that it had, unless it was a refund that got a definite no.

    Args:
        saga_id: the saga.
        actor: who does it.
        reason: why, for the audit trail.
        now: the current time, UTC.

    Returns:
        The saga, as it has become.

    Raises:
        Saga.DoesNotExist: there is none.
        NotPossible: it waits for nothing that can be asked for again.
    """
    return _intervene(saga_id, Action.RETRY, Retry(), actor, reason, now)


def compensate_saga(*, saga_id: UUID, actor: str, reason: str, now: datetime) -> Saga:
    """Cancel the reservation of a saga that has not come to its end; what was asked of the card is
    taken back.

    Arguments, result and exceptions are those of `retry_saga`.
    """
    return _intervene(saga_id, Action.COMPENSATE, Cancel("operator"), actor, reason, now)


def complete_saga(*, saga_id: UUID, actor: str, reason: str, now: datetime) -> Saga:
    """Go on as if payment had said yes: its operation was settled by hand.

    Arguments, result and exceptions are those of `retry_saga`.
    """
    return _intervene(saga_id, Action.FORCE_COMPLETE, Complete(), actor, reason, now)


@unit_of_work
def _intervene(
    saga_id: UUID,
    action: SagaIntervention.Action,
    signal: Retry | Cancel | Complete,
    actor: str,
    reason: str,
    now: datetime,
) -> Saga:
    """Signal and audit in one transaction."""
    if not reason.strip():
        raise ValueError("an operator's act needs a reason")
    found = selectors.saga(saga_id)
    before = found.step
    if not orchestrator.waits_for(found, type(signal)):
        raise NotPossible(f"{found}, {found.reservation}: there is nothing to {action} here")
    orchestrator.advance(found, signal, now=now)
    SagaIntervention.objects.create(
        saga=found,
        at=now,
        actor=actor[:150],
        action=action,
        before=before,
        after=found.step,
        reason=reason[:300],
    )
    return found
