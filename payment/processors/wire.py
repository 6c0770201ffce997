"""What the HTTP processor, its webhooks and the simulator's server say to each other.

    POST /v1/authorizations                        {"token", "amount", "currency"}
    POST /v1/authorizations/<reference>/captures   {"amount", "currency"}
    POST /v1/authorizations/<reference>/voids      {}
    POST /v1/authorizations/<reference>/refunds    {"amount", "currency"}
    GET  /v1/operations/<idempotency key>          404 when it was never asked
    GET  /v1/operations?after=<cursor>             a page of those that are decided, oldest first

Every POST carries an Idempotency-Key, every request `Authorization: Bearer <key>`. An operation is
answered with 200 and an `Outcome`, pending while it is undecided. A webhook is the POST of an
`Outcome`, signed: `Webhook-Signature: t=<seconds since 1970>,v1=<hex>`, where v1 is the HMAC-SHA256
of `<t>.<body>` under the shared secret.
"""

import hashlib
import hmac
import re
from typing import Annotated, Final, Literal

import msgspec

from payment.processors import Answer, Approved, Declined, Kind, OutcomeUnknown, Transaction

SIGNATURE_HEADER: Final = "Webhook-Signature"
# How far the sender's clock and the way may be off; what is older is a replay.
TOLERANCE_SECONDS: Final = 300

# What a body raises that is none of ours, when it is decoded: a DecodeError is not all of it.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an operation stands at the processor."""

    idempotency_key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    kind: Kind
    status: Literal["approved", "declined", "pending"]
    reference: Annotated[str, msgspec.Meta(max_length=255)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    amount: Annotated[int, msgspec.Meta(ge=0)]
    currency: str

    def __post_init__(self) -> None:
        """Hold that an approval has its reference, when it is made and when it is decoded."""
        if self.status == "approved" and not self.reference:
            raise ValueError("approved, without a reference")

    def answer(self) -> Answer:
        """The definite answer.

        Raises:
            OutcomeUnknown: there is none yet.
        """
        if self.status == "pending":
            raise OutcomeUnknown("not decided yet")
        if self.status == "declined":
            return Declined(reason=code(self.reason))
        return Approved(reference=self.reference)

    def transaction(self) -> Transaction:
        """The same as a line of the books.

        Raises:
            OutcomeUnknown: it is not decided yet.
        """
        return Transaction(
            idempotency_key=self.idempotency_key,
            kind=self.kind,
            amount=self.amount,
            currency=self.currency,
            answer=self.answer(),
        )


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the processor's books; `next` is the cursor of the page after it."""

    data: tuple[Outcome, ...]
    next: str | None = None


def code(reason: str) -> str:
    """A processor's reason as a code of the contracts: lower case, such as card_declined."""
    words = re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")
    if not words:
        return "declined"
    return (words if words[0].isalpha() else f"reason_{words}")[:60]


class BadSignature(Exception):
    """A webhook that is not signed by the processor, or not just now."""


def sign(body: bytes, *, secret: str, at: int) -> str:
    """The signature header of a webhook sent at a moment in seconds since 1970."""
    return f"t={at},v1={_digest(body, secret, at)}"


def verify(body: bytes, *, signature: str, secret: str, at: int) -> None:
    """Hold that a webhook's body was signed with the secret, not long before or after a moment.

    Several signatures may stand side by side, while the processor changes its secret.

    Raises:
        BadSignature: it was not.
    """
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        raise BadSignature("the signature header is missing or malformed")
    signed_at = int(found[1])
    if abs(at - signed_at) > TOLERANCE_SECONDS:
        raise BadSignature(f"it was signed {at - signed_at} seconds ago")
    expected = _digest(body, secret, signed_at)
    given = [part.removeprefix("v1=") for part in found[2].split(",") if part]
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise BadSignature("the signature is not that of the body")


def _digest(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
