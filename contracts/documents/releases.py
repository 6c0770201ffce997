"""The schemas that a release promised, read from git."""

import json
import subprocess
from pathlib import Path
from typing import Final

from contracts.documents.schemas import Schema

SCHEMAS: Final = "docs/events/schemas"


def last_release(repository: Path) -> str | None:
    """The tag of the newest release behind the commit in hand; None without one, or without git."""
    try:
        tag = _git(repository, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return tag.strip()


def released_schemas(repository: Path, tag: str) -> dict[str, Schema]:
    """Event type → its schema at a tag; empty when the release had none."""
    names = _git(repository, "ls-tree", "--name-only", tag, f"{SCHEMAS}/").splitlines()
    return {
        Path(name).stem: json.loads(_git(repository, "show", f"{tag}:{name}")) for name in names
    }


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(  # noqa: S603 (no shell, and nothing from outside)
        ["git", "-C", str(repository), *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout
