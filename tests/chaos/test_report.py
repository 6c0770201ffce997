"""What a run came to, for people and for programs."""

import json
from dataclasses import replace
from pathlib import Path

from chaos import report
from chaos.invariants import INVARIANTS, violations
from tests.chaos.world import BOUGHT, CANCELED, PRICE, a_run, changed, without


def test_the_table_has_faults_requests_reservations_and_every_invariant() -> None:
    told = "\n".join(report.lines(a_run(), []))
    for part in ("kill mariadb", "reserve 201", "CONFIRMED", "CANCELED", "REJECTED"):
        assert part in told
    for invariant in INVARIANTS:
        assert f"{invariant.number}. ok" in told


def test_the_table_counts_violations_by_invariant() -> None:
    run = changed("payments", 0, captured=PRICE - 1)
    assert "3. 1 VIOLATIONS" in "\n".join(report.lines(run, violations(run)))


def test_a_violation_is_told_with_the_seed_and_the_reservations_whole_story() -> None:
    run = without("books", 1)
    told = "\n".join(report.stories(run, violations(run)))
    assert f"seed {run.seed}" in told
    for part in (
        *("reserve (single, client 1)", "confirmed: card authorized", "BUYING DONE"),
        *("PaymentCaptureRequested PUBLISHED", "booking.events/0@", "CAPTURE 10000 EUR SUCCEEDED"),
        *(f"{BOUGHT}:1 AUTHORIZE", "booking.TicketsIssued.v1 to contact SENT, came 00:16:48"),
    ):
        assert part in told
    assert f"reservation {CANCELED}" not in told


def test_what_is_written_says_whether_it_went_well_and_can_be_judged_again(tmp_path: Path) -> None:
    run = replace(a_run(), seed=77)
    found = violations(without("mails", 0))
    written = json.loads(report.write(tmp_path, run, found).read_bytes())
    assert written["seed"] == 77
    assert written["reservations"] == {"CONFIRMED": 1, "CANCELED": 1, "REJECTED": 1}
    assert [one["invariant"] for one in written["violations"]] == [5]
    assert violations(report.read(tmp_path / "evidence.json")) == []
