"""5: one notification per event and recipient, twice only within the documented window."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from chaos.evidence import Evidence, Fault, Mail, grouped
from chaos.invariants.violation import Finding

# Whose death, or silence, keeps a message that was sent from being recorded as sent.
SENDERS: Final = ("notification-run-deliveries", "mariadb", "everything")
MOST: Final = 2


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Messages that were recorded twice, that came too often, or that did not come."""
    yield from _recorded_twice(evidence)
    about = {one.id: one for one in evidence.deliveries}
    mails = grouped(evidence.mails, lambda one: one.delivery)
    for delivery in mails.keys() - about.keys():
        yield Finding("", f"the mail {delivery} was recorded by nobody")
    for delivery, row in about.items():
        came = mails.get(delivery, [])
        if row.status == "SENT" and not came:
            yield Finding(row.reservation, f"{row.event_type} to {row.recipient} never came")
        if len(came) > 1 and not is_allowed(came, evidence.faults):
            yield Finding(
                row.reservation,
                f"{row.event_type} to {row.recipient} came {len(came)} times, unexplained",
            )


def _recorded_twice(evidence: Evidence) -> Iterator[Finding]:
    recorded = Counter((one.reservation, one.event, one.recipient) for one in evidence.deliveries)
    for (reservation, event, recipient), count in recorded.items():
        if count > 1:
            yield Finding(reservation, f"{count} messages to {recipient} about {event}")


def is_allowed(came: Sequence[Mail], faults: Sequence[Fault]) -> bool:
    """Whether it is the documented window: the runner, or its database, was lost after the mail
    server had taken the message and before that was recorded."""
    moments = sorted(mail.at for mail in came)
    return len(came) == MOST and any(
        fault.victim.startswith(SENDERS) and fault.explains(moments[0], moments[-1])
        for fault in faults
    )


def repeats(evidence: Evidence) -> int:
    """How many mails came a second time within that window."""
    came = grouped(evidence.mails, lambda one: one.delivery).values()
    return sum(len(mails) > 1 and is_allowed(mails, evidence.faults) for mails in came)
