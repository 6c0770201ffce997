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
