"""The generated files: what they hold, which are stale, and writing them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts.documents.asyncapi import document
from contracts.documents.compatibility import breaking_changes
from contracts.documents.page import page
from contracts.documents.releases import last_release, released_schemas
from contracts.documents.schemas import Schema, schemas

ROOT: Final = Path(__file__).resolve().parent.parent.parent
FOLDER: Final = Path("docs/events")
BASELINE: Final = FOLDER / "baseline.json"


class BreakingChange(Exception):
    """The schemas in hand are not compatible with those of a release."""


def contents() -> dict[Path, str]:
    """Every generated file but the baseline, by its path in the repository."""
    files = {FOLDER / "schemas" / f"{name}.json": _json(schema) for name, schema in _sorted()}
    return {**files, FOLDER / "asyncapi.json": _json(document()), FOLDER / "README.md": page()}


def stale(root: Path) -> list[Path]:
    """The files under a root that are missing, not as generated, or of an event that is no more."""
    return sorted({*_differing(root), *_left_over(root)})


def write(root: Path) -> list[Path]:
    """Bring the files under a root up to date; which were stale."""
    outdated = stale(root)
    for path in _left_over(root):
        (root / path).unlink()
    for path, text in contents().items():
        _write(root / path, text)
    return outdated


def baseline(root: Path) -> dict[str, Schema]:
    """The schemas that the baseline promises, by event type."""
    promised: dict[str, Schema] = json.loads((root / BASELINE).read_text(encoding="utf-8"))
    return promised


def write_baseline(root: Path) -> None:
    """Promise the schemas in hand.

    Raises:
        BreakingChange: they break what the last release promised.
    """
    now, tag = schemas(), last_release(root)
    if tag and (breaks := breaking_changes(released_schemas(root, tag), now)):
        raise BreakingChange("\n".join([f"not compatible with {tag}:", *breaks]))
    _write(root / BASELINE, _json(dict(_sorted())))


def _sorted() -> list[tuple[str, Schema]]:
    return sorted(schemas().items())


def _differing(root: Path) -> Iterator[Path]:
    for path, text in contents().items():
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield path


def _left_over(root: Path) -> Iterator[Path]:
    files = {file.relative_to(root) for file in (root / FOLDER / "schemas").glob("*.json")}
    yield from files - contents().keys()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
