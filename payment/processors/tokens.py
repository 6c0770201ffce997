"""What the simulated processor does, by the card's token: always the same.

| token | the authorization | what follows it |
|---|---|---|
| `tok_approve`, and any other | approved | approved |
| `tok_decline` | declined, `card_declined` | |
| `tok_insufficient_funds` | declined, `insufficient_funds` | |
| `tok_expired_card` | declined, `expired_card` | |
| `tok_timeout_approve` | approved, but its first answer is lost | approved |
| `tok_timeout_decline` | declined, `card_declined`, but its first answer is lost | |
| `tok_late_approve` | undecided for a while, then approved | approved |
| `tok_duplicate_webhook` | undecided for a while, then approved, and told twice | approved |
| `tok_3ds_timeout` | undecided for a while, then declined, `authentication_timeout` | |
| `tok_down` | nobody there, the first three times; then approved | approved |
| `tok_capture_decline` | approved | captures declined, `card_blocked` |
| `tok_refund_decline` | approved | refunds declined, `refund_refused` |
| `tok_follow_ups_timeout` | approved | approved, but each first answer is lost |

A while is `PROCESSOR_LATE_MS`. A lost answer is booked all the same; with nobody there, nothing is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from payment.processors import Kind


@dataclass(frozen=True, kw_only=True)
class Course:
    """How one request goes.

    Args:
        declined: why it is declined, or nothing.
        lost_answers: how many of its answers get lost on the way.
        nobody_there: how often the processor cannot be reached before that.
        late: whether it is undecided for a while.
        told: how often a webhook tells its outcome.
    """

    declined: str = ""
    lost_answers: int = 0
    nobody_there: int = 0
    late: bool = False
    told: int = 1


USUAL: Final = Course()
_LOST: Final = Course(lost_answers=1)

COURSES: Final[Mapping[str, Mapping[Kind, Course]]] = MappingProxyType(
    {
        "tok_decline": {"AUTHORIZE": Course(declined="card_declined")},
        "tok_insufficient_funds": {"AUTHORIZE": Course(declined="insufficient_funds")},
        "tok_expired_card": {"AUTHORIZE": Course(declined="expired_card")},
        "tok_timeout_approve": {"AUTHORIZE": _LOST},
        "tok_timeout_decline": {"AUTHORIZE": Course(declined="card_declined", lost_answers=1)},
        "tok_late_approve": {"AUTHORIZE": Course(late=True)},
        "tok_duplicate_webhook": {"AUTHORIZE": Course(late=True, told=2)},
        "tok_3ds_timeout": {"AUTHORIZE": Course(declined="authentication_timeout", late=True)},
        "tok_down": {"AUTHORIZE": Course(nobody_there=3)},
        "tok_capture_decline": {"CAPTURE": Course(declined="card_blocked")},
        "tok_refund_decline": {"REFUND": Course(declined="refund_refused")},
        "tok_follow_ups_timeout": {"CAPTURE": _LOST, "VOID": _LOST, "REFUND": _LOST},
    }
)


def course(token: str, kind: Kind) -> Course:
    """How a request of this kind goes for the card of this token."""
    return COURSES.get(token, {}).get(kind, USUAL)
