"""What the checks of the invariants have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaos.evidence import Evidence


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be.

    Args:
        reservation: which it is about; empty where it is about none.
        what: what is wrong.
    """

    reservation: str
    what: str


@dataclass(frozen=True)
class Invariant:
    """What must hold after a run, whatever was broken.

    Args:
        number: by which it is known.
        promise: what must hold.
        findings: where it does not.
    """

    number: int
    promise: str
    findings: Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True)
class Violation:
    """An invariant that does not hold, once."""

    invariant: int
    reservation: str
    what: str

    def __str__(self) -> str:
        return " ".join(filter(None, (f"[{self.invariant}]", self.reservation, self.what)))
