"""What a client was told of a reservation, and whether it goes with what was seen."""

from dataclasses import dataclass
from uuid import UUID

from dev.console import RefusalError


@dataclass(frozen=True)
class Told:
    """What a client was told of a reservation: PENDING at an answer that it asked for at `pending`,
    CONFIRMED at `confirmed`; seconds since 1970."""

    reservation_id: UUID
    pending: float
    confirmed: float

    def must_agree(self, not_yet: float, seen: float) -> None:
        """Refuse a moment of CONFIRMED that goes against what the client was told.

        Args:
            not_yet: when the last look began that did not find it CONFIRMED.
            seen: when a look had found it CONFIRMED.

        Raises:
            RefusalError: it became CONFIRMED after the client was told so, or before it was told
                PENDING, however late the looks were.
        """
        if self.confirmed < not_yet or seen < self.pending:
            raise RefusalError(
                f"CONFIRMED was not seen at {not_yet:.4f} and seen at {seen:.4f}, but a client "
                f"that asked at {self.pending:.4f} was told PENDING, and told CONFIRMED at "
                f"{self.confirmed:.4f}"
            )
