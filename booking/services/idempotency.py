"""Answering the same request once, however often it comes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db import OperationalError
from rest_framework.exceptions import APIException

from booking.models import IdempotencyKey
from booking.models.idempotency import ClaimLost
from booking.selectors import Conflict
from outbox.transactions import lost_a_race, unit_of_work

WAIT_SECONDS: Final = 2.0
LOOK_AGAIN_SECONDS: Final = 0.05
SERVER_ERROR: Final = 500


class KeyReused(APIException):
    """The key was seen with another request."""

    status_code = 422
    default_code = "idempotency-key-reused"
    default_detail = "This Idempotency-Key was used for another request."


class RequestInFlight(Conflict):
    """The first request with the key is not answered yet; come back after `wait` seconds."""

    default_code = "request-in-flight"
    default_detail = "The first request with this Idempotency-Key is still being worked on."
    wait = 1


@dataclass(frozen=True)
class Answer:
    """An answer as it goes over the wire: the same bytes each time."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_once(
    *,
    customer_id: str,
    key: str,
    fingerprint: str,
    work: Callable[[], Answer],
    refusal: Callable[[Exception], Answer],
    has_effect: bool = True,
) -> Answer:
    """The answer to a request that may have come before.

    The answer is stored in the transaction of the work's effect; where the work has none, after
    it, because it may have another service asked, which no transaction waits for. A refusal has no
    effect; it is stored all the same, and replayed. An error of ours is not: the next request is
    the first.

    Args:
        customer_id: whose key it is.
        key: what the client calls the request.
        fingerprint: a digest of what it asks for.
        work: does what is asked, inside a transaction; it may be called again.
        refusal: makes the answer of what `work` raised, or raises it again.
        has_effect: whether the work writes anything.

    Raises:
        KeyReused: the key was seen with another fingerprint.
        RequestInFlight: the first request is not answered yet, though it was waited for.
    """
    row, is_ours = _claim(customer_id, key, fingerprint)
    if not is_ours:
        return Answer(row.status or 0, bytes(row.body), row.headers)
    try:
        return _work(row, work) if has_effect else _ask(row, work)
    except ClaimLost as error:
        raise RequestInFlight from error
    except Exception as error:
        return _refuse(row, error, refusal)


def _claim(customer_id: str, key: str, fingerprint: str) -> tuple[IdempotencyKey, bool]:
    """The key's row: claimed for this request, or answered."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            row, is_ours = IdempotencyKey.claimed(customer_id, key, fingerprint)
        except OperationalError as error:
            # Who comes with one key at one instant may meet the others in a deadlock.
            if not lost_a_race(error) or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
            continue
        if row.fingerprint != fingerprint:
            raise KeyReused
        if is_ours or row.status is not None:
            return row, is_ours
        while row.is_under_way():
            if time.monotonic() > deadline:
                raise RequestInFlight
            time.sleep(LOOK_AGAIN_SECONDS)


@unit_of_work
def _work(row: IdempotencyKey, work: Callable[[], Answer]) -> Answer:
    answer = work()
    _store(row, answer)
    return answer


def _ask(row: IdempotencyKey, work: Callable[[], Answer]) -> Answer:
    answer = work()
    _store(row, answer)
    return answer


def _refuse(
    row: IdempotencyKey, error: Exception, refusal: Callable[[Exception], Answer]
) -> Answer:
    """Store a refusal; give the key up for anything else, even if what to answer is not known."""
    try:
        answer = refusal(error)
    except Exception:
        row.give_up()
        raise
    if answer.status >= SERVER_ERROR:
        row.give_up()
    else:
        _store(row, answer)
    return answer


def _store(row: IdempotencyKey, answer: Answer) -> None:
    row.answer(status=answer.status, headers=dict(answer.headers), body=answer.body)
