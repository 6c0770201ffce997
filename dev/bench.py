"""`make bench-…`: a benchmark on servers of its own, below var/bench.

python3 dev/bench.py NAME [--quick] [--rounds N] [--part NAME ...]

NAME is outbox, booking, gateway, payment, saga, fare, notification or whole, which is `make bench`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console
from dev.processes import SERVICES, Service


@dataclass(frozen=True)
class Benchmark:
    """A package of bench/ with settings of its own.

    `databases` are made besides the services' own; `kafka`: it needs a broker; `services` run as
    `make up` starts them; `before`: what runs before it, on servers of its own, with which
    arguments; it finds their results in the folder that `BENCH_BEFORE` names.
    """

    databases: tuple[str, ...] = ()
    kafka: bool = True
    services: tuple[Service, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()


BENCHMARKS = {
    "outbox": Benchmark(databases=("bench", "bench_history")),
    "booking": Benchmark(kafka=False),
    "gateway": Benchmark(kafka=False),
    "payment": Benchmark(),
    "saga": Benchmark(services=SERVICES),
    "fare": Benchmark(services=SERVICES),
    "notification": Benchmark(),
    "whole": Benchmark(
        databases=("baseline_booking", "baseline_payment"),
        services=SERVICES,
        before=(("booking", "--part", "accepting"),),
    ),
}


def main() -> int:
    """Bring this process into the virtual environment, start the servers, run the benchmark."""
    bootstrap.require_python()
    name, *arguments = sys.argv[1:] or [""]
    if name not in BENCHMARKS:
        raise console.RefusalError(f"name a benchmark: {', '.join(BENCHMARKS)}")

    from dev import packages

    packages.ensure()
    bootstrap.enter_venv(bootstrap.DEV)
    with TemporaryDirectory() as before:
        for other, *part in BENCHMARKS[name].before:
            _run(other, [*part, *_as_thorough(arguments), "--results", before])
        return _run(name, arguments, {"BENCH_BEFORE": before})


def _as_thorough(arguments: list[str]) -> list[str]:
    """Those of the arguments that say how much is measured."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds")
    options, _ = parser.parse_known_args(arguments)
    quick = ["--quick"] if options.quick else []
    return [*quick, "--rounds", options.rounds] if options.rounds else quick


def _run(name: str, arguments: list[str], more: Mapping[str, str] = MappingProxyType({})) -> int:
    from dev import environment, folders
    from dev.backings import Servers
    from dev.stack import Stack

    benchmark, folder = BENCHMARKS[name], folders.private_folder("bench")
    backing = Servers(folder, databases=benchmark.databases, kafka=benchmark.kafka)
    books = str(folder / "processor-books.sqlite3")
    stack = Stack(
        folder,
        backing,
        services=benchmark.services,
        settings={"PROCESSOR_BOOKS": books, "PROCESSOR_LATENCY_MS": "0", "WEB_CONCURRENCY": "2"},
    )
    try:
        stack.start()
        settings = {
            **environment.read(stack.environment_file),
            "TRIAL": "1",  # or the services' own settings would ask for more than is measured
            "DJANGO_SETTINGS_MODULE": f"bench.{name}.settings",
            **{_variable(program): str(stack.pid(program)) for program in stack.names()},
            **more,
        }
        command = [sys.executable, "-m", f"bench.{name}", *arguments]
        return subprocess.run(
            command, cwd=bootstrap.ROOT, env={**os.environ, **settings}, check=False
        ).returncode
    finally:
        stack.stop()
        for server in ("mariadb", "kafka"):  # gigabytes; the logs stay
            shutil.rmtree(folder / server, ignore_errors=True)


def _variable(program: str) -> str:
    """Where a benchmark finds the program's process id."""
    return f"{program.upper().replace('-', '_')}_PID"


if __name__ == "__main__":
    console.run(main)
