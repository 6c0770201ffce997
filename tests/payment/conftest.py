"""What payment's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from payment.operations import Operations
from payment.processors import Processor
from payment.processors.simulator import Simulator

LEASE_SECONDS = 0.6


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A login takes no half second of hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def short_leases(settings: Settings) -> None:
    """A dead worker's shards are free soon."""
    settings.OUTBOX = {**settings.OUTBOX, "LEASE_SECONDS": LEASE_SECONDS}


@pytest.fixture
def worker() -> Iterator[Callable[..., Operations]]:
    """Starts workers, and closes them after the test."""
    started: list[Operations] = []

    def start(processor: Processor, *, in_flight: int = 4) -> Operations:
        started.append(Operations(processor, in_flight=in_flight))
        return started[-1]

    yield start
    for operations in started:
        operations.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    return Simulator(tmp_path / "books.sqlite3")
