"""A process's own idea of the time of day, and that nothing else of time is touched."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chaos.clocks import Clocks

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

# What of Python, and what of a library in C, asks for the time and waits.
PROGRAM = """
import datetime, threading, time
begun = time.monotonic()
time.sleep(0.1)
threading.Event().wait(0.1)
print(time.time(), datetime.datetime.now().timestamp(), time.monotonic() - begun)
"""
# Waits in librdkafka until a time of day.
CLIENT = """
import time
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "x", "log_level": 0})
consumer.subscribe(["x"])
begun = time.monotonic()
consumer.poll(0.5)
print(time.monotonic() - begun)
"""
JUMPING = """
import time
print(time.time(), flush=True)
input()
print(time.time(), flush=True)
"""
TOLERANCE_SECONDS = 15  # a machine that has much else to do


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path / "clocks")


def said(clocks: Clocks, program: str) -> list[float]:
    environment = {**os.environ, **clocks.variables("one")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


@pytest.mark.parametrize("ahead", [0, 3_000, -3_000])
def test_the_time_of_day_is_off_and_the_time_that_passes_is_not(clocks: Clocks, ahead: int) -> None:
    clocks.set("one", ahead)
    now, of_day, passed = said(clocks, PROGRAM)
    for moment in (now, of_day):
        assert moment == pytest.approx(time.time() + ahead, abs=TOLERANCE_SECONDS)
    assert 0.2 <= passed < TOLERANCE_SECONDS


@pytest.mark.parametrize("ahead", [300, -300])
def test_who_waits_until_a_time_of_day_waits_as_long_as_they_meant_to(
    clocks: Clocks, ahead: int
) -> None:
    clocks.set("one", ahead)
    [passed] = said(clocks, CLIENT)
    assert 0.4 <= passed < TOLERANCE_SECONDS


def test_a_clock_jumps_under_a_running_process(clocks: Clocks) -> None:
    clocks.set("one", 0)
    with subprocess.Popen(
        [sys.executable, "-c", JUMPING],
        env={**os.environ, **clocks.variables("one")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        before = float(process.stdout.readline())
        clocks.set("one", 3_000)
        process.stdin.write("\n")
        process.stdin.flush()
        after = float(process.stdout.readline())
    assert after - before == pytest.approx(3_000, abs=TOLERANCE_SECONDS)


def test_each_process_has_a_clock_of_its_own(clocks: Clocks) -> None:
    clocks.set("one", 0)
    clocks.set("other", 3_000)
    now, *_ = said(clocks, PROGRAM)
    assert now == pytest.approx(time.time(), abs=TOLERANCE_SECONDS)
