"""Event types and their payload classes, as the setting `OUTBOX["EVENTS"]` names them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Final, Protocol, cast

import msgspec
from django.utils.module_loading import import_string

from outbox.conf import options

HIDDEN: Final = "(hidden)"


class Payload(Protocol):
    """A frozen msgspec Struct that knows its CloudEvents type and its topic.

    It may also have, as further class variables, `source`, the service that it must come from;
    `key_field`, the name of the field that must be the event's key; and `secret`, the names of
    fields that nobody is shown.
    """

    type: ClassVar[str]
    topic: ClassVar[str]


class ContractViolation(ValueError):
    """A payload is not what its contract says."""


class UnknownEvent(LookupError):
    """The registry has no event of this type."""


def events() -> Mapping[str, type[Payload]]:
    """The registry in force."""
    return _registry(options().events)


@cache
def _registry(path: str) -> Mapping[str, type[Payload]]:
    return cast("Mapping[str, type[Payload]]", import_string(path))


def prepare() -> None:
    """Have msgspec learn every payload class, before a process has threads."""
    learn(events().values())


def learn(classes: Iterable[type]) -> None:
    """Have msgspec learn what threads will decode, when an app is ready.

    It learns a class when it first decodes it, and a thread that comes to the same class meanwhile
    finds it half-learned and ends the process with SIGSEGV (msgspec 0.22).
    """
    for one in classes:
        msgspec.json.Decoder(one)


def topics() -> list[str]:
    """Every topic of the registry, sorted."""
    return sorted({event.topic for event in events().values()})


def encode(payload: Payload) -> str:
    """The payload as JSON text.

    msgspec does not check a Struct that was constructed in Python, so what was encoded is decoded
    again: a row that consumers could not read must never be stored.

    Raises:
        UnknownEvent: the payload's class is not the registry's for its type.
        ContractViolation: a field's value is not what the contract says.
    """
    if events().get(payload.type) is not type(payload):
        raise UnknownEvent(f"{payload.type!r} is not registered with {type(payload).__name__}")
    try:
        data = msgspec.json.encode(payload)
        msgspec.json.decode(data, type=type(payload))
    except (msgspec.MsgspecError, TypeError, UnicodeEncodeError) as error:
        raise ContractViolation(f"{payload.type}: {error}") from error
    return data.decode()


def decode(event_type: str, data: bytes) -> Payload:
    """The payload that `data` holds.

    Raises:
        UnknownEvent: no such type is registered.
        ContractViolation: the data is not JSON or not what the contract says.
    """
    try:
        payload_class = events()[event_type]
    except KeyError:
        raise UnknownEvent(event_type) from None
    try:
        return msgspec.json.decode(data, type=payload_class)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ContractViolation(f"{event_type}: {error}") from error


def check_origin(payload: Payload, *, topic: str, source: str, key: str) -> None:
    """See that an event that has come in is where it belongs.

    Raises:
        ContractViolation: another topic or source than its contract's, or another key than its own.
    """
    expected = {
        "topic": payload.topic,
        "source": getattr(payload, "source", source),
        "key": str(getattr(payload, getattr(payload, "key_field", ""), key)),
    }
    found = {"topic": topic, "source": source, "key": key}
    if wrong := [name for name in expected if expected[name] != found[name]]:
        raise ContractViolation(f"{payload.type}: its contract has another {', '.join(wrong)}")


def presentable(event_type: str, payload: str) -> str:
    """A payload's JSON for people to look at: without the values of its secret fields, however deep
    they are. Text that is no JSON object cannot be taken apart: it is hidden if it names one."""
    secret = _secret(event_type)

    def hide(fields: dict[str, Any]) -> dict[str, Any]:
        return {name: HIDDEN if name in secret else value for name, value in fields.items()}

    try:
        shown = json.loads(payload, object_hook=hide)
    except (ValueError, RecursionError):
        shown = None
    if not isinstance(shown, dict):
        return HIDDEN if any(name in payload for name in secret) else payload
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _secret(event_type: str) -> frozenset[str]:
    """The secret fields of a type; of a type that nobody knows, those of all types."""
    registered = events()
    known = [registered[event_type]] if event_type in registered else registered.values()
    return frozenset[str]().union(*(getattr(event, "secret", ()) for event in known))
