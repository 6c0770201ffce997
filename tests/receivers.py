"""The other side: a mail server and a partner's web server, both real and on a socket."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.ports import free_ports


class MailServer:
    """Takes mails over SMTP and keeps them, or refuses what `refuse` names.

    `refuse` maps addresses to what the server says to them as recipients; `refuse_data`, if set, is
    what it says to every mail's content.
    """

    def __init__(self) -> None:
        self.refuse: dict[str, str] = {}
        self.refuse_data = ""
        self.taken: list[tuple[str, EmailMessage]] = []
        self.host, [self.port] = "127.0.0.1", free_ports(1)
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port each time."""
        self._controller = Controller(self, hostname=self.host, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller:
            self._controller.stop()
        self._controller = None

    @property
    def recipients(self) -> list[str]:
        """Who has got something, in order."""
        return [recipient for recipient, _ in self.taken]

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether the server takes mails for an address."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        if self.refuse_data:
            return self.refuse_data
        content = cast("bytes", envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        self.taken.extend((recipient, message) for recipient in envelope.rcpt_tos)
        return "250 Message accepted for delivery"


@dataclass
class Posted:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A partner: keeps what is posted and answers as `answer` says.

    `answer` maps the number of a request, from 0, to a status and a body.
    """

    answer: Callable[[int], tuple[int, bytes]] = lambda number: (204, b"")
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    trickle: bool = False
    got: list[Posted] = field(default_factory=list)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Keep a request and answer it."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            number = len(self.got)
            self.got.append(Posted(request.path, headers, body))
        time.sleep(self.delay_seconds)
        status, text = self.answer(number)
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        if status != 204:
            request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        if self.trickle:
            self._trickle(request, text)
        elif text:
            request.wfile.write(text)

    @staticmethod
    def _trickle(request: BaseHTTPRequestHandler, text: bytes) -> None:
        """One byte now and then, until the other side has had enough."""
        try:
            for byte in text:
                request.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            request.close_connection = True
