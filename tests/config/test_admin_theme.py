"""The looks of the admin: one file of ours, and nothing from elsewhere."""

import re
from pathlib import Path

STYLES = Path(__file__).resolve().parent.parent.parent / "config/static/airline/admin.css"
VARIABLE = re.compile(r"^\s*(--[a-z-]+):", re.MULTILINE)


def block(selector: str) -> set[str]:
    """The variables that are set under a selector."""
    return set(VARIABLE.findall(STYLES.read_text().partition(selector)[2].partition("}")[0]))


def test_dark_is_the_same_whether_the_browser_or_the_reader_wants_it() -> None:
    wanted = block('html[data-theme="dark"]')
    assert len(wanted) > 20
    assert block(':root:not([data-theme="light"])') == wanted


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|//", STYLES.read_text())
