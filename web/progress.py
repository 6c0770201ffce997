"""How far a reservation has come: the saga's steps as its customer sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web import words
from web.answers import Entry, Reservation

# The entry of the timeline that ends each step, and the step.
BUYING: Final = (
    ("created", gettext_lazy("Seats held")),
    ("quoted", gettext_lazy("Price agreed")),
    ("confirmed", gettext_lazy("Card approved, seats yours")),
    ("ticketed", gettext_lazy("Paid, tickets issued")),
)
REFUNDS: Final = frozenset({"refunded", "voided", "settled"})
# What follows the end, such as a refund, is there within seconds.
SETTLING: Final = timedelta(minutes=2)
SOON: Final = 1
NOW_AND_THEN: Final = 10


@dataclass(frozen=True)
class Step:
    """A step; `state` is done, now, waiting or failed, `at` is when it was done."""

    name: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A reservation with what has happened to it, at a moment."""

    reservation: Reservation
    entries: Sequence[Entry]
    now: datetime

    @property
    def mark(self) -> str:
        """Differs whenever there is something new to show."""
        return f"{self.reservation.version}-{len(self.entries)}-{self.reservation.status}"

    @property
    def is_unpaid(self) -> bool:
        """Whether it is only held, and nobody has paid yet.

        The API does not say so but in the timeline, by the words of its first entry.
        """
        others = {entry.entry for entry in self.entries} - {"created", "seats changed"}
        is_held = self.entries and self.entries[0].detail.endswith("to be paid")
        return self.reservation.status == "PENDING" and bool(is_held) and not others

    @property
    def is_done(self) -> bool:
        """Whether all is paid for and ticketed."""
        return "ticketed" in self._at

    @property
    def seconds_until_next_look(self) -> int:
        """When the page is to ask again; 0 for never."""
        if self.is_unpaid:
            return NOW_AND_THEN
        if self.reservation.status == "PENDING":
            return SOON
        if self.reservation.status == "CONFIRMED":
            return 0 if self.is_done else SOON
        is_settling = self.now - self.reservation.updated_at < SETTLING
        return SOON if is_settling and self.waits_for_refund else 0

    @property
    def was_confirmed(self) -> bool:
        """Whether the card was ever asked for more than a promise."""
        return "confirmed" in self._at

    @property
    def waits_for_refund(self) -> bool:
        """Whether something is to come back that has not come back yet."""
        is_given_up = self.reservation.status == "CANCELED" and self.was_confirmed
        return is_given_up and not REFUNDS & self._at.keys()

    @property
    def why(self) -> str:
        """Why it was refused."""
        for entry in self.entries:
            if entry.entry == "rejected":
                what, _colon, code = entry.detail.partition(": ")
                return words.declined(code) if what == "card declined" else code
        return ""

    @property
    def is_declined(self) -> bool:
        """Whether another card may do."""
        return any(
            entry.entry == "rejected" and entry.detail.startswith("card declined")
            for entry in self.entries
        )

    @property
    def steps(self) -> list[Step]:
        """The steps of buying, up to the one at which it ended."""
        at = self._at
        is_over = self.reservation.status in ("REJECTED", "EXPIRED", "CANCELED")
        steps: list[Step] = []
        for entry, name in BUYING:
            if entry in at:
                steps.append(Step(str(name), "done", at[entry]))
            elif is_over:
                return [*steps, Step(self._end, "failed", self.reservation.updated_at)]
            else:
                waits = any(step.state == "now" for step in steps) or self.is_unpaid
                steps.append(Step(str(name), "waiting" if waits else "now"))
        return steps

    @property
    def _end(self) -> str:
        """What a reservation that was never ticketed ended with."""
        ends = {
            "REJECTED": _("Card declined") if self.is_declined else _("Not sold"),
            "EXPIRED": _("Time has run out"),
        }
        return ends.get(self.reservation.status, _("Canceled"))

    @property
    def _at(self) -> dict[str, datetime]:
        """When each entry was first made. A price of an offer was agreed on from the beginning."""
        at: dict[str, datetime] = {}
        for entry in self.entries:
            at.setdefault(entry.entry, entry.at)
        if self.reservation.price and "created" in at:
            at.setdefault("quoted", at["created"])
        return at
