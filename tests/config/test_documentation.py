"""The documentation is held to the code: settings, links and the tests that it names."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

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


# Problems


def problems_documented() -> set[tuple[str, str]]:
    """Status and type of the problems in the README's table, but for about:blank."""
    section = README.read_text().partition("\n## Errors\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([0-9, ]+) \| (`.+?`) \|", section, re.MULTILINE)
    return {
        (status, name)
        for statuses, names in rows
        for status in statuses.split(", ")
        for name in re.findall("`(.+?)`", names)
        if name != "about:blank"
    }


def openapi_documents() -> list[Any]:
    """What the services say of themselves, as committed."""
    files = (ROOT / "docs" / "openapi" / f"{service.name}.yaml" for service in with_database())
    return [yaml.safe_load(file.read_text()) for file in files]


def problems_described(document: Any) -> Iterator[tuple[str, str]]:
    """Status and type of the problems that operations answer with, but for about:blank."""
    for name, schema in document["components"]["schemas"].items():
        kind = schema.get("properties", {}).get("type", {}).get("const", "")
        if kind.startswith("urn:"):
            yield str(schema["properties"]["status"]["const"]), kind.rpartition(":")[2]
            assert f"schemas/{name}'" in str(document["paths"]), name


def test_every_type_of_problem_is_in_the_readmes_table_and_no_other() -> None:
    described = {one for document in openapi_documents() for one in problems_described(document)}
    assert problems_documented() == described


def test_the_documents_have_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {document["info"]["version"] for document in openapi_documents()} == {version}


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
