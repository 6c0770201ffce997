"""The real processes on a real MariaDB and a real Kafka, started once for all tests here."""

from collections.abc import Iterator

import pytest

from dev.backings import Servers
from dev.folders import private_folder
from dev.stack import Stack
from tests.e2e.system import System
from tests.receivers import MailServer


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """Where the system's mails go."""
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def stack(mail_server: MailServer) -> Iterator[Stack]:
    """The running system, on ports and data of its own."""
    folder = private_folder("e2e")
    settings = {
        "PROCESSOR_BOOKS": str(folder / "processor-books.sqlite3"),
        "UPSTREAM_READ_MS": "5000",
        "EMAIL_URL": f"smtp://{mail_server.host}:{mail_server.port}",
        "WEBHOOK_PRIVATE_TARGETS": "1",
    }
    stack = Stack(folder, Servers(folder), settings=settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def inventory(stack: Stack) -> Iterator[None]:
    """After a module's tests seats and reservations agree, whatever they have broken. To look after
    each test takes more than a second each time."""
    yield
    System(stack).manage("booking", "check_inventory")


@pytest.fixture
def system(stack: Stack, inventory: None) -> Iterator[System]:
    """The system with every process running, before and after the test."""
    system = System(stack)
    yield system
    system.mend()
