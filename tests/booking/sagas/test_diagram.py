"""The page that is drawn from the tables."""

from pathlib import Path

import pytest

from booking import saga_diagram
from booking.saga import SAGAS


def test_the_committed_page_is_up_to_date() -> None:
    assert not saga_diagram.is_stale(), "run `make saga`"


def test_a_page_that_was_edited_or_is_not_there_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saga_diagram, "PAGE", tmp_path / "saga.md")
    assert saga_diagram.is_stale()
    saga_diagram.write()
    assert not saga_diagram.is_stale()
    saga_diagram.PAGE.write_text("by hand")
    assert saga_diagram.is_stale()


def test_every_step_and_where_it_leads_is_drawn() -> None:
    drawn = saga_diagram.page()
    for steps in SAGAS.values():
        for step in steps.values():
            for reaction in step.awaits.values():
                if reaction.then != step.name:
                    assert f"    {step.name} --> {reaction.then}: " in drawn
            assert f"| {step.name} | " in drawn
