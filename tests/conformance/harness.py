"""Starts a service as it is deployed, and asks it whatever its OpenAPI document allows and forbids.

Schemathesis makes the requests from the document that the service gives out: fit ones, unfit ones,
and sequences along its links. It runs in a process of its own: loaded into pytest it would slow
every other test down.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection

from dev.bootstrap import ROOT
from dev.processes import Service
from tests.e2e.client import Browser

CONFIGURATION: Final = "tests/conformance/schemathesis.toml"
METHODS: Final = {"get", "post", "patch"}

# By an operation's id, what there is to be asked for, and where in a request that is said.
Facts = Mapping[str, Sequence[Mapping[str, Any]]]


def database_url(service: Service, request: pytest.FixtureRequest, folder: Path) -> str:
    """The database of a service: a file, or the tests' own on MariaDB, emptied after the test."""
    url = os.environ[f"{service.name.upper()}_DATABASE_URL"]
    if not url.startswith("mysql:"):
        return f"sqlite:///{folder}/{service.name}.sqlite3"
    request.getfixturevalue("transactional_db")
    return f"{url.rpartition('/')[0]}/{connection.settings_dict['NAME']}"


@contextmanager
def running(service: Service, database: str, commands: Sequence[Sequence[str]]) -> Iterator[str]:
    """The address of a service, its database made and filled by commands of manage.py."""
    variables = {"TRIAL": "1", "DJANGO_SETTINGS_MODULE": service.settings_module}
    variables[f"{service.name.upper()}_DATABASE_URL"] = database
    environment = {**os.environ, **variables}
    for command in (["migrate"], *commands):
        subprocess.run(
            [sys.executable, "manage.py", *command, "--verbosity=0"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    with _web(service, environment) as address:
        yield address


@contextmanager
def _web(service: Service, environment: dict[str, str]) -> Iterator[str]:
    """The web process of a service, on a port of its own choosing."""
    process = subprocess.Popen(
        [sys.executable, *service.web(0).arguments],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line)
            if listening := re.search(r"Listening at: (http://\S+)", line):
                break
        else:
            pytest.fail("".join(said))
        drain = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        drain.start()
        yield listening[1]
    finally:
        process.terminate()
        assert process.wait(15) == 0
        drain.join(5)
        process.stderr.close()
        # What the service said of itself, for whoever reads why this failed.
        print("".join(said))  # noqa: T201


def assert_conforms(address: str, folder: Path, facts: Facts, *, seed: int, examples: int) -> None:
    """Every answer is as documented and none a 5xx; and every operation, asked so many times, has
    done what it is for and, if it takes anything, has refused what is unfit."""
    seen = _seen(address, folder, facts, seed=seed, examples=examples)
    for operation, takes in _operations(address).items():
        kinds = {status // 100 for status in seen[operation]}
        wanted = {2, 4} if takes else {2}
        assert kinds >= wanted, f"{operation} answered only {sorted(seen[operation])}"


def _seen(
    address: str, folder: Path, facts: Facts, *, seed: int, examples: int
) -> dict[str, set[int]]:
    """Which statuses Schemathesis saw, by method and path; fails when it finds anything."""
    (folder / "facts.json").write_text(json.dumps(facts))
    (folder / "seen").touch()
    command = ["run", f"{address}/api/schema", f"--seed={seed}", f"--max-examples={examples}"]
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIGURATION}", *command],
        cwd=ROOT,
        env={**os.environ, "FACTS": f"{folder}/facts.json", "SEEN": f"{folder}/seen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"with seed {seed}:\n{run.stdout}"
    seen = defaultdict(set)
    for line in (folder / "seen").read_text().splitlines():
        operation, _, status = line.rpartition(" ")
        seen[operation].add(int(status))
    return seen


def _operations(address: str) -> dict[str, bool]:
    """The operations of the document, by method and path, and whether they take anything."""
    document = Browser().get(f"{address}/api/schema").json
    return {
        f"{method.upper()} {path}": bool({"parameters", "requestBody"} & methods[method].keys())
        for path, methods in document["paths"].items()
        for method in METHODS & methods.keys()
    }
