"""Each process's own idea of the time of day: a file says how far it is off, see `clock.c`."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dev.bootstrap import ROOT

SOURCE: Final = ROOT / "chaos" / "clock.c"


class Clocks:
    """The clocks of the processes.

    Args:
        folder: where they are kept.

    Raises:
        CalledProcessError: there is no working C compiler.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library = folder / "clock.so"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O2", "-o", self._library, SOURCE, "-ldl"], check=True
        )

    def variables(self, process: str) -> Mapping[str, str]:
        """The environment that gives a process a clock of its own; it has to be set before."""
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file(process))}

    def set(self, process: str, seconds: int) -> None:
        """Have a process's clock be so many seconds ahead, from now on."""
        with open(self._file(process), "r+b" if self._file(process).exists() else "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def _file(self, process: str) -> Path:
        return self._folder / process
