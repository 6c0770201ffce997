"""`make openapi`: writes docs/openapi/ as the services describe themselves, and of these the one
document that the gateway gives out.

python3 dev/openapi.py
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console
from dev.processes import with_database
from dev.public_api import merged

# As under TRIAL, which is how whoever reads them here meets the services.
VARIABLES = {"TRIAL": "1"}


def main() -> int:
    """Bring this process into the virtual environment, then write each service's document."""
    bootstrap.require_python()
    bootstrap.enter_venv(bootstrap.BASE)
    folder = bootstrap.ROOT / "docs" / "openapi"
    folder.mkdir(exist_ok=True)
    files = {service.name: folder / f"{service.name}.yaml" for service in with_database()}
    failed = max(_write(service, file) for service, file in files.items())
    return failed or _merge(files)


def _merge(files: Mapping[str, Path]) -> int:
    os.environ.update(VARIABLES)
    file = bootstrap.ROOT / "gateway" / "openapi.json"
    file.write_text(public_document(files))
    print(f"written: {file}")
    return 0


def public_document(files: Mapping[str, Path]) -> str:
    """The text of the gateway's document, from those of the services."""
    import yaml

    from config.settings.gateway import ROUTES

    documents = {service: yaml.safe_load(file.read_text()) for service, file in files.items()}
    return f"{json.dumps(merged(documents, ROUTES), indent=1, ensure_ascii=False)}\n"


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
