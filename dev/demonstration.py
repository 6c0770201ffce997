"""What `make demo` shows, once Python and its packages are there."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

from dev.backings import Embedded
from dev.bootstrap import ROOT
from dev.console import RefusalError, step
from dev.processes import SERVICES, with_database
from dev.stack import OPENER, Stack
from dev.story import Step, from_history, from_operations, from_timeline, told

BODY = '{"passenger_id":1,"flight_number":1001,"seat_number":"12A"}'
CONFIRMED_SECONDS = 30
# What there is to look at with a browser.
API_PATHS = {
    "booking": "api/reservations",
    "payment": "api/payments",
    "fare": "api/quotes",
    "notification": "api/deliveries",
}
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """SIGTERM or Ctrl-C came: leave in good order."""


class Demonstration:
    """One demo in `folder`, each service on its documented port plus `offset`."""

    def __init__(self, folder: Path, offset: int) -> None:
        self.folder = folder
        self.offset = offset
        settings = {
            "SECRET_KEY": secrets.token_urlsafe(32),
            "INTERNAL_KEYS": secrets.token_urlsafe(32),
            "PROCESSOR_BOOKS": f"{folder}/processor-books.sqlite3",
            "EMAIL_URL": f"filemail:///{folder}/mails",
        }
        ports = {service.name: service.port + offset for service in SERVICES}
        self.stack = Stack(folder, Embedded(folder), ports=ports, settings=settings)

    def run(self, *, once: bool) -> int:
        """Show everything; returns the exit status. Nothing is left running."""
        for number in ENDING_SIGNALS:
            signal.signal(number, _end)
        with self._alone():
            try:
                self._start()
                reservation = self._reserve()
                self._wait_confirmed(reservation)
                self._tell(reservation)
                if not once:
                    self._stay(reservation)
            except Ended:
                print("\nended before the reservation was confirmed", file=sys.stderr)
                return 130
            finally:
                self._stop()
        return 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one demo at a time write to the folder."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_name(f"{self.folder.name}.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                pid = lock.read().strip()
                raise RefusalError(
                    f"a demo of this checkout is already running (pid {pid}); end it first"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _start(self) -> None:
        if self.stack.supervisor.pid() is not None:
            step("ending what an earlier demo that was killed has left")
            self.stack.stop()
        self.stack.require_ports()
        shutil.rmtree(self.folder, ignore_errors=True)
        step(f"starting afresh: {_shown(self.folder)} is empty, nothing of an earlier demo is kept")
        self.stack.start()
        step("everything is healthy")

    def _stop(self) -> None:
        """End everything; a second Ctrl-C does not stop the stopping."""
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self.stack.supervisor.pid() is not None:
            self.stack.stop()
            step("stopped; no process is left behind")

    # One reservation

    def _reserve(self) -> str:
        """Send the README's request, showing it as a command; returns the reservation's id."""
        url = f"{self._public('gateway')}/api/reservations"
        print(
            f"\ncurl -X POST {url} -H \"Content-Type: application/json\" \\\n  -d '{BODY}'\n",
            flush=True,
        )
        status, answer = _http(url, BODY)
        print(f"{status} {json.dumps(answer)}\n", flush=True)
        if status != 201 or answer.get("status") != "PENDING":
            raise RefusalError("the reservation was not accepted", self.stack.log("booking"))
        return str(answer["id"])

    def _wait_confirmed(self, reservation: str) -> None:
        """Wait until the reservation is CONFIRMED; refuse any other end."""
        url = f"{self._public('gateway')}/api/reservations/{reservation}"
        deadline = time.monotonic() + CONFIRMED_SECONDS
        status = "PENDING"
        while status == "PENDING" and time.monotonic() < deadline:
            time.sleep(0.02)
            status = str(_http(url)[1].get("status", "PENDING"))
        if status != "CONFIRMED":
            raise RefusalError(
                f"the reservation is {status} after {CONFIRMED_SECONDS} s, not CONFIRMED; see also "
                f"the other logs in {_shown(self.folder / 'log')}",
                self.stack.log("booking-consume-payments"),
            )
        step(f"GET {url} says CONFIRMED")

    def _tell(self, reservation: str) -> None:
        """Print every step of the reservation, from both sides of the broker."""
        url = f"{self._public('booking')}/api/reservations/{reservation}/timeline"
        steps = from_timeline("booking", _http(url)[1]["results"])
        url = f"{self._public('payment')}/api/payments/{reservation}"
        steps += from_operations("payment", _http(url)[1]["operations"])
        with ThreadPoolExecutor() as pool:
            names = [service.name for service in with_database()]
            for history in pool.map(lambda name: self._history(name, reservation), names):
                steps += history
        print("\nIts way, step by step:")
        print("\n".join(told(steps)), end="\n\n", flush=True)

    def _history(self, service: str, reservation: str) -> list[Step]:
        shown = subprocess.run(
            [sys.executable, "manage.py", "outbox_history", reservation, "--json"],
            cwd=ROOT,
            env=self.stack.env(service),
            capture_output=True,
            text=True,
            check=False,
        )
        if shown.returncode != 0:
            raise RefusalError(f"{service}: manage.py outbox_history failed: {shown.stderr[-300:]}")
        return from_history(service, json.loads(shown.stdout))

    # Staying up

    def _stay(self, reservation: str) -> None:
        """Say where to look, and wait for Ctrl-C."""
        print(addresses(self.offset))
        print("In a second terminal, for instance:")
        print(f"  .venv/bin/python manage.py outbox_history {reservation}")
        print(f"  SERVICE=payment .venv/bin/python manage.py outbox_history {reservation}")
        print(f"Mails: {_shown(self.folder / 'mails')}")
        print(f"Logs: {_shown(self.folder / 'log')}\n")
        try:
            step("up until Ctrl-C")
            while True:
                time.sleep(0.5)  # not signal.pause(): a signal just before it would be missed
        except Ended:
            print(flush=True)

    def _public(self, service: str) -> str:
        return f"http://localhost:{self.stack.ports[service]}"


def addresses(offset: int = 0) -> str:
    """Where a person looks, and the login."""
    ports = {service.name: service.port + offset for service in SERVICES}
    api = f"http://localhost:{ports['gateway']}/api/reservations"
    pages = f"http://localhost:{ports['gateway']}/operations"
    lines = [f"API, through the gateway    {api}", f"Operations                  {pages}"]
    for name, path in API_PATHS.items():
        local = f"http://localhost:{ports[name]}"
        lines.append(f"{name}: browsable API      {local}/{path}")
        lines.append(f"{name}: admin              {local}/admin/  (admin / admin)")
    return "\n".join(lines) + "\n"


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _http(url: str, body: str | None = None) -> tuple[int, dict[str, Any]]:
    """Send a request; the status and the decoded answer, also when it is an error."""
    request = urllib.request.Request(  # noqa: S310 (http only: the address is our own)
        url,
        data=body.encode() if body is not None else None,
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with OPENER.open(request, timeout=15) as answer:
            return answer.status, json.load(answer)
    except urllib.request.HTTPError as error:
        return error.code, {"answer": error.read().decode(errors="replace")[:500]}
    except (OSError, HTTPException, ValueError) as error:
        raise RefusalError(f"{url} does not answer as it should: {error}") from error
