"""What a run came to: a table for people, JSON for programs, and the story of what went wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from chaos.evidence import Evidence
from chaos.invariants import INVARIANTS, Violation
from chaos.invariants.notices import repeats
from chaos.story import story

MOST_STORIES: Final = 5
MOST_LINES: Final = 40


def lines(evidence: Evidence, violations: Sequence[Violation]) -> Iterator[str]:
    """The table."""
    yield from _table("faults", Counter(fault.kind for fault in evidence.faults))
    yield from _table("requests answered", _answers(evidence))
    yield from _table("reservations", Counter(one.status for one in evidence.reservations))
    yield from _table("besides", _besides(evidence))
    yield "\ninvariants"
    found = Counter(violation.invariant for violation in violations)
    for invariant in INVARIANTS:
        count = found[invariant.number]
        yield f"  {invariant.number}. {'ok' if not count else f'{count} VIOLATIONS':<14} " + (
            invariant.promise
        )


def _table(title: str, counts: Counter[str]) -> Iterator[str]:
    yield f"\n{title:<50} {sum(counts.values()):>6}"
    for name, count in sorted(counts.items()):
        yield f"  {name:<48} {count:>6}"


def _answers(evidence: Evidence) -> Counter[str]:
    """Of what has an effect: what the clients were told in the end."""
    return Counter(
        f"{request.what} {request.answer.status if request.answer else 'without an answer'}"
        for request in evidence.requests
        if request.what != "look"
    )


def _besides(evidence: Evidence) -> Counter[str]:
    attempts = sum(len(request.attempts) for request in evidence.requests)
    return Counter(
        {
            "requests sent again": attempts - len(evidence.requests),
            "events": len(evidence.events),
            "messages on the topics beyond them": len(evidence.messages) - len(evidence.events),
            "operations of the processor": len(evidence.books),
            "mails": len(evidence.mails),
            "mails that came twice within the window": repeats(evidence),
        }
    )


def stories(evidence: Evidence, violations: Sequence[Violation]) -> Iterator[str]:
    """What was violated, and the whole story of the first few reservations that it concerns."""
    yield f"\nseed {evidence.seed}: {len(violations)} violations"
    yield from (f"  {violation}" for violation in violations[:MOST_LINES])
    keys = dict.fromkeys(one.reservation for one in violations if one.reservation)
    for key in list(keys)[:MOST_STORIES]:
        yield ""
        yield from story(evidence, key)


def write(folder: Path, evidence: Evidence, violations: Sequence[Violation]) -> Path:
    """Write all of it beside the logs: the report, and the evidence it was judged by."""
    summary: dict[str, Any] = {
        "seed": evidence.seed,
        "duration": evidence.duration,
        "faults": evidence.faults,
        "reservations": Counter(one.status for one in evidence.reservations),
        "requests": _answers(evidence),
        "besides": _besides(evidence),
        "violations": violations,
    }
    file = folder / "report.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(summary)))
    (folder / "evidence.json").write_bytes(msgspec.json.encode(evidence))
    return file


def read(file: Path) -> Evidence:
    """The evidence of a run, to be judged again."""
    return msgspec.json.decode(file.read_bytes(), type=Evidence)
