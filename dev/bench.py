"""`make bench-…`: a benchmark on servers of its own, below var/bench.

python3 dev/bench.py outbox|payment [--quick] [--rounds N]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console

# Each benchmark is a package of bench/ with settings of its own, and has these databases.
BENCHMARKS = {"outbox": ("bench", "bench_history"), "payment": ("payment",)}


def main() -> int:
    """Bring this process into the virtual environment, start the servers, run the benchmark."""
    bootstrap.require_python()
    name, *arguments = sys.argv[1:] or [""]
    if name not in BENCHMARKS:
        raise console.RefusalError(f"name a benchmark: {', '.join(BENCHMARKS)}")

    from dev import packages

    packages.ensure()
    bootstrap.enter_venv(bootstrap.DEV)

    from dev import environment, folders
    from dev.backings import Servers
    from dev.stack import Stack

    folder = folders.private_folder("bench")
    stack = Stack(folder, Servers(folder, databases=BENCHMARKS[name]), services=())
    try:
        stack.start()
        settings = {
            **environment.read(stack.environment_file),
            "TRIAL": "1",  # or the services' own settings would ask for more than is measured
            "DJANGO_SETTINGS_MODULE": f"bench.{name}.settings",
            "MARIADB_PID": str(stack.pid("mariadb")),
            "KAFKA_PID": str(stack.pid("kafka")),
        }
        command = [sys.executable, "-m", f"bench.{name}", *arguments]
        return subprocess.run(
            command, cwd=bootstrap.ROOT, env={**os.environ, **settings}, check=False
        ).returncode
    finally:
        stack.stop()
        for server in ("mariadb", "kafka"):  # gigabytes; the logs stay
            shutil.rmtree(folder / server, ignore_errors=True)


if __name__ == "__main__":
    console.run(main)
