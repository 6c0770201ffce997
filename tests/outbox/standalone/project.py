"""An empty Django project with the library and nothing else of ours: the README's own example."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import outbox

LIBRARY: Final = Path(outbox.__file__).parent
README: Final = LIBRARY / "README.md"
# A fenced block whose first line says which file it is.
FILE: Final = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND_SECONDS: Final = 60


def example() -> Mapping[str, str]:
    """The files of the README's example, by their paths."""
    return dict(FILE.findall(README.read_text()))


class Project:
    """The example, installed in a folder of its own.

    The folder is all that Python is told about: the library is a link in it, and nothing else of
    this repository can be imported.
    """

    def __init__(self, folder: Path, bootstrap_servers: str) -> None:
        self.folder = folder
        self._bootstrap_servers = bootstrap_servers
        for name, text in example().items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for package in {file.parent for file in folder.rglob("*.py")} - {folder}:
            (package / "__init__.py").touch()
        (folder / "outbox").symlink_to(LIBRARY)

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.folder / "db.sqlite3"

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start Python in the project."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(self.folder),
                "DJANGO_SETTINGS_MODULE": "settings",
                "KAFKA_BOOTSTRAP_SERVERS": self._bootstrap_servers,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """Run Python in the project; what it said. It must succeed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
        assert process.returncode == 0, output
        return output

    def manage(self, *command: str) -> str:
        """Run a management command; what it said. It must succeed."""
        return self.run("-m", "django", *command)
