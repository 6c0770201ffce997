"""What booking's tests share."""

import pytest
from pytest_django import Settings

from booking.selectors import sales
from tests.mutation import CAUGHT, say_what_was_caught


@pytest.fixture(scope="session")
def caught(pytestconfig: pytest.Config) -> list[str]:
    """A line for every mutant that was caught, said at the end."""
    return pytestconfig.stash.setdefault(CAUGHT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the guards that were switched off, if there were any."""
    say_what_was_caught(terminalreporter, config, title="switched off, and noticed by")


@pytest.fixture(autouse=True)
def no_seat_map_is_known() -> None:
    """Each test has aircraft of its own."""
    sales._places.cache_clear()


@pytest.fixture
def a_long_minute(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """What is read once a minute is read once, and what is read once a second not at all."""
    monkeypatch.setattr(sales, "AS_OLD_AS", 10**12)
    settings.OUTBOX = {**settings.OUTBOX, "NUDGE_LISTEN": ""}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A login takes no half second of hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
