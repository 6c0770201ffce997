"""7: no 5xx other than 502, 503 and 504, and those only during a fault's window."""

from collections.abc import Iterator, Sequence
from typing import Final

from chaos.evidence import HUNG_UP, Attempt, Evidence, Fault
from chaos.invariants.violation import Finding

AWAY: Final = frozenset({502, 503, 504})


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Answers that nobody may get, or not then. No answer at all counts as one."""
    for request in evidence.requests:
        for attempt in request.attempts:
            if wrong := _wrong(attempt, evidence.faults):
                what = f"{request.what} ({request.scenario}) got {wrong}"
                yield Finding(request.reservation, f"{what}: {attempt.text[:200]}")


def _wrong(attempt: Attempt, faults: Sequence[Fault]) -> str:
    if 0 < attempt.status < 500 or attempt.status == HUNG_UP:
        return ""
    if attempt.status and attempt.status not in AWAY:
        return str(attempt.status)
    if any(fault.explains(attempt.begun, attempt.ended) for fault in faults):
        return ""
    return f"{attempt.status or 'no answer'} without a fault"
