"""What a contract says of where an event belongs, and of what nobody is shown."""

import json
import subprocess
import sys
from typing import Any, ClassVar

import msgspec
import pytest
from django.apps import apps

from dev.bootstrap import ROOT
from outbox import registry
from outbox.registry import ContractViolation


class Parcel(msgspec.Struct, frozen=True):
    """An event that says where it must come from, and which field is its key."""

    type: ClassVar[str] = "shop.Parcel.v1"
    topic: ClassVar[str] = "shop.events"
    source: ClassVar[str] = "shop"
    key_field: ClassVar[str] = "number"
    secret: ClassVar[frozenset[str]] = frozenset({"token"})

    number: int
    token: str


EVENTS = {Parcel.type: Parcel}
PARCEL = Parcel(number=7, token="tok_1")


@pytest.fixture(autouse=True)
def events(settings: Any) -> None:
    """A registry with the parcel alone."""
    settings.OUTBOX = {**settings.OUTBOX, "EVENTS": f"{__name__}.EVENTS"}


def test_an_event_that_is_where_it_belongs_passes() -> None:
    registry.check_origin(PARCEL, topic="shop.events", source="shop", key="7")


@pytest.mark.parametrize(
    ("topic", "source", "key", "wrong"),
    [
        ("other.events", "shop", "7", "topic"),
        ("shop.events", "evil", "7", "source"),
        ("shop.events", "shop", "8", "key"),
    ],
)
def test_an_event_that_is_not_where_it_belongs_breaks_its_contract(
    topic: str, source: str, key: str, wrong: str
) -> None:
    with pytest.raises(ContractViolation, match=f"another {wrong}"):
        registry.check_origin(PARCEL, topic=topic, source=source, key=key)


def test_secrets_are_not_presented() -> None:
    shown = json.loads(registry.presentable(Parcel.type, registry.encode(PARCEL)))
    assert shown == {"number": 7, "token": registry.HIDDEN}


def test_secrets_are_not_presented_however_deep_they_are() -> None:
    payload = {"specversion": "1.0", "data": [{"number": 7, "token": {"value": "tok_1"}}]}
    shown = json.loads(registry.presentable(Parcel.type, json.dumps(payload)))
    assert shown["data"] == [{"number": 7, "token": registry.HIDDEN}]


def test_what_is_secret_in_any_type_is_not_presented_of_a_type_that_nobody_knows() -> None:
    shown = json.loads(registry.presentable("", registry.encode(PARCEL)))
    assert shown == {"number": 7, "token": registry.HIDDEN}


@pytest.mark.parametrize("payload", ['{"token": "tok_1', '[{"token": "tok_1"}]'])
def test_what_is_no_payload_is_not_presented_where_it_names_a_secret(payload: str) -> None:
    assert registry.presentable(Parcel.type, payload) == registry.HIDDEN


@pytest.mark.parametrize("payload", ["{", "[1]", '"text"', "", "[" * 100_000])
def test_what_is_no_payload_is_presented_as_it_is(payload: str) -> None:
    assert registry.presentable("nobody's", payload) == payload


def test_prepared_threads_may_decode_the_same_event_first_at_the_same_moment() -> None:
    command = [sys.executable, "-m", "tests.outbox.first_decoding", "prepare"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_every_process_is_prepared_when_its_apps_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[bool] = []
    monkeypatch.setattr(registry, "prepare", lambda: prepared.append(True))
    apps.get_app_config("outbox").ready()
    assert prepared == [True]
