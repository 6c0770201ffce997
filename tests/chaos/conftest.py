"""The list of the bugs that were planted, printed at the end."""

import pytest

from tests.mutation import CAUGHT, say_what_was_caught


@pytest.fixture
def planted(pytestconfig: pytest.Config) -> list[str]:
    """Where a test says which bug the checker has seen."""
    return pytestconfig.stash.setdefault(CAUGHT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """See `say_what_was_caught`."""
    say_what_was_caught(terminalreporter, config, title="bugs planted, and seen by the checker")
