"""What the tests of the explorer say at the end of a run."""

from typing import Final

import pytest

EXPLORED: Final = pytest.StashKey[list[str]]()
CAUGHT: Final = pytest.StashKey[list[str]]()
SECTIONS: Final = {
    EXPLORED: "explored, every interleaving of a reservation, its payment and its deadlines",
    CAUGHT: "rows of the saga changed and guards switched off, and what was seen",
}


@pytest.fixture(scope="session")
def told(pytestconfig: pytest.Config) -> list[str]:
    """A line for everything that was explored."""
    return pytestconfig.stash.setdefault(EXPLORED, [])


@pytest.fixture(scope="session")
def caught(pytestconfig: pytest.Config) -> list[str]:
    """A line for every mutant that was caught."""
    return pytestconfig.stash.setdefault(CAUGHT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what there is to say."""
    for key, title in SECTIONS.items():
        if lines := config.stash.get(key, []):
            terminalreporter.section(title)
            terminalreporter.write_line("\n".join(lines))
