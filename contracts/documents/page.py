"""The page of all events, for people."""

from collections.abc import Iterator
from typing import Final

from contracts.base import Event
from contracts.documents.schemas import Schema, components, service_of
from contracts.registry import EVENTS
from contracts.values import PERSONAL_DATA

INTRODUCTION: Final = """\
# Events

What the services say to each other. Generated from `contracts/` by `make events`; a test fails when
this is not what the code says. What is published and handled today, and the envelope, are in the
[architecture](../architecture.md#events).

- The JSON Schema of each event is linked from its name. [asyncapi.json](asyncapi.json) has all of
  them with topics, headers, senders and receivers, for tools.
- [baseline.json](baseline.json) is what the last release promised. From the first tagged release on
  a `v1` event only gains optional fields; a test holds that.
- `?` marks an optional field, † personal data: who somebody is, or how to reach them.
"""


def page() -> str:
    """The page in Markdown."""
    described = components("{name}")
    return "\n".join(
        [
            INTRODUCTION,
            "| event | topic | from → to | says | fields |",
            "|---|---|---|---|---|",
            *(_event(event, described[event.__name__]) for event in EVENTS.values()),
            "",
            "## Values",
            "",
            "| value | is | fields |",
            "|---|---|---|",
            *_values(described),
            "",
        ]
    )


def _event(event: type[Event], schema: Schema) -> str:
    receivers = ", ".join(event.handled_by) or "nobody"
    name = f"[{event.__name__}](schemas/{event.type}.json)"
    way = f"{service_of(event)} → {receivers}"
    return f"| {name} | `{event.topic}` | {way} | {_first(schema)} | {_fields(schema)} |"


def _values(described: dict[str, Schema]) -> Iterator[str]:
    events = {event.__name__ for event in EVENTS.values()}
    for name, schema in described.items():
        if name not in events:
            yield f"| {name} | {_first(schema)} | {_fields(schema)} |"


def _first(schema: Schema) -> str:
    """The first paragraph of the description."""
    description: str = schema["description"]
    return description.partition("\n\n")[0].replace("\n", " ")


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    return "<br>".join(
        f"`{name}`{'' if name in required else '?'}{_personal(field)} {_kind(field)}"
        for name, field in schema["properties"].items()
    )


def _personal(field: Schema) -> str:
    parts = field.get("anyOf", [field])
    return "†" if any(PERSONAL_DATA.items() <= part.items() for part in parts) else ""


def _kind(schema: Schema) -> str:
    """A type in a word or two."""
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if part != {"type": "null"})
    if "$ref" in schema:
        return str(schema["$ref"])
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if schema["type"] == "object":
        return f"map to {_kind(schema['additionalProperties'])}"
    return str(schema.get("format", schema["type"]))
