"""What a client was told of a reservation, and whether it goes with what was seen."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dev.console import RefusalError

# The reader looks every millisecond, and either of the two may have to wait for a processor.
SLACK_SECONDS: Final = 0.010


@dataclass(frozen=True)
class Told:
    """What a client was told of a reservation: PENDING at an answer that it asked for at `pending`,
    CONFIRMED at `confirmed`; seconds since 1970."""

    reservation_id: UUID
    pending: float
    confirmed: float

    def must_agree(self, seen: float) -> None:
        """Refuse a moment of CONFIRMED that goes against what the client was told.

        Raises:
            RefusalError: it does.
        """
        if not self.pending - SLACK_SECONDS <= seen <= self.confirmed + SLACK_SECONDS:
            raise RefusalError(
                f"CONFIRMED was seen at {seen:.4f}, but a client that asked at {self.pending:.4f} "
                f"was told PENDING, and told CONFIRMED at {self.confirmed:.4f}"
            )
