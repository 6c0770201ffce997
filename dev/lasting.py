"""The stack of `make up`: documented ports, data that stays, a daemon that keeps it running."""

import secrets

from dev import environment
from dev.backings import Servers
from dev.bootstrap import ROOT
from dev.console import step
from dev.demonstration import addresses
from dev.processes import SERVICES
from dev.stack import Stack

FOLDER = ROOT / "var" / "up"
MARIADB_PORT, KAFKA_PORT, CONTROLLER_PORT = 3307, 9092, 9093


def lasting_stack(offset: int) -> Stack:
    """The stack below var/up, each port the documented one plus `offset`."""
    servers = (MARIADB_PORT + offset, KAFKA_PORT + offset, CONTROLLER_PORT + offset)
    return Stack(
        FOLDER,
        Servers(FOLDER, servers),
        ports={service.name: service.port + offset for service in SERVICES},
        settings={
            "SECRET_KEY": _kept("secret_key"),
            "INTERNAL_KEYS": _kept("internal_key"),
            "PROCESSOR_BOOKS": f"{FOLDER}/processor-books.sqlite3",
            "EMAIL_URL": f"filemail:///{FOLDER}/mails",
            "WEB_CONCURRENCY": "2",
        },
        as_child=False,
    )


def _kept(name: str) -> str:
    """A secret that is made once, so that sessions outlive a restart, and processes that are
    started one by one have the same."""
    file = FOLDER / name
    if not file.exists():
        environment.write_private(file, secrets.token_urlsafe(48))
    return file.read_text()


def report(stack: Stack) -> None:
    """Print where everything is."""
    step("everything is up and healthy")
    offset = stack.ports["gateway"] - next(s.port for s in SERVICES if s.name == "gateway")
    print(f"\n{addresses(offset)}")
    print(f"Mails: {FOLDER.relative_to(ROOT)}/mails")
    print(f"Logs: {FOLDER.relative_to(ROOT)}/log; `make down` stops it, the data stays\n")
