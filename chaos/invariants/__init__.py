"""The invariants: each is a function of the evidence alone, in a file of its own."""

from typing import Final

from chaos.evidence import Evidence
from chaos.invariants import answers, effects, final, money, notices, rest, seats
from chaos.invariants.violation import Finding, Invariant, Violation

__all__ = ["INVARIANTS", "Finding", "Invariant", "Violation", "violations"]

INVARIANTS: Final = (
    Invariant(
        1,
        "every accepted reservation is final within a minute of the last fault, none lost, none"
        " invented: the clients' logs against the database",
        final.findings,
    ),
    Invariant(
        2,
        "no seat with two owners at any time (from the history, not only at the end); held and"
        " sold seats match reservations",
        seats.findings,
    ),
    Invariant(
        3,
        "captured minus refunded equals what is owed (the total if confirmed; the quoted"
        " cancelation charge if canceled after that; else zero); the processor's books and ours"
        " agree to the cent; no operation executed twice",
        money.findings,
    ),
    Invariant(
        4,
        "per reservation, each consumer's effects are exactly the published events, once, in order",
        effects.findings,
    ),
    Invariant(
        5,
        "one notification per event and recipient (twice only within the documented window,"
        " counted)",
        notices.findings,
    ),
    Invariant(
        6,
        "nothing held, nothing stuck without a fault that explains it; every process back without"
        " a human hand",
        rest.findings,
    ),
    Invariant(
        7,
        "no 5xx other than 502/503/504 during a fault's window",
        answers.findings,
    ),
)


def violations(evidence: Evidence) -> list[Violation]:
    """Everything that is not as it must be, by invariant."""
    return [
        Violation(invariant.number, finding.reservation, finding.what)
        for invariant in INVARIANTS
        for finding in invariant.findings(evidence)
    ]
