"""The mail server of a run: takes every mail, and notes which, to whom and when."""

import logging
import re
import time
from email import message_from_bytes
from typing import Final, Self, cast
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chaos.evidence import Mail
from dev.ports import free_ports

DELIVERY: Final = re.compile(r"msg_([0-9a-f]{32})@")


class Mailbox:
    """Listens until the block ends."""

    def __init__(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells every line it hears
        self.mails: list[Mail] = []
        [self.port] = free_ports(1)
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    async def handle_DATA(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep what tells a mail from others."""
        told = str(message_from_bytes(cast("bytes", envelope.content))["Message-ID"])
        found = DELIVERY.search(told)
        delivery = str(UUID(found[1])) if found else told
        self.mails += [Mail(delivery, to, time.time()) for to in envelope.rcpt_tos]
        return "250 OK"
