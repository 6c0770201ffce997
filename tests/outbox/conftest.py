"""What is run where, and what is said at the end."""

from typing import Final

import pytest
from django.db import connection

# Mutants are told from the engine by one thread on one connection: SQLite's part is enough.
collect_ignore = [] if connection.vendor == "sqlite" else ["test_mutants.py"]

CAUGHT: Final = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def caught(pytestconfig: pytest.Config) -> list[str]:
    """A line for every mutant that was caught, said at the end."""
    return pytestconfig.stash.setdefault(CAUGHT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the guards that were switched off, if there were any."""
    if lines := config.stash.get(CAUGHT, []):
        terminalreporter.section("switched off, and after how many examples seen as what")
        terminalreporter.write_line("\n".join(lines))
