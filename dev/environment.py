"""Environment files: NAME=VALUE lines, values as they stand, readable by their owner alone."""

import os
from collections.abc import Mapping
from pathlib import Path

from dev.tether import settings


def as_lines(values: Mapping[str, str]) -> str:
    """The text of an environment file; a value may not contain a line break."""
    return "".join(f"{name}={value}\n" for name, value in values.items())


def read(path: Path) -> dict[str, str]:
    """The settings of an environment file; empty when there is none."""
    return dict(settings(str(path))) if path.exists() else {}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
