"""`make chaos`: the whole system under load, while everything is broken; then the books are read.

    python3 dev/chaos.py [--duration SECONDS] [--seed N]
    python3 dev/chaos.py --judge var/chaos/run-<pid>/evidence.json

The second judges what an earlier run has left behind again.
"""

import argparse
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console


def main() -> int:
    """Bring this process into the virtual environment, then run."""
    parser = argparse.ArgumentParser(description="Break everything, and look at what is left.")
    parser.add_argument("--duration", type=float, default=120, help="seconds of load and faults")
    parser.add_argument("--seed", type=int, help="what decides; one of chance if it is not given")
    parser.add_argument("--judge", type=Path, help="evidence of an earlier run")
    options = parser.parse_args()
    bootstrap.require_python()

    from dev import packages

    packages.ensure()
    bootstrap.enter_venv(bootstrap.DEV)

    from chaos.command import chaos, judge

    if options.judge:
        return judge(options.judge)
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    return chaos(seed=seed, duration=options.duration)


if __name__ == "__main__":
    console.run(main)
