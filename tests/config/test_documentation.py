"""The documentation is held to the code: settings, links and the tests that it names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.processes import with_database

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("outbox/*.md")])

SETTING = re.compile(r"[A-Z][A-Z_]+")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


# Settings


def settings_read() -> set[str]:
    """The variables that config/ reads: what it asks an environment for, in capitals."""
    return {
        name
        for file in (ROOT / "config").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and node.args and asks_environment(node.func)
        for name in names_of(node.args[0])
        if SETTING.fullmatch(name)
    }


def asks_environment(function: ast.expr) -> bool:
    """Whether a call, such as `ENVIRONMENT.text(…)` or gunicorn.py's `_number(…)`, reads one."""
    text = ast.unparse(function)
    return "environ" in text.lower() or text == "_number"


def names_of(argument: ast.expr) -> Iterator[str]:
    """The text of an argument; that of an f-string once for each service with a database."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        end = argument.values[-1]
        if isinstance(end, ast.Constant) and isinstance(end.value, str):
            yield from (f"{service.name.upper()}{end.value}" for service in with_database())


def settings_documented() -> set[str]:
    """The first column of the README's table of settings."""
    section = README.read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))


def test_the_readers_of_settings_are_found() -> None:
    assert {"TRIAL", "SERVICE", "SECRET_KEY", "PAYMENT_DATABASE_URL", "WEB_THREADS"} <= (
        settings_read()
    )


def test_every_setting_is_in_the_readmes_table_and_no_other() -> None:
    assert settings_documented() == settings_read()


# Links


def links(page: Path) -> Iterator[str]:
    """The relative links of a page, outside its examples."""
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if not ELSEWHERE.match(target):
            yield target


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, fragment = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if fragment:
            assert fragment in anchors(target), link


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    records = {record.name for record in folder.glob("0*.md")}
    assert records == set(links(folder / "README.md"))


# Tests


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", page.read_text()):
        assert f"def {name}(" in tests
