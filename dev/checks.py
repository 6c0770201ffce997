"""The checks of `make lint` and `make types`, as command lines and their environments."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from dev.bootstrap import ROOT, VENV
from dev.processes import BOOKING, SERVICES, with_database

FOLDER = ROOT / "var" / "checks"

# What a deployment must set: `check --deploy` runs without TRIAL, so that a setting for which a
# deployment has no default, or an insecure one, is found here. Nothing is connected to.
DEPLOYED = {
    "SECRET_KEY": "an-example-of-a-key-as-long-and-as-varied-as-a-real-one-0123456789-%&/()=",
    "ALLOWED_HOSTS": "reservations.example.test",
    "CSRF_TRUSTED_ORIGINS": "https://reservations.example.test",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka.example.test:9092",
    "INTERNAL_KEYS": "an-example-of-a-key-that-vouches-for-callers-0123456789",
    "OFFER_SIGNING_KEYS": "an-example-of-a-key-that-signs-offers-0123456789",
    "EMAIL_URL": "smtp+tls://mail.example.test:587",
    "MAIL_FROM": "no-reply@example.test",
    "PROCESSOR": "payment.processors.simulator.Simulator",
    "PROCESSOR_BOOKS": str(FOLDER / "processor-books.sqlite3"),
    **{
        f"{service.name.upper()}_URL": f"http://{service.name}.example.test" for service in SERVICES
    },
    **{
        f"{service.name.upper()}_DATABASE_URL": f"sqlite:///{FOLDER}/{service.name}.sqlite3"
        for service in with_database()
    },
}

# Type-checked once, under booking's settings; a service's own code under its own.
SHARED = ("chaos", "config", "contracts", "dev", "manage.py")
# Benchmarks of the whole system and of its door, which look into booking's database.
WHOLE = ("saga", "fare", "gateway", "whole")
SHARED_TESTS = ("chaos", "config", "contracts", "dev", "e2e", "browser")


@dataclass(frozen=True)
class Check:
    """One command; it passes when it exits 0."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def lint() -> Iterator[Check]:
    """Format, rules, imports, and per service its deployment settings and its migrations."""
    yield Check("ruff format", (_tool("ruff"), "format", "--check", "."))
    yield Check("ruff check", (_tool("ruff"), "check", "."))
    yield Check("import contracts", (_tool("lint-imports"),))
    for service in SERVICES:
        module = {"DJANGO_SETTINGS_MODULE": service.settings_module, "SERVICE": service.name}
        yield Check(
            f"{service.name}: check --deploy",
            (sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            {**DEPLOYED, **module},
        )
        if service.database:
            yield Check(
                f"{service.name}: makemigrations --check",
                (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
                {**DEPLOYED, **module},
            )


def types() -> Iterator[Check]:
    """mypy once per settings module: two services' models cannot be loaded in one process."""
    for service in SERVICES:
        sources = [service.name, f"tests/{service.name}", f"config/urls/{service.name}.py"]
        if service is BOOKING:
            sources += [
                *SHARED,
                *(f"tests/{name}" for name in SHARED_TESTS),
                *(f"bench/{name}" for name in WHOLE),
            ]
            sources.remove("config/urls/booking.py")  # in `config` already
        if service.name not in WHOLE:
            sources.append(f"bench/{service.name}")
        yield _mypy(service.name, service.settings_module, sources)
    yield _mypy("outbox", "tests.outbox.settings", ["outbox", "tests/outbox"])
    shared = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "bench").glob("*.py"))
    yield _mypy("baseline", "bench.baseline.settings", ["bench/baseline"])
    yield _mypy("bench", "bench.outbox.settings", [*shared, "bench/outbox", "tests/bench"])


def _mypy(name: str, settings: str, sources: Iterable[str]) -> Check:
    elsewhere = [service.name for service in SERVICES if service.name != name]
    others = "|".join(elsewhere)
    measured = "|".join(one for one in elsewhere if one not in WHOLE)
    return Check(
        f"{name}: mypy",
        (
            _tool("mypy"),
            f"--config-file={_configuration(name, settings)}",
            f"--cache-dir={FOLDER}/mypy-{name}",
            "--explicit-package-bases",
            f"--exclude=^config/urls/({others})\\.py$",  # they import the other services' models
            f"--exclude=^bench/({measured})/",
            "--exclude=/migrations/",
            *(source for source in sources if (ROOT / source).exists()),
        ),
        {"TRIAL": "1", "DJANGO_SETTINGS_MODULE": settings},
    )


def _configuration(name: str, settings: str) -> Path:
    """pyproject.toml with these settings for the django-stubs plugin."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "pyproject.toml").read_text()
    line = f'django_settings_module = "{settings}"'
    file = FOLDER / f"mypy-{name}.toml"
    file.write_text(re.sub(r"(?m)^django_settings_module = .*$", line, text))
    return file


def _tool(name: str) -> str:
    return str(VENV / "bin" / name)


def run(checks: Iterable[Check]) -> int:
    """Run them two at a time, print each one's outcome in order; 0 when all passed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    checks = list(checks)
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for check, (status, output, seconds) in zip(checks, pool.map(_run, checks), strict=True):
            print(f"{'ok    ' if status == 0 else 'FAILED'} {check.name} ({seconds:.1f} s)")
            if status != 0:
                failed.append(check.name)
                print(output)
    print(f"\n{len(checks) - len(failed)} of {len(checks)} checks passed", flush=True)
    return int(bool(failed))


def _run(check: Check) -> tuple[int, str, float]:
    begun = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**_neutral_environment(), **check.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - begun


def _neutral_environment() -> dict[str, str]:
    """The caller's environment without settings of ours."""
    ours = {*DEPLOYED, "TRIAL", "SERVICE", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours}
