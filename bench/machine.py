"""What a figure was measured on, and who used the processors meanwhile."""

import os
import platform
import sys
import sysconfig
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

SERVERS = ("mariadb", "kafka")


def describe() -> dict[str, object]:
    """The machine, for the results."""
    memory = psutil.virtual_memory().total
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "python_build": build(sysconfig.get_config_var("CONFIG_ARGS") or "", sys.base_prefix),
        "load_before": round(os.getloadavg()[0], 2),
    }


def build(arguments: str, prefix: str) -> str:
    """How Python was built: one without optimizations takes 1.4 times as long.

    A distribution's is named and not judged: Debian's is optimized by rules of its own, of which
    its arguments say nothing.

    Args:
        arguments: with which it was configured.
        prefix: where it is installed.
    """
    if "--enable-optimizations" in arguments:
        return "optimized"
    return "the distribution's" if prefix == "/usr" else "not optimized"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def servers() -> dict[str, int]:
    """The process ids of the servers that dev/bench.py has started."""
    pids = ((name, os.environ.get(f"{name.upper()}_PID")) for name in SERVERS)
    return {name: int(pid) for name, pid in pids if pid}


class CpuMeter:
    """Processor seconds that processes use from its making on.

    Args:
        pids: the processes by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._before = {name: _seconds(process) for name, process in self._processes.items()}
        self._whole = psutil.cpu_times()

    def used(self) -> dict[str, float]:
        """Seconds by name, and `others`: what the rest of the machine used."""
        used = {
            name: _seconds(process) - self._before[name]
            for name, process in self._processes.items()
        }
        now = psutil.cpu_times()
        idle = (now.idle + now.iowait) - (self._whole.idle + self._whole.iowait)
        busy = sum(now[:8]) - sum(self._whole[:8]) - idle
        return {**used, "others": max(0.0, busy - sum(used.values()))}


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
