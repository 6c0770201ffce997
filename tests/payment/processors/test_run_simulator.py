"""`manage.py run_simulator`, as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from payment.processors import Approved
from payment.processors.http import HttpProcessor
from tests.payment import factories

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture
def process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    environment = {
        **os.environ,
        "SERVICE": "payment",
        "TRIAL": "1",
        "PROCESSOR_KEY": "sk",
        "PROCESSOR_BOOKS": str(tmp_path / "books.sqlite3"),
    }
    command = [sys.executable, "manage.py", "run_simulator", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_it_serves_until_it_is_told_to_stop(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    words, url = process.stdout.readline().rsplit(" ", 1)
    assert words == "listening on"
    processor = HttpProcessor(url.strip(), key="sk", connect=1, read=5, connections=1)
    with closing(processor):
        assert isinstance(processor.authorize(factories.authorization()), Approved)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
