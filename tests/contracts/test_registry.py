"""The published language as a whole."""

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import contracts
from contracts.base import Event
from contracts.registry import EVENTS

ROOT = Path(__file__).resolve().parent.parent.parent
STRUCTS = list(EVENTS.values())

for module in pkgutil.iter_modules(contracts.__path__):
    importlib.import_module(f"contracts.{module.name}")


def defined(base: type[Event] = Event) -> Iterator[type[Event]]:
    """Every event that a module of the contracts defines."""
    for event in base.__subclasses__():
        if event.__module__.startswith("contracts."):
            if "type" in vars(event):
                yield event
            yield from defined(event)


def test_every_event_that_is_defined_is_registered() -> None:
    assert set(defined()) == set(STRUCTS)


def test_every_event_is_registered_under_its_own_type() -> None:
    assert {name: struct.type for name, struct in EVENTS.items()} == {n: n for n in EVENTS}


def test_types_are_unique() -> None:
    assert len({struct.type for struct in defined()}) == len(list(defined()))


def test_the_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        EVENTS["booking.Forged.v1"] = STRUCTS[0]  # type: ignore[index]


@pytest.mark.parametrize("struct", STRUCTS)
def test_a_type_is_the_service_the_name_and_the_version(struct: type[Event]) -> None:
    service, name, version = struct.type.split(".")
    assert (name, version) == (struct.__name__, "v1")
    assert struct.topic == f"{service}.events"
    assert struct.__module__ == f"contracts.{service}"


@pytest.mark.parametrize("struct", STRUCTS)
def test_an_event_cannot_be_changed(struct: type[Event]) -> None:
    assert struct.__struct_config__.frozen


@pytest.mark.parametrize("struct", STRUCTS)
def test_an_event_names_its_reservation(struct: type[Event]) -> None:
    assert "reservation_id" in {field.name for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize("struct", STRUCTS)
def test_an_event_says_which_services_handle_it_and_never_its_own(struct: type[Event]) -> None:
    services = {"booking", "fare", "notification", "payment"} - {struct.type.partition(".")[0]}
    assert set(struct.handled_by) <= services


@pytest.mark.parametrize("struct", STRUCTS)
def test_consumers_ignore_fields_they_do_not_know(struct: type[Event]) -> None:
    assert not struct.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize("struct", STRUCTS)
def test_an_event_says_what_it_means(struct: type[Event]) -> None:
    assert struct.__doc__ and struct.__doc__ != Event.__doc__


def test_the_contracts_need_nothing_but_msgspec() -> None:
    """Besides typing_extensions, which msgspec reads where it happens to be installed."""
    script = (
        "import sys, contracts.registry, contracts.documents.__main__\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "loaded.discard('typing_extensions')\n"
        "print(sorted(name for name in loaded if not name.startswith('_')))\n"
    )
    command = [sys.executable, "-S", "-c", script]
    msgspec_home = str(Path(msgspec.__file__).parent.parent)
    loaded = subprocess.run(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": msgspec_home},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert loaded == "['contracts', 'msgspec']\n"
