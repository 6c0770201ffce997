"""The library's README is held to its code."""

import re
from dataclasses import MISSING, Field, fields
from typing import Any

from django.core.management import get_commands

from outbox.conf import Options
from tests.outbox.standalone.project import README, example


def section(title: str) -> str:
    return README.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def shown(field: "Field[Any]") -> str:
    """How the table writes a setting's default."""
    if field.default_factory is dict:
        return "`{}`"
    if field.default is MISSING:
        return "required"
    return f"`{field.default}`" if field.default != "" else "none"


def test_every_setting_is_in_the_table_with_its_default() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|.*\| (\S+) \|$", section("Settings"), re.MULTILINE)
    assert documented == [(field.name.upper(), shown(field)) for field in fields(Options)]


def test_every_command_of_the_library_is_mentioned() -> None:
    commands = {name for name, app in get_commands().items() if app == "outbox"}
    assert [name for name in sorted(commands) if name not in README.read_text()] == []


def test_the_example_has_its_files() -> None:
    assert {"settings.py", "events.py", "orders/services.py", "mailing/handlers.py"} <= set(
        example()
    )
