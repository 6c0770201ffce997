"""Settings are read once, typed and bounded, and whatever cannot be used is named."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import (
    Environment,
    choose_settings,
    load_running_environment,
    read_environment,
)


def environment(trial: bool = False, **variables: str) -> Environment:
    return Environment(variables, trial=trial)


def refusal(read: Any, *args: Any, **kwargs: Any) -> str:
    """What the reader says when it refuses."""
    with pytest.raises(ImproperlyConfigured) as refused:
        read(*args, **kwargs)
    message = str(refused.value)
    assert "\n" not in message
    return message


# --- missing


@pytest.mark.parametrize("given", [{}, {"SECRET_KEY": ""}, {"SECRET_KEY": "  "}])
def test_a_missing_or_empty_variable_is_named(given: dict[str, str]) -> None:
    message = refusal(Environment(given, trial=False).text, "SECRET_KEY", trial="only a trial")
    assert message.startswith("SECRET_KEY is not set.")
    assert "TRIAL=1" in message


def test_a_trial_has_a_default() -> None:
    assert environment(trial=True).text("SECRET_KEY", trial="only a trial") == "only a trial"


def test_what_is_given_goes_before_the_default_of_a_trial() -> None:
    given = environment(trial=True, SECRET_KEY="mine")
    assert given.text("SECRET_KEY", trial="only a trial") == "mine"


def test_a_trial_gives_no_default_where_none_is_meant() -> None:
    assert refusal(environment(trial=True).text, "PROCESSOR").startswith("PROCESSOR is not set.")


def test_a_default_for_everybody_needs_no_trial() -> None:
    assert environment().text("LOG_LEVEL", default="INFO") == "INFO"
    assert environment().number("HOLD_MINUTES", default=15, least=1, most=60) == 15


# --- numbers


@pytest.mark.parametrize(("given", "read"), [("1", 1), ("60", 60), (" 15 ", 15)])
def test_a_number_is_read_within_its_range(given: str, read: int) -> None:
    assert (
        environment(HOLD_MINUTES=given).number("HOLD_MINUTES", default=2, least=1, most=60) == read
    )


@pytest.mark.parametrize("given", ["0", "61", "-1", "fifteen", "1.5", "15m", "9" * 5000])
def test_a_number_that_is_none_or_out_of_range_is_named(given: str) -> None:
    reader = environment(HOLD_MINUTES=given).number
    message = refusal(reader, "HOLD_MINUTES", default=15, least=1, most=60)
    assert message.startswith("HOLD_MINUTES cannot be used:")


def test_a_number_out_of_range_says_the_range() -> None:
    reader = environment(HOLD_MINUTES="61").number
    assert "from 1 to 60" in refusal(reader, "HOLD_MINUTES", default=15, least=1, most=60)


# --- flags


@pytest.mark.parametrize("given", ["1", "true", "Yes", "ON"])
def test_a_flag_can_be_on(given: str) -> None:
    assert environment(TRIAL=given).flag("TRIAL", default=False) is True


@pytest.mark.parametrize("given", ["0", "false", "No", "off"])
def test_a_flag_can_be_off(given: str) -> None:
    assert environment(TRIAL=given).flag("TRIAL", default=True) is False


def test_a_flag_that_is_neither_is_named() -> None:
    message = refusal(environment(TRIAL="maybe").flag, "TRIAL", default=False)
    assert message == "TRIAL cannot be used: 'maybe' is neither yes nor no."


def test_trial_is_off_unless_somebody_switches_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIAL", raising=False)
    assert read_environment().trial is False
    monkeypatch.setenv("TRIAL", "1")
    assert read_environment().trial is True


# --- lists


def test_names_are_separated_by_commas() -> None:
    assert environment(ALLOWED_HOSTS="a.test, b.test,").names("ALLOWED_HOSTS") == [
        "a.test",
        "b.test",
    ]


def test_a_list_of_nothing_is_named() -> None:
    message = refusal(environment(ALLOWED_HOSTS=" , ,").names, "ALLOWED_HOSTS")
    assert message.startswith("ALLOWED_HOSTS cannot be used:")


# --- addresses


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("http://booking:4001", "http://booking:4001"),
        ("http://booking:4001/", "http://booking:4001"),
        ("https://booking.test", "https://booking.test"),
        ("http://[::1]:4001", "http://[::1]:4001"),
    ],
)
def test_an_address_is_a_scheme_a_host_and_a_port(given: str, read: str) -> None:
    assert environment(BOOKING_URL=given).url("BOOKING_URL", trial="http://x") == read


@pytest.mark.parametrize(
    "given",
    [
        "booking:4001",
        "//booking:4001",
        "ftp://booking",
        "http://",
        "http://:4001",
        "http://booking:port",
        "http://booking:99999",
        "http://booking/api",
        "http://booking?a=1",
        "http://booking#a",
        "http://user:password@booking",
        "http://[::1",
    ],
)
def test_an_address_with_less_or_more_than_that_is_named(given: str) -> None:
    message = refusal(environment(BOOKING_URL=given).url, "BOOKING_URL", trial="http://x")
    assert message.startswith("BOOKING_URL cannot be used:")


# --- databases


def test_a_database_is_read_from_its_url() -> None:
    url = "mysql://booking:p%40ss@db-booking:3306/booking"
    database = environment(BOOKING_DATABASE_URL=url).database("BOOKING_DATABASE_URL", trial="")
    assert database["ENGINE"] == "django.db.backends.mysql"
    assert (database["HOST"], database["PORT"]) == ("db-booking", 3306)
    assert (database["USER"], database["PASSWORD"]) == ("booking", "p@ss")
    assert database["NAME"] == "booking"


def test_the_default_database_of_a_trial_is_read_like_a_given_one() -> None:
    database = environment(trial=True).database("X_DATABASE_URL", trial="sqlite:////var/x.sqlite3")
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == "/var/x.sqlite3"


@pytest.mark.parametrize(
    "given", ["booking", "postgres://a:b@c/d", "mysql://booking:x@db-booking:3306/", "mysql"]
)
def test_a_database_that_is_none_of_ours_is_named(given: str) -> None:
    reader = environment(BOOKING_DATABASE_URL=given).database
    message = refusal(reader, "BOOKING_DATABASE_URL", trial="")
    assert message.startswith("BOOKING_DATABASE_URL cannot be used:")


def test_a_refused_database_does_not_show_its_password() -> None:
    reader = environment(BOOKING_DATABASE_URL="postgres://booking:hunter2@db/booking").database
    assert "hunter2" not in refusal(reader, "BOOKING_DATABASE_URL", trial="")


# --- which service


@pytest.mark.parametrize(
    ("given", "module"),
    [
        ({}, "config.settings.booking"),
        ({"SERVICE": ""}, "config.settings.booking"),
        ({"SERVICE": "payment"}, "config.settings.payment"),
        (
            {"SERVICE": "payment", "DJANGO_SETTINGS_MODULE": "config.settings.gateway"},
            "config.settings.gateway",
        ),
    ],
)
def test_the_service_is_chosen_by_its_name(given: dict[str, str], module: str) -> None:
    assert choose_settings(given) == module
    assert given["DJANGO_SETTINGS_MODULE"] == module


@pytest.mark.parametrize(
    "given",
    [{"SERVICE": "bookings"}, {"SERVICE": "a.b"}, {"DJANGO_SETTINGS_MODULE": "no.such.module"}],
)
def test_a_service_that_does_not_exist_is_named(given: dict[str, str]) -> None:
    message = refusal(choose_settings, given)
    assert message.startswith("SERVICE or DJANGO_SETTINGS_MODULE cannot be used:")


# --- the running system's settings


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The settings files of a running demo and of a running stack."""
    demo, stack = tmp_path / "demo", tmp_path / "up"
    demo.write_text("TRIAL=1\nKAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\n")
    stack.write_text("TRIAL=1\nKAFKA_BOOTSTRAP_SERVERS=127.0.0.1:2\n")
    return [demo, stack]


