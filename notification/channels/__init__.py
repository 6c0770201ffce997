"""The outside world: how messages leave, behind one small protocol.

What a message needs of the database is read by `prepare`; the call that it returns touches none
and may take its time, in a thread of its own.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from notification.models import Delivery

# What is kept of an answer: enough to see what the other side means.
LONGEST_KEPT = 2000


class Verdict(Enum):
    """What an attempt came to."""

    SENT = "taken by the other side"
    LATER = "not taken now; it may be another time"
    NOBODY = "there is nobody to send it to, however often"
    UNWANTED = "the recipient does not want it"
    BROKEN = "it cannot be sent as it is; somebody has to look"
    GONE = "not taken, and nothing will be"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt came to, and what was said.

    Args:
        verdict: what follows.
        error: why it was not taken; nothing where it was.
        request: what was sent, without secrets and without personal data.
        status: the other side's own code, HTTP's or SMTP's, if it gave one.
        answer: what it said.
        duration_ms: how long it took; none where nobody was asked.
    """

    verdict: Verdict
    error: str = ""
    request: str = ""
    status: int | None = None
    answer: str = ""
    duration_ms: int | None = None


Call = Callable[[], Outcome]


class Channel(Protocol):
    """One way for messages to leave."""

    def prepare(self, deliveries: Collection[Delivery]) -> list[Call | Outcome]:
        """For each delivery, in order, the call that sends it, or what it comes to without one.

        A message that cannot be made is BROKEN, with the traceback: it does not stop the others.
        """
        ...
