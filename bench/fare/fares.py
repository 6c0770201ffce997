"""Many fares, on the markets of the demonstration."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from string import ascii_uppercase
from typing import Final

from dev.bootstrap import ROOT

DEMONSTRATION: Final = ROOT / "fare" / "fixtures" / "fares.csv"
# The cheapest, so that reservations without an offer are sold it, and never closed.
SOLD: Final = {"authorization_level": "30000", "blackout_dates": "", "advance_purchase_days": "0"}


def load(count: int, folder: Path) -> None:
    """Load so many fares besides the demonstration's, by fare's own means."""
    file = folder / "fares.csv"
    rows = _rows(count)
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    subprocess.run(
        [sys.executable, "manage.py", "load_fares", str(file)],
        cwd=ROOT,
        env={**os.environ, "SERVICE": "fare", "DJANGO_SETTINGS_MODULE": "config.settings.fare"},
        check=True,
    )


def _rows(count: int) -> list[dict[str, str]]:
    """The demonstration's markets and families over and over, each dearer than the one before."""
    with DEMONSTRATION.open() as opened:
        models = list(csv.DictReader(opened))
    return [
        {
            **models[number % len(models)],
            **SOLD,
            "fare_basis": f"BENCH{number}",
            "booking_class": ascii_uppercase[number % 26],
            "amount": str(4000 + number),
        }
        for number in range(count)
    ]
