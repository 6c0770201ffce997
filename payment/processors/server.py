"""The simulated processor as an HTTP server, so that the HTTP processor meets a real socket.

It speaks the API of `payment.processors.wire`, keeps the simulator's books, and tells each outcome
by a signed webhook, until that is taken or it has tried for long enough.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from payment.processors import Authorization, Capture, Refund, Request, Void, ask
from payment.processors.books import Entry
from payment.processors.simulator import Away, Lost, Simulator, Undecided
from payment.processors.tokens import course
from payment.processors.wire import SIGNATURE_HEADER, Outcome, Page, sign

logger = logging.getLogger(__name__)

PAGE_SIZE: Final = 100
WEBHOOK_TRIES: Final = 8
WEBHOOK_SECONDS: Final = 5.0


class Webhooks:
    """Tells outcomes, each at least as often as its token says.

    Args:
        url: where to; nothing to tell nobody.
        secret: what they are signed with.
    """

    def __init__(self, url: str, *, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="webhooks")
        self._http = PoolManager(retries=False, timeout=WEBHOOK_SECONDS)

    def tell(self, entry: Entry) -> None:
        """Have an entry's outcome told once it is decided."""
        with self._lock:
            if not self._url or entry.idempotency_key in self._seen:
                return
            self._seen.add(entry.idempotency_key)
        for _ in range(course(entry.token, entry.kind).told):
            self._threads.submit(self._send, entry)

    def close(self) -> None:
        """Tell nobody any more."""
        self._stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._http.clear()

    def _send(self, entry: Entry) -> None:
        self._stopping.wait(max(0.0, entry.decided_at - time.time()))
        body = msgspec.json.encode(outcome_of(entry))
        for attempt in range(WEBHOOK_TRIES):
            if self._stopping.wait(0.1 * 2**attempt if attempt else 0):
                return
            if self._is_taken(body):
                return
        logger.warning("nobody takes the webhook of %s", entry.idempotency_key)

    def _is_taken(self, body: bytes) -> bool:
        signature = sign(body, secret=self._secret, at=int(time.time()))
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature}
        try:
            answer = self._http.request("POST", self._url, body=body, headers=headers)
        except HTTPError:
            return False
        return 200 <= answer.status < 300


def outcome_of(entry: Entry) -> Outcome:
    """How an entry stands now."""
    decided = entry.decided_at <= time.time()
    approved = decided and not entry.declined
    return Outcome(
        idempotency_key=entry.idempotency_key,
        kind=entry.kind,
        status="approved" if approved else "declined" if decided else "pending",
        reference=entry.reference if approved else "",
        reason=entry.declined if decided else "",
        amount=entry.amount,
        currency=entry.currency,
    )


class Server(ThreadingHTTPServer):
    """Serves a simulator's API until it is shut down.

    Args:
        port: of 127.0.0.1; 0 for a free one.
        simulator: who answers.
        key: what a caller has to know.
        webhooks: who is told.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, simulator: Simulator, *, key: str, webhooks: Webhooks) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.simulator = simulator
        self.key = key
        self.webhooks = webhooks

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        """Stop listening, and telling."""
        super().server_close()
        self.webhooks.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """An operation."""
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        self._guarded(lambda: self._operate(json.loads(text or b"{}")))

    def do_GET(self) -> None:
        """What there is."""
        self._guarded(self._look)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: paths hold references."""

    def _guarded(self, act: Callable[[], None]) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self._answer(401, {"error": "unknown key"})
            return
        try:
            act()
        except Lost:
            self.close_connection = True  # no answer: as a line that breaks
        except Away:
            self._answer(503, {"error": "away"})
        except (KeyError, ValueError) as error:
            self._answer(400, {"error": repr(error)})

    def _operate(self, body: dict[str, Any]) -> None:
        key = self.headers["Idempotency-Key"]
        request = _request(urlsplit(self.path).path, key, body)
        try:
            ask(self.server.simulator, request)
        except (Undecided, Lost) as unknown:
            self._tell(key)
            if isinstance(unknown, Lost):
                raise
        entry = self._tell(key)
        self._answer(200, outcome_of(entry))

    def _tell(self, key: str) -> Entry:
        with self.server.simulator.books.locked() as page:
            entry = page.find(key)
        if entry is None:
            raise KeyError(key)
        self.server.webhooks.tell(entry)
        return entry

    def _look(self) -> None:
        where = urlsplit(self.path)
        self.server.simulator.arrive()
        with self.server.simulator.books.locked() as page:
            entries = page.entries()
        key = unquote(where.path.removeprefix("/v1/operations").removeprefix("/"))
        if key:
            found = [entry for entry in entries if entry.idempotency_key == key]
            self._answer(200 if found else 404, outcome_of(found[0]) if found else {})
        else:
            after = int(parse_qs(where.query).get("after", ["0"])[0])
            self._answer(200, _page(entries, after))

    def _answer(self, status: int, body: object) -> None:
        text = msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _page(entries: list[Entry], after: int) -> Page:
    outcomes = [outcome_of(entry) for entry in entries[after : after + PAGE_SIZE]]
    reached = after + PAGE_SIZE
    return Page(
        data=tuple(outcome for outcome in outcomes if outcome.status != "pending"),
        next=str(reached) if reached < len(entries) else None,
    )


def _request(path: str, key: str, body: dict[str, Any]) -> Request:
    """What is asked, by the path.

    Raises:
        KeyError, ValueError: it is no request of the API.
    """
    if not key:
        raise ValueError("no Idempotency-Key")
    parts = path.strip("/").split("/")
    if parts == ["v1", "authorizations"]:
        return Authorization(idempotency_key=key, **_of(body, "token", "amount", "currency"))
    v1, authorizations, reference, what = parts
    if (v1, authorizations) != ("v1", "authorizations"):
        raise KeyError(path)
    reference = unquote(reference)
    if what == "voids":
        return Void(idempotency_key=key, authorization=reference)
    about = {"idempotency_key": key, "authorization": reference, **_of(body, "amount", "currency")}
    if what == "captures":
        return Capture(**about)
    if what == "refunds":
        return Refund(**about)
    raise KeyError(path)


def _of(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names}
