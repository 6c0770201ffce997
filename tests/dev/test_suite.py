"""The suite runs every folder of tests/, each under the settings and on the servers it needs."""

import time
from pathlib import Path

import pytest

from dev.bootstrap import ROOT
from dev.console import RefusalError
from dev.parts import Part, parts
from dev.processes import SERVICES, with_database
from dev.suite import Outcome, Suite, count, failures


def test_every_folder_with_tests_is_a_part() -> None:
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in _tests()}
    assert folders <= {part.folder for part in parts()}


def _tests() -> list[Path]:
    return list((ROOT / "tests").rglob("test_*.py"))


def test_every_service_is_tested_under_its_own_settings() -> None:
    settings = {(part.folder, part.settings) for part in parts()}
    assert settings >= {(service.name, service.settings_module) for service in SERVICES}


def test_services_with_a_database_are_tested_on_both() -> None:
    for service in with_database():
        on = [part.on_mariadb for part in parts() if part.folder == service.name]
        assert on == [False, True]


@pytest.mark.parametrize(
    ("on_mariadb", "servers", "marks"),
    [
        (False, True, "not slow and not exhaustive and not mariadb"),
        (True, True, "not slow and not exhaustive"),
        (False, False, "not slow and not exhaustive and not mariadb and not kafka"),
    ],
)
def test_marks_leave_out_what_the_part_cannot_run(
    on_mariadb: bool, servers: bool, marks: str
) -> None:
    part = Part("booking", "settings", {"BOOKING_DATABASE_URL": "booking"}, on_mariadb)
    assert part.marks(slow=False, servers=servers) == marks


def test_a_part_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(RefusalError, match=r"no such part: boking; there are .*booking"):
        Suite(["boking"], slow=False, pytest_arguments=[])


def test_a_test_that_fails_twice_over_counts_once(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite><testcase/><testcase><skipped/></testcase>"
        "<testcase><failure/></testcase><testcase><failure/><error/></testcase>"
        "</testsuite></testsuites>"
    )
    assert count(report) == (1, 2, 1)
    assert count(tmp_path / "none.xml") == (0, 0, 0)


def test_what_failed_is_told_once_more_at_the_end(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase/><testcase classname="tests.a" name="test_one">'
        '<failure message="assert 1 == 2&#10;more"/></testcase></testsuite></testsuites>'
    )
    assert list(failures(report)) == ["tests.a::test_one: assert 1 == 2"]
    assert not list(failures(tmp_path / "none.xml"))


def test_what_breaks_its_servers_under_load_has_the_machine_for_itself() -> None:
    quick, slow = (
        {part.name for part in parts() if part.wants_the_machine(slow=slow)}
        for slow in (False, True)
    )
    assert (quick, slow) == (set(), {"outbox on MariaDB", "chaos"})


def test_systems_run_one_at_a_time_beside_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    running: set[str] = set()
    beside: list[tuple[str, ...]] = []

    def run(self: Suite, part: Part, addresses: object, *, servers: bool) -> Outcome:
        running.add(part.name)
        beside.append(tuple(running))
        time.sleep(0.01 if part.is_system else 0.002)
        running.remove(part.name)
        return Outcome(part.name, 0, 0.0, 1, 0, 0)

    monkeypatch.setattr(Suite, "_run", run)
    suite = Suite([], slow=True, pytest_arguments=[])
    outcomes = suite._run_all(list(parts()), {}, servers=True)
    assert sorted(outcome.part for outcome in outcomes) == sorted(part.name for part in parts())
    kind = {part.name: part for part in parts()}
    assert max(map(len, beside)) == 2
    assert all(sum(kind[name].is_system for name in some) <= 1 for some in beside)
    alone = {name for name, part in kind.items() if part.wants_the_machine(slow=True)}
    assert all(len(some) == 1 for some in beside if alone & {*some})
