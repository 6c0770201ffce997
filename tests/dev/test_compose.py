"""docker-compose.yml runs what dev/processes.py lists, and nothing else of ours."""

from typing import Any

import pytest
import yaml

from dev.bootstrap import ROOT
from dev.processes import GATEWAY, SERVICES, Process, Service, with_database

IMAGE = "airline-reservations"
WEB_COMMAND = ["gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]


class Loader(yaml.SafeLoader):
    """Knows the tag by which an overriding file takes something out."""


Loader.add_constructor("!reset", lambda loader, node: None)


def read(name: str) -> dict[str, Any]:
    """The services of a compose file, anchors resolved."""
    document = yaml.load((ROOT / name).read_text(), Loader)  # noqa: S506 (a SafeLoader)
    services: dict[str, Any] = document["services"]
    return services


CONTAINERS = read("docker-compose.yml")
OURS = {name: made for name, made in CONTAINERS.items() if made["image"] == IMAGE}
WORKERS = [worker for service in SERVICES for worker in service.workers()]

each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
each_with_database = pytest.mark.parametrize(
    "service", with_database(), ids=lambda service: service.name
)


def one_shots(service: Service) -> dict[str, list[str]]:
    """The container names and commands of a service's one-shots, in their order."""
    return {process.name: ["python", *process.arguments] for process in service.preparations()}


def processes(service: Service) -> list[str]:
    """The container names of what runs on: the web server, then the workers."""
    return [service.name, *(worker.name for worker in service.workers())]


def test_every_listed_process_and_one_shot_has_a_container_and_nothing_else_has() -> None:
    listed = {name for service in SERVICES for name in [*one_shots(service), *processes(service)]}
    assert set(OURS) == listed


@each_service
def test_a_service_serves_http_on_its_port(service: Service) -> None:
    container = OURS[service.name]
    assert container["command"] == WEB_COMMAND
    assert container["ports"][0].endswith(f"{service.port}:{service.port}")
    assert f":{service.port}/health/ready" in container["healthcheck"]["test"][-1]


def test_only_the_gateway_is_reachable_from_other_machines() -> None:
    published = {name: made["ports"] for name, made in CONTAINERS.items() if "ports" in made}
    assert published.pop(GATEWAY.name) == [f"{GATEWAY.port}:{GATEWAY.port}"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("worker", WORKERS, ids=lambda worker: worker.name)
def test_a_worker_runs_its_command(worker: Process) -> None:
    assert OURS[worker.name]["command"] == ["python", *worker.arguments]


@each_with_database
def test_one_shots_run_in_order_once_database_and_broker_are_healthy(service: Service) -> None:
    before = {
        f"db-{service.name}": {"condition": "service_healthy"},
        "kafka": {"condition": "service_healthy"},
    }
    for name, command in one_shots(service).items():
        assert OURS[name]["command"] == command
        assert OURS[name]["depends_on"] == before
        before = {name: {"condition": "service_completed_successfully"}}


@each_with_database
def test_processes_wait_for_the_last_one_shot(service: Service) -> None:
    *_, last = one_shots(service)
    for name in processes(service):
        assert OURS[name]["depends_on"] == {last: {"condition": "service_completed_successfully"}}


@each_service
def test_a_container_has_the_settings_of_its_own_service_alone(service: Service) -> None:
    urls = {f"{other.name.upper()}_DATABASE_URL" for other in with_database()}
    own = {f"{service.name.upper()}_DATABASE_URL"} if service.database else set()
    for name in [*one_shots(service), *processes(service)]:
        environment = OURS[name]["environment"]
        assert environment["SERVICE"] == service.name
        assert environment["TRIAL"] == "1"
        assert urls & set(environment) == own


@each_with_database
def test_a_database_is_reachable_by_its_own_service_alone(service: Service) -> None:
    assert CONTAINERS[f"db-{service.name}"]["networks"] == [service.name]
    neighbours = {
        name for name, made in OURS.items() if service.name in made.get("networks", ["default"])
    }
    assert neighbours == {*one_shots(service), *processes(service)}


def test_what_runs_on_is_restarted_and_a_one_shot_only_when_it_fails() -> None:
    once = {name for service in SERVICES for name in one_shots(service)}
    policies = {name: made["restart"] for name, made in CONTAINERS.items()}
    assert {policy for name, policy in policies.items() if name in once} == {"on-failure:5"}
    assert {policy for name, policy in policies.items() if name not in once} == {"unless-stopped"}


@each_with_database
def test_the_name_of_a_database_finds_one_container(service: Service) -> None:
    """`docker ps -qf "name=db-booking"` is part of the promise; it matches parts of names."""
    database = f"db-{service.name}"
    assert [name for name in CONTAINERS if database in name] == [database]


def test_the_image_is_built_once() -> None:
    assert [name for name, made in OURS.items() if "build" in made] == ["booking"]


@each_service
def test_the_image_holds_the_code_of_the_service(service: Service) -> None:
    assert f"!{service.name}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_podman_waits_for_nothing_but_one_shots() -> None:
    first = [next(iter(one_shots(service))) for service in with_database()]
    lasting = [name for service in SERVICES for name in processes(service)]
    freed = read("container-compose.override.yml")
    assert freed == {name: {"depends_on": None} for name in [*first, *lasting]}


@each_service
def test_what_nobody_waits_for_steps_back(service: Service) -> None:
    for name in processes(service):
        assert ("cpu_shares" in OURS[name]) == bool(service.niceness)