def test_a_second_terminal_takes_the_settings_of_what_is_running(files: list[Path]) -> None:
    found: dict[str, str] = {"SERVICE": "payment"}
    load_running_environment(found, files)
    assert found == {
        "SERVICE": "payment",
        "TRIAL": "1",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }


def test_the_stack_is_found_when_no_demo_runs(files: list[Path]) -> None:
    files[0].unlink()
    found: dict[str, str] = {}
    load_running_environment(found, files)
    assert found["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:2"


@pytest.mark.parametrize(
    "given",
    [
        {"TRIAL": "0"},
        {"SECRET_KEY": "mine"},
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"},
        {"PAYMENT_DATABASE_URL": "mysql://…"},
    ],
)
def test_a_process_that_was_configured_takes_nothing(
    given: dict[str, str], files: list[Path]
) -> None:
    before = dict(given)
    load_running_environment(given, files)
    assert given == before


def test_nothing_is_taken_when_nothing_runs(tmp_path: Path) -> None:
    found: dict[str, str] = {}
    load_running_environment(found, [tmp_path / "demo", tmp_path / "up"])
    assert found == {}


@pytest.mark.parametrize("value", ["x", "Classic", "a,b"])
def test_a_word_that_is_no_choice_is_refused_by_name(value: str) -> None:
    environment = Environment({"WAY": value}, trial=True)
    with pytest.raises(ImproperlyConfigured, match=r"WAY cannot be used.*one of"):
        environment.choice("WAY", default="classic", of=("classic", "consumer"))


@pytest.mark.parametrize(
    ("value", "address"), [("off", ""), ("10.0.0.1", "10.0.0.1"), ("", "1.2.3.4")]
)
def test_an_address_to_listen_on_may_be_off(value: str, address: str) -> None:
    environment = Environment({"LISTEN": value}, trial=True)
    assert environment.listen_address("LISTEN", default="1.2.3.4") == address


@pytest.mark.parametrize("value", ["localhost", "1.2.3", "0.0.0.0:80", "::1"])
def test_what_is_no_address_to_listen_on_is_refused_by_name(value: str) -> None:
    environment = Environment({"LISTEN": value}, trial=True)
    with pytest.raises(ImproperlyConfigured, match="LISTEN cannot be used"):
        environment.listen_address("LISTEN", default="1.2.3.4")
