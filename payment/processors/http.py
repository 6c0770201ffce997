"""A card processor that is spoken to over HTTP; `payment.processors.wire` has the API.

Time-outs bound each call. Only what is safe is sent again here: a request that found no
connection, or was turned away with 429 or 503, and each carries its idempotency key. Whatever else
goes wrong is an outcome that is not known: the operation is asked again later, with the same key.
"""

from collections.abc import Iterator
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from django.conf import settings
from urllib3 import HTTPConnectionPool, Retry, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from payment.processors import (
    Answer,
    Authorization,
    Capture,
    OutcomeUnknown,
    Refund,
    Transaction,
    Void,
)
from payment.processors.wire import UNREADABLE, Outcome, Page

T = TypeVar("T")

LARGEST_ANSWER_BYTES: Final = 4 * 2**20
RETRIES: Final = Retry(
    total=None,
    connect=2,
    read=0,
    redirect=0,
    status=2,
    other=0,
    status_forcelist={429, 503},
    allowed_methods=None,
    backoff_factor=0.1,
    raise_on_redirect=False,
    raise_on_status=False,
    respect_retry_after_header=False,  # nobody else decides for how long a thread sleeps
)


class HttpProcessor:
    """See the module, and `payment.processors.Processor`.

    Args:
        url: scheme, host and port.
        key: what the processor knows this airline by: a secret.
        connect: seconds to wait for a connection.
        read: seconds to wait for an answer.
        connections: how many are kept open.
    """

    def __init__(
        self, url: str, *, key: str, connect: float, read: float, connections: int
    ) -> None:
        self._key = key
        self._pool: HTTPConnectionPool = connection_from_url(
            url,
            maxsize=connections,
            timeout=Timeout(connect=connect, read=read),
            retries=RETRIES,
        )

    @classmethod
    def from_settings(cls) -> Self:
        """The processor that the settings describe."""
        return cls(
            settings.PROCESSOR_URL,
            key=settings.PROCESSOR_KEY,
            connect=settings.PROCESSOR_CONNECT_MS / 1000,
            read=settings.PROCESSOR_READ_MS / 1000,
            connections=settings.OPERATIONS_IN_FLIGHT,
        )

    def authorize(self, authorization: Authorization) -> Answer:
        """See `Processor.authorize`."""
        body = {
            "token": authorization.token,
            "amount": authorization.amount,
            "currency": authorization.currency,
        }
        return self._ask("/v1/authorizations", authorization.idempotency_key, body)

    def capture(self, capture: Capture) -> Answer:
        """See `Processor.capture`."""
        body = {"amount": capture.amount, "currency": capture.currency}
        return self._ask(_below(capture, "captures"), capture.idempotency_key, body)

    def void(self, void: Void) -> Answer:
        """See `Processor.void`."""
        return self._ask(_below(void, "voids"), void.idempotency_key, {})

    def refund(self, refund: Refund) -> Answer:
        """See `Processor.refund`."""
        body = {"amount": refund.amount, "currency": refund.currency}
        return self._ask(_below(refund, "refunds"), refund.idempotency_key, body)

    def outcome(self, idempotency_key: str) -> Answer | None:
        """See `Processor.outcome`."""
        status, body = self._send("GET", f"/v1/operations/{quote(idempotency_key, safe='')}")
        return None if status == 404 else self._read(status, body, idempotency_key)

    def transactions(self) -> Iterator[Transaction]:
        """See `Processor.transactions`."""
        after: str | None = ""
        while after is not None:
            query = urlencode({"after": after} if after else {})
            status, body = self._send("GET", f"/v1/operations?{query}")
            page = _decoded(status, body, Page)
            for outcome in page.data:
                yield outcome.transaction()
            if page.next == after:
                raise OutcomeUnknown("the processor's pages go in a circle")
            after = page.next

    def close(self) -> None:
        """Close what connections are open."""
        self._pool.close()

    def _ask(self, path: str, idempotency_key: str, body: dict[str, Any]) -> Answer:
        status, answer = self._send(
            "POST",
            path,
            body=msgspec.json.encode(body),
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
        )
        return self._read(status, answer, idempotency_key)

    def _read(self, status: int, body: bytes, idempotency_key: str) -> Answer:
        outcome = _decoded(status, body, Outcome)
        if outcome.idempotency_key != idempotency_key:
            raise OutcomeUnknown(f"an answer to another key: {outcome.idempotency_key}")
        return outcome.answer()

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers = {"Authorization": f"Bearer {self._key}", **(headers or {})}
        try:
            response = self._pool.request(
                method, path, body=body, headers=headers, preload_content=False
            )
            with response:
                answer = response.read(LARGEST_ANSWER_BYTES)
        except HTTPError as error:
            raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error
        return response.status, answer


def _below(asked: Capture | Void | Refund, what: str) -> str:
    return f"/v1/authorizations/{quote(asked.authorization, safe='')}/{what}"


def _decoded(status: int, body: bytes, of_type: type[T]) -> T:
    if status not in (200, 201):
        raise OutcomeUnknown(f"the processor answered {status}")
    try:
        return msgspec.json.decode(body, type=of_type)
    except UNREADABLE as error:
        raise OutcomeUnknown(f"the processor's answer cannot be read: {error}") from error
