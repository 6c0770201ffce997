"""The schedule of faults: the seed's alone, over in time, and with everything in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.faults import CLOCK_SECONDS, KINDS, plan

PROCESSES = ["booking", "booking-run-outbox-relay", "payment-run-operations"]
SEEDS = st.integers(0, 10_000)


@given(SEEDS)
def test_the_same_seed_has_the_same_faults(seed: int) -> None:
    assert plan(seed, 60, PROCESSES) == plan(seed, 60, PROCESSES)


def test_another_seed_has_others() -> None:
    assert plan(1, 60, PROCESSES) != plan(2, 60, PROCESSES)


@given(SEEDS, st.floats(10, 300))
def test_every_fault_is_over_when_the_run_is(seed: int, duration: float) -> None:
    assert all(fault.at + fault.seconds <= duration for fault in plan(seed, duration, PROCESSES))


@pytest.mark.parametrize("seed", range(20))
def test_everything_is_broken_in_some_minutes(seed: int) -> None:
    wanted = {f"{kind.name} {kind.victims}" for kind in KINDS}
    assert {fault.kind for fault in plan(seed, 240, PROCESSES)} == wanted


@given(SEEDS)
def test_no_two_clocks_differ_by_more_than_services_grant_each_other(seed: int) -> None:
    off = [fault.amount for fault in plan(seed, 300, PROCESSES) if "clock" in fault.kind]
    assert max([0, *off]) - min([0, *off]) <= max(CLOCK_SECONDS)


@given(SEEDS)
def test_processes_and_servers_are_broken_by_their_names(seed: int) -> None:
    for fault in plan(seed, 120, PROCESSES):
        if fault.kind.endswith(" process"):
            assert fault.victim in PROCESSES
