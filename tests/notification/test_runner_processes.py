"""Two `run_deliveries`, each a process of its own, and a partner's web server on a real socket."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from notification.models import Delivery
from outbox.models import Lease
from tests.notification.test_concurrency import pending
from tests.receivers import Receiver
from tests.threads import PATIENCE_SECONDS

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent.parent
DRAINING_SECONDS = 600


@pytest.fixture
def start() -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts runners on the test's database, and ends them after the test."""
    database = connection.settings_dict
    user, password = (quote(database[name], safe="") for name in ("USER", "PASSWORD"))
    address = f"{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ,
        "TRIAL": "1",
        "DJANGO_SETTINGS_MODULE": "tests.notification.patient",
        "NOTIFICATION_DATABASE_URL": f"mysql://{user}:{password}@{address}/{database['NAME']}",
        "WEBHOOK_PRIVATE_TARGETS": "1",
        "OUTBOX_NUDGE_LISTEN": "off",
    }
    started = []

    def start() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "run_deliveries"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(done: Callable[[], bool], what: str, seconds: float = 2 * PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


def share_the_shards() -> bool:
    return Lease.objects.exclude(owner="").values("owner").distinct().count() == 2


@pytest.mark.parametrize(
    "count", [200, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_two_runner_processes_post_what_is_pending_once_each(
    start: Callable[[], "subprocess.Popen[bytes]"], receiver: Receiver, count: int
) -> None:
    runners = [start(), start()]
    until(share_the_shards, "both have shards")
    # Recorded together, when both are there: neither has them all.
    endpoint = pending(count, url=receiver.url)
    assert endpoint.deliveries.count() == count
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING)
    until(lambda: not waiting.exists(), "everything is sent", DRAINING_SECONDS)
    posted = Counter(one.headers["webhook-id"] for one in receiver.got)
    assert set(posted) == {delivery.message_id for delivery in endpoint.deliveries.all()}
    assert set(posted.values()) == {1}
    assert [runner.poll() for runner in runners] == [None, None]
