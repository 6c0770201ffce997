"""What is run where, and what is said at the end."""

import pytest
from django.db import connection

from tests.mutation import CAUGHT, say_what_was_caught

# Mutants are told from the engine by one thread on one connection, and the standalone project has
# a database of its own, but topics and a consumer group that two of it would share: SQLite's part
# is enough.
collect_ignore = [] if connection.vendor == "sqlite" else ["test_mutants.py", "standalone"]


@pytest.fixture(scope="session")
def caught(pytestconfig: pytest.Config) -> list[str]:
    """A line for every mutant that was caught, said at the end."""
    return pytestconfig.stash.setdefault(CAUGHT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the guards that were switched off, if there were any."""
    title = "switched off, and after how many examples seen as what"
    say_what_was_caught(terminalreporter, config, title=title)
