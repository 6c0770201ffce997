"""JSON Schemas of the events."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts.base import Event
from contracts.registry import EVENTS

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TOPIC: Final = "x-topic"  # where an event's schema names its topic


def service_of(event: type[Event]) -> str:
    """The service that publishes an event."""
    return event.type.partition(".")[0]


def event_schema(event: type[Event]) -> Schema:
    """An event's JSON Schema, with all that it refers to in its `$defs`."""
    described = msgspec.json.schema(event)
    definitions = {name: tidy(schema) for name, schema in described["$defs"].items()}
    own = definitions.pop(event.__name__)
    return {
        "$schema": DIALECT,
        "$id": f"urn:airline-reservations:events:{event.type}",
        TOPIC: event.topic,
        **own,
        "$defs": dict(sorted(definitions.items())),
    }


def schemas() -> dict[str, Schema]:
    """Every event's schema, by its type."""
    return {name: event_schema(event) for name, event in EVENTS.items()}


def components(references: str) -> dict[str, Schema]:
    """Every event and value by its name; `references` has a place for the name of a reference."""
    _, described = msgspec.json.schema_components(EVENTS.values(), ref_template=references)
    return {name: tidy(schema) for name, schema in sorted(described.items())}


def tidy(schema: Schema) -> Schema:
    """A Struct's schema with its docstring as text without the code's indentation."""
    return {**schema, "description": inspect.cleandoc(schema["description"])}
