"""The library in an empty project: two small apps, an event from one to the other."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.outbox.standalone.project import Project

OURS = ("config", "contracts", "booking", "payment", "gateway", "dev")
DELIVERY_SECONDS = 40

PLACE_AN_ORDER = """
import django
django.setup()
from orders.services import place_order
place_order(total=5)
"""

SEND_IT_IN_MEMORY = """
import django
django.setup()
from orders.services import place_order
from outbox.inbox import Inbox
from outbox.relay import Relay
from outbox.testing import InMemoryBroker
place_order(total=7)
broker = InMemoryBroker()
relay = Relay(broker)
relay.run_once()
relay.close()
Inbox.named("mailing").apply(broker.topics["orders.events"])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example, with its tables."""
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    project = Project(tmp_path_factory.mktemp("project"), servers)
    project.manage("makemigrations", "orders", "mailing")
    project.manage("migrate")
    return project


def mails(project: Project) -> list[str]:
    with closing(sqlite3.connect(project.database, timeout=20)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM mailing_mail")]


def test_nothing_else_of_ours_can_be_imported_there(tmp_path: Path) -> None:
    project = Project(tmp_path, "")
    found = project.run(
        "-c", f"from importlib.util import find_spec as f; print([n for n in {OURS} if f(n)])"
    )
    assert found.strip() == "[]"
    assert "outbox" in project.run("-c", "import outbox; print(outbox.__file__)")


def test_the_librarys_migrations_are_complete_there(project: Project) -> None:
    assert "No changes detected" in project.manage("makemigrations", "--check")


def test_an_event_of_one_app_has_its_effect_in_the_other(project: Project) -> None:
    project.run("-c", SEND_IT_IN_MEMORY)
    assert mails(project) == ["Thank you for 7."]


def test_the_examples_own_test_passes(project: Project) -> None:
    assert "Ran 1 test" in project.manage("test")


@pytest.fixture
def workers(project: Project) -> Iterator[None]:
    """The relay and the consumer; told to stop, they end with status 0."""
    project.manage("create_topics")
    commands = ("run_outbox_relay", "consume_orders")
    started = [project.start("-m", "django", command) for command in commands]
    try:
        yield
        for worker in started:
            worker.terminate()
            output, _ = worker.communicate(timeout=20)
            assert worker.returncode == 0, output
    finally:
        for worker in started:
            worker.kill()
            worker.communicate()


@pytest.mark.kafka
@pytest.mark.usefixtures("workers")
def test_its_processes_carry_the_event_over_kafka(project: Project) -> None:
    project.run("-c", PLACE_AN_ORDER)
    deadline = time.monotonic() + DELIVERY_SECONDS
    while "Thank you for 5." not in mails(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert mails(project).count("Thank you for 5.") == 1
    status = project.manage("outbox_status")
    assert re.search(r"^pending +0,", status, re.MULTILINE)
    assert re.search(r"^shards, relay +64 ", status, re.MULTILINE)
