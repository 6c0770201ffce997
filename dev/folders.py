"""Folders below var/ for what runs once, so that two runs at a time do not meet."""

import os
import shutil
from pathlib import Path

from dev.bootstrap import ROOT


def private_folder(purpose: str) -> Path:
    """A fresh folder `var/<purpose>/run-<pid>` for this process.

    It stays after the end, for a look at its logs, until another run begins: then the folders of
    processes that have ended are removed.
    """
    runs = ROOT / "var" / purpose
    for folder in runs.glob("run-*"):
        if folder.name == f"run-{os.getpid()}" or not _is_running(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
    folder = runs / f"run-{os.getpid()}"
    folder.mkdir(parents=True)
    return folder


def _is_running(run: str) -> bool:
    """Whether the process that a run's folder is named after still exists."""
    try:
        os.kill(int(run.removeprefix("run-")), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
