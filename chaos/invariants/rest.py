"""6: nothing held, nothing stuck; every process back without a human hand.

No fault of a run explains that something is held or stuck at its end: whatever was broken was given
back, and what was held meanwhile has to drain by itself.
"""

from collections.abc import Iterator
from typing import Final

from chaos.evidence import Evidence
from chaos.invariants.violation import Finding

OPEN: Final = ("REQUESTED", "UNKNOWN")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What has not come to rest, and who has not come back."""
    for held in evidence.held:
        yield Finding(held.key, f"{held.service} holds {held.what}")
    for saga in evidence.sagas:
        if saga.is_stuck or saga.is_live:
            how = "is stuck" if saga.is_stuck else "has not ended"
            yield Finding(saga.reservation, f"its {saga.kind} saga {how} at {saga.step}")
    bought = {saga.reservation for saga in evidence.sagas if saga.kind == "BUYING"}
    for reservation in evidence.reservations:
        if reservation.id not in bought:
            yield Finding(reservation.id, "has no saga that would end it")
    for operation in evidence.operations:
        if operation.status in OPEN:
            yield Finding(operation.reservation, f"{operation.key} is still {operation.status}")
    for delivery in evidence.deliveries:
        if delivery.status != "SENT":
            what = f"{delivery.event_type} to {delivery.recipient}"
            yield Finding(delivery.reservation, f"{what} is {delivery.status}")
    yield from _processes(evidence)


def _processes(evidence: Evidence) -> Iterator[Finding]:
    for process in evidence.processes:
        if process.state != "RUNNING" or not process.serves:
            serves = "" if process.serves else ", and does not serve"
            yield Finding("", f"{process.name} is {process.state}{serves}")
    for fault in evidence.faults:
        if fault.recovered is None:
            yield Finding("", f"the system was never seen healthy after: {fault}")
