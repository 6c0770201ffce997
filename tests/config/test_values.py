"""Values of settings: what is taken, and what is refused without giving a secret away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import values

SECRET = "topsecret"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.whole_number, "१५"),
        (values.whole_number, "1_0"),
        (values.whole_number, "9" * 30),
        (values.host_ports, "nonsense"),
        (values.host_ports, "host:port"),
        (values.host_ports, "::::,,"),
        (values.host_ports, "kafka:9092,other"),
        (values.dotted_path, "nonsense"),
        (values.dotted_path, "payment.nowhere.Simulator"),
        (values.dotted_path, "payment.processors."),
        (values.database, "sqlite:////proc/nope/x.db"),
        (values.database, "mysql://db/booking"),
        (values.database, "mysql://u:p@h:port/b"),
        (values.http_address, "http://h?"),
        (values.http_address, "ftp://h"),
        (values.mail_server, "mail:25"),
        (values.mail_server, "http://mail:25"),
        (values.mail_server, "smtp://"),
        (values.mail_server, "smtp://:25"),
        (values.mail_server, "smtp://mail:port"),
        (values.mail_server, "filemail://"),
        (values.mail_address, "Airline"),
        (values.mail_address, "Airline <no-reply>"),
        (values.mail_address, "a@b.example\nBcc: c@d.example"),
    ],
)
def test_is_refused(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(text)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.database, f"mysql://u:{SECRET}/pw@127.0.0.1:3306/b"),
        (values.database, f"mysql://u:{SECRET}#w@h/b"),
        (values.database, f"mysql://u:{SECRET}[w@h/b"),
        (values.database, f"mysql://u:{SECRET}@x@h/b"),
        (values.http_address, f"http://u:{SECRET}@h:1"),
        (values.mail_server, f"smtp://u:{SECRET}/pw@mail"),
        (values.mail_server, f"smtp+tls://u:{SECRET}@mail:port"),
    ],
)
def test_a_password_is_not_repeated_where_it_is_refused(
    read: Callable[[str], Any], text: str
) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        read(text)
    assert SECRET not in str(refused.value)


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    assert values.host_ports("kafka:9092,[::1]:9093") == "kafka:9092,[::1]:9093"
    values.database(f"sqlite:///{tmp_path}/new/b.sqlite3")
    assert (tmp_path / "new").is_dir()
    assert values.database("mysql://u:p%2Fw@h:3306/b")["PASSWORD"] == "p/w"
    simulator = "payment.processors.simulator.Simulator"
    assert values.dotted_path(simulator) == simulator


@pytest.mark.parametrize(
    ("text", "host", "port", "options"),
    [
        ("smtp://mail", "mail", 25, {}),
        ("smtp://mail:1025", "mail", 1025, {}),
        ("smtp+tls://mail", "mail", 587, {"EMAIL_USE_TLS": True}),
        ("smtp+ssl://mail", "mail", 465, {"EMAIL_USE_SSL": True}),
    ],
)
def test_a_mail_server_has_the_port_of_its_kind(
    text: str, host: str, port: int, options: dict[str, bool]
) -> None:
    read = values.mail_server(text)
    assert (read["EMAIL_HOST"], read["EMAIL_PORT"]) == (host, port)
    assert {name: value for name, value in read.items() if name.startswith("EMAIL_USE")} == options


def test_a_mail_servers_login_is_unescaped() -> None:
    read = values.mail_server(f"smtp+tls://me%40x:{SECRET}%2F@mail")
    assert (read["EMAIL_HOST_USER"], read["EMAIL_HOST_PASSWORD"]) == ("me@x", f"{SECRET}/")


def test_mails_can_be_files() -> None:
    read = values.mail_server("filemail:////var/mails")
    assert read["EMAIL_FILE_PATH"] == "/var/mails"
    assert read["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
