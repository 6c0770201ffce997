"""A benchmark on small numbers, run as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.bootstrap import ROOT

LONGEST_SECONDS = 600  # on a busy machine; the longest takes 150 on an idle one


def quick_results(name: str, folder: Path) -> dict[str, Any]:
    """What a benchmark has written; it has ended well, and drawn its picture.

    Args:
        name: as `dev/bench.py` knows it.
        folder: where its results go.
    """
    done = subprocess.run(
        [sys.executable, "dev/bench.py", name, "--quick", "--results", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / f"{name}-quick.svg").exists()
    results: dict[str, Any] = json.loads((folder / f"{name}-quick.json").read_text())
    return results


def names(results: dict[str, Any]) -> list[str]:
    """The rows of its table."""
    return [figure["name"] for figure in results["figures"]]
