"""The one list of processes is sound in itself; test_compose.py holds the compose file to it."""

from dev.processes import BOOKING, SERVICES, Process


def all_processes() -> list[Process]:
    return [
        process
        for service in SERVICES
        for process in (*service.preparations(), service.web(service.port), *service.workers())
    ]


def test_every_process_has_a_name_of_its_own() -> None:
    names = [process.name for process in all_processes()]
    assert len(names) == len(set(names))


def test_every_service_has_a_port_of_its_own() -> None:
    ports = [service.port for service in SERVICES]
    assert len(ports) == len(set(ports))


def test_the_schema_is_there_before_anything_else_runs() -> None:
    for service in SERVICES:
        assert service.database == bool(service.one_shots)
        assert not service.one_shots or service.one_shots[0][0] == "migrate"


def test_a_process_is_named_after_its_service_and_command() -> None:
    assert "booking-run-outbox-relay" in {process.name for process in BOOKING.workers()}


def test_further_processes_of_a_kind_are_numbered() -> None:
    names = [process.name for process in BOOKING.workers(2)]
    assert len(names) == len(set(names)) == 2 * len(BOOKING.commands)
    assert {"booking-run-outbox-relay", "booking-run-outbox-relay-2"} <= set(names)
