"""A process with a wrong or missing setting refuses to start, with one line that names it.

Real processes, because the settings are read when a process starts.
"""

import os
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

EVERYWHERE = {
    "SECRET_KEY": string.ascii_letters,
    "ALLOWED_HOSTS": "fly.example",
    "INTERNAL_KEYS": string.ascii_letters,
}
KAFKA = {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
REQUIRED = {
    "gateway": {
        "BOOKING_URL": "http://booking:4001",
        "PAYMENT_URL": "http://payment:4002",
        "FARE_URL": "http://fare:4003",
        "NOTIFICATION_URL": "http://notification:4004",
        "WEB_URL": "http://web:3001",
    },
    "booking": {
        **KAFKA,
        "BOOKING_DATABASE_URL": "mysql://booking:x@db-booking:3306/booking",
        "OFFER_SIGNING_KEYS": string.ascii_letters,
        "FARE_URL": "http://fare:4003",
    },
    "payment": {
        **KAFKA,
        "PAYMENT_DATABASE_URL": "mysql://payment:x@db-payment:3306/payment",
        "PROCESSOR": "payment.processors.simulator.Simulator",
        "PROCESSOR_BOOKS": "/tmp/processor-books.sqlite3",  # noqa: S108 (nothing is written)
    },
    "fare": {
        **KAFKA,
        "FARE_DATABASE_URL": "mysql://fare:x@db-fare:3306/fare",
        "BOOKING_URL": "http://booking:4001",
        "OFFER_SIGNING_KEYS": string.ascii_letters,
    },
    "notification": {
        **KAFKA,
        "NOTIFICATION_DATABASE_URL": "mysql://notification:x@db-notification:3306/notification",
        "EMAIL_URL": "smtp://mail:25",
        "MAIL_FROM": "no-reply@fly.example",
        "GATEWAY_URL": "https://fly.example",
    },
}
MISSING = [(service, name) for service, own in REQUIRED.items() for name in [*EVERYWHERE, *own]]


def complete(service: str) -> dict[str, str]:
    """Everything a service needs outside a trial."""
    return {**EVERYWHERE, **REQUIRED[service], "SERVICE": service}


def run(
    *arguments: str, environment: dict[str, str], cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """A Python process with these settings and no others."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read_settings(service: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run("-c", f"import config.settings.{service}", environment=environment)


GUNICORN = ("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", "--check-config")


@pytest.mark.parametrize("service", REQUIRED)
def test_a_service_with_all_its_settings_can_start(service: str) -> None:
    assert read_settings(service, **complete(service)).returncode == 0


@pytest.mark.parametrize("service", REQUIRED)
def test_a_trial_needs_no_settings(service: str) -> None:
    assert read_settings(service, TRIAL="1").returncode == 0


@pytest.mark.parametrize(("service", "name"), MISSING)
def test_a_service_without_one_of_its_settings_refuses(service: str, name: str) -> None:
    environment = complete(service)
    del environment[name]
    process = read_settings(service, **environment)
    assert process.returncode != 0
    assert f"{name} is not set." in process.stderr.splitlines()[-1]


OVER_HTTP = {
    "PROCESSOR": "payment.processors.http.HttpProcessor",
    "PROCESSOR_URL": "https://processor.example",
    "PROCESSOR_KEY": "sk_1",
    "PROCESSOR_WEBHOOK_SECRET": "whsec_1",
}


def test_a_processor_over_http_needs_no_books() -> None:
    environment = {**complete("payment"), **OVER_HTTP}
    del environment["PROCESSOR_BOOKS"]
    assert read_settings("payment", **environment).returncode == 0


@pytest.mark.parametrize("name", ["PROCESSOR_URL", "PROCESSOR_KEY", "PROCESSOR_WEBHOOK_SECRET"])
def test_a_processor_over_http_is_not_spoken_to_without_its_secrets(name: str) -> None:
    environment = {**complete("payment"), **OVER_HTTP}
    del environment[name]
    process = read_settings("payment", **environment)
    assert process.returncode != 0
    assert f"{name} is not set." in process.stderr.splitlines()[-1]


def identity(folder: Path) -> dict[str, str]:
    """What a gateway needs to take the tokens of an identity provider."""
    file = folder / "keys.json"
    file.write_text('{"keys": []}')
    return {"JWT_KEYS": str(file), "JWT_ISSUER": "https://identity.example", "JWT_AUDIENCE": "fly"}


@pytest.mark.parametrize("name", ["JWT_ISSUER", "JWT_AUDIENCE"])
def test_tokens_are_not_taken_without_saying_whose_and_for_whom(tmp_path: Path, name: str) -> None:
    environment = {**complete("gateway"), **identity(tmp_path)}
    assert read_settings("gateway", **environment).returncode == 0
    del environment[name]
    process = read_settings("gateway", **environment)
    assert process.returncode != 0
    assert f"{name} is not set." in process.stderr.splitlines()[-1]


def test_tokens_made_by_hand_are_for_trials(tmp_path: Path) -> None:
    environment = {**complete("gateway"), **identity(tmp_path), "JWT_SECRET": string.ascii_letters}
    look = "from config.settings.gateway import JWT_SECRET; print(bool(JWT_SECRET))"
    assert run("-c", look, environment=environment).stdout == "False\n"
    assert run("-c", look, environment={**environment, "TRIAL": "1"}).stdout == "True\n"


def test_no_service_reads_the_database_of_another() -> None:
    environment = {**complete("booking"), "PAYMENT_DATABASE_URL": "nonsense"}
    assert read_settings("booking", **environment).returncode == 0


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("gateway", "BOOKING_URL", "booking:4001"),
        ("gateway", "UPSTREAM_READ_MS", "0"),
        ("gateway", "WEB_THREADS", "many"),
        ("gateway", "API_KEYS_FILE", "/nowhere/keys"),
        ("gateway", "JWT_KEYS", "/nowhere/keys.json"),
        ("gateway", "JWT_KEYS", "https:///keys.json"),
        ("gateway", "JWT_KEYS", "README.md"),
        ("booking", "BOOKING_DATABASE_URL", "postgres://a:b@c/d"),
        ("booking", "TRIAL", "perhaps"),
        ("payment", "KAFKA_PARTITIONS", "1001"),
    ],
)
def test_gunicorn_refuses_a_wrong_setting_in_one_line(service: str, name: str, value: str) -> None:
    process = run(*GUNICORN, environment={**complete(service), name: value})
    assert process.returncode != 0
    [line] = process.stderr.splitlines()
    assert line.startswith(f"gunicorn: {name} cannot be used:")


def test_gunicorn_refuses_a_broken_line_of_the_api_keys_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("nonsense\n")
    process = run(*GUNICORN, environment={**complete("gateway"), "API_KEYS_FILE": str(file)})
    assert process.returncode != 0
    [line] = process.stderr.splitlines()
    assert line.startswith(f"gunicorn: API_KEYS_FILE cannot be used: line 1 of {file}")


def test_gunicorn_refuses_a_missing_setting_in_one_line_and_serves_nothing() -> None:
    environment = complete("gateway")
    del environment["PAYMENT_URL"]
    process = run(*GUNICORN[:-1], "--bind", "127.0.0.1:0", environment=environment)
    assert process.returncode != 0
    [line] = process.stderr.splitlines()
    assert line.startswith("gunicorn: PAYMENT_URL is not set.")


def test_gunicorn_refuses_a_service_that_does_not_exist_in_one_line() -> None:
    process = run(*GUNICORN, environment={"TRIAL": "1", "SERVICE": "bookings"})
    assert process.returncode != 0
    [line] = process.stderr.splitlines()
    assert line.startswith("gunicorn: SERVICE or DJANGO_SETTINGS_MODULE cannot be used:")


def test_gunicorn_accepts_a_complete_service() -> None:
    process = run(*GUNICORN, environment=complete("gateway"))
    assert (process.returncode, process.stderr) == (0, "")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """manage.py and config in a folder where nothing runs that it could join."""
    shutil.copy(ROOT / "manage.py", tmp_path)
    for package in ("config", "contracts", "gateway"):
        (tmp_path / package).symlink_to(ROOT / package)
    return tmp_path


@pytest.mark.parametrize("command", ["check", "migrate", "run_outbox_relay", "runserver"])
def test_manage_refuses_a_missing_setting_in_one_line(checkout: Path, command: str) -> None:
    process = run("manage.py", command, cwd=checkout, environment={"SERVICE": "gateway"})
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    assert line.startswith("manage.py: SECRET_KEY is not set.")


def test_manage_refuses_a_service_that_does_not_exist_in_one_line(checkout: Path) -> None:
    process = run("manage.py", "check", cwd=checkout, environment={"SERVICE": "bookings"})
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    assert line.startswith("manage.py: SERVICE or DJANGO_SETTINGS_MODULE cannot be used:")


def test_manage_joins_the_system_that_is_running(checkout: Path) -> None:
    (checkout / "var/demo").mkdir(parents=True)
    (checkout / "var/demo/env").write_text("TRIAL=1\n")
    process = run("manage.py", "check", cwd=checkout, environment={"SERVICE": "gateway"})
    assert process.returncode == 0, process.stderr


def test_manage_without_django_says_what_to_install(checkout: Path) -> None:
    process = run("-S", "manage.py", "check", cwd=checkout, environment={})
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    assert line.startswith("manage.py: django is not installed")


def test_the_gateway_passes_djangos_check_for_deployment() -> None:
    process = run(
        "manage.py", "check", "--deploy", "--fail-level=WARNING", environment=complete("gateway")
    )
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("service", REQUIRED)
def test_what_a_worker_has_loaded_is_out_of_the_garbage_collectors_way(service: str) -> None:
    look = (
        "import gc, sys, config.gunicorn as gunicorn; import config.wsgi; "
        "gunicorn.post_worker_init(None); "
        f"assert 'config.urls.{service}' in sys.modules; print(gc.get_freeze_count())"
    )
    process = run("-c", look, environment=complete(service))
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) > 10_000
