"""`make openapi`: writes docs/openapi/ as the services describe themselves.

python3 dev/openapi.py
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console
from dev.processes import with_database

# As under TRIAL, which is how whoever reads them here meets the services.
VARIABLES = {"TRIAL": "1"}


def main() -> int:
    """Bring this process into the virtual environment, then write each service's document."""
    bootstrap.require_python()
    bootstrap.enter_venv(bootstrap.BASE)
    folder = bootstrap.ROOT / "docs" / "openapi"
    folder.mkdir(exist_ok=True)
    return max(_write(service.name, folder / f"{service.name}.yaml") for service in with_database())


def _write(service: str, file: Path) -> int:
    options = ("--validate", "--fail-on-warn", f"--file={file}")
    module = {"DJANGO_SETTINGS_MODULE": f"config.settings.{service}"}
    done = subprocess.run(
        [sys.executable, "manage.py", "spectacular", *options],
        cwd=bootstrap.ROOT,
        env={**os.environ, **VARIABLES, **module},
        check=False,
    )
    print(f"{'written' if done.returncode == 0 else 'refused'}: {file}")
    return done.returncode


if __name__ == "__main__":
    console.run(main)
