"""What the rounds of one way of doing something gave."""

from dataclasses import dataclass, field
from statistics import median, quantiles


@dataclass
class Rounds:
    """A rate and the cores that were busy, for each round."""

    rates: list[float] = field(default_factory=list)
    cpu: list[dict[str, float]] = field(default_factory=list)

    def cores(self) -> dict[str, float]:
        """Cores that each process kept busy, in the median round."""
        names = self.cpu[0]
        return {name: round(median(used[name] for used in self.cpu), 2) for name in names}


def percentile(values: list[float], percent: int) -> float:
    """The value that so many percent are at or below."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
