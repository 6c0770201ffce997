"""What may not change within `v1` once it is released.

A released payload only gains optional fields. Anything else is refused by somebody: what is
narrowed, by new consumers of old events; what is widened, by old consumers of new ones.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.documents.schemas import TOPIC, Schema

LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
# What is said of a value and refuses none.
ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"}
)
# What is compared by itself.
STRUCTURE: Final = frozenset(
    {"type", "enum", "properties", "required", "items", "propertyNames", "additionalProperties"}
)


def breaking_changes(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """Each change that somebody could not read, in words; none when all are compatible.

    Args:
        before: event type → its JSON Schema with its topic, as released.
        after: the same, as it is to be now.
    """
    return [
        f"{event}: {change}"
        for event, schema in before.items()
        for change in _changes_of_event(schema, after.get(event))
    ]


def _changes_of_event(before: Schema, after: Schema | None) -> Iterator[str]:
    if after is None:
        yield "the event is removed"
        return
    if before[TOPIC] != after[TOPIC]:
        yield f"the topic is changed from {before[TOPIC]} to {after[TOPIC]}"
    yield from _Comparison(before, after).changes(before, after, "")


class _Comparison:
    """Compares two schemas and all that they refer to in their own `$defs`."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before.get("$defs", {})
        self._after = after.get("$defs", {})

    def changes(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        """What has changed of the value at a path, whichever of its types it may have."""
        olds, news = _alternatives(before, self._before), _alternatives(after, self._after)
        if olds.keys() != news.keys():
            yield f"{path} is retyped from {_either(olds)} to {_either(news)}"
        for kind in olds.keys() & news.keys():
            yield from self._constraints(olds[kind], news[kind], path)
            yield from self._parts(olds[kind], news[kind], path)

    def _constraints(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        for keyword in sorted((before.keys() | after.keys()) - ANNOTATIONS - STRUCTURE):
            if not keyword.startswith("x-") and before.get(keyword) != after.get(keyword):
                yield _changed(path, keyword, before.get(keyword), after.get(keyword))
        olds, news = before.get("enum", ()), after.get("enum", ())
        yield from (f"{path} is narrowed: {old!r} is removed" for old in olds if old not in news)
        yield from (f"{path} is widened: {new!r} is added" for new in news if new not in olds)

    def _parts(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        yield from self._fields(before, after, path)
        for keyword, part in (
            ("items", f"{path}[]"),
            ("additionalProperties", f"{path}{{}}"),
            ("propertyNames", f"{path}{{key}}"),
        ):
            if keyword in before or keyword in after:
                old, new = before.get(keyword, {}), after.get(keyword, {})
                yield from self.changes(_schema(old), _schema(new), part)

    def _fields(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        olds, news = before.get("properties", {}), after.get("properties", {})
        required, now_required = set(before.get("required", ())), set(after.get("required", ()))
        for name, field in olds.items():
            part = f"{path}.{name}" if path else name
            if name not in news:
                yield f"{part} is removed"
                continue
            if (name in required) != (name in now_required):
                yield f"{part} is {'optional' if name in required else 'required'} now"
            yield from self.changes(field, news[name], part)
        for name in sorted(now_required - olds.keys()):
            yield f"{path}.{name} is new and required" if path else f"{name} is new and required"


def _alternatives(schema: Schema, definitions: Schema) -> dict[str, Schema]:
    """The types a value may have, each with its schema, after following references."""
    if "$ref" in schema:
        return _alternatives(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return _union(_alternatives(part, definitions) for part in schema["anyOf"])
    kinds = schema.get("type", "enumeration" if "enum" in schema else "anything")
    return dict.fromkeys([kinds] if isinstance(kinds, str) else kinds, schema)


def _union(parts: Iterable[dict[str, Schema]]) -> dict[str, Schema]:
    kinds: dict[str, Schema] = {}
    for part in parts:
        if twice := kinds.keys() & part.keys():
            raise ValueError(f"two alternatives of type {_either(twice)} cannot be told apart")
        kinds |= part
    return kinds


def _either(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds))


def _schema(value: Schema | bool) -> Schema:
    """JSON Schema's `true` and `false` as objects."""
    if isinstance(value, bool):
        return {} if value else {"not": {}}
    return value


def _changed(path: str, keyword: str, before: Any, after: Any) -> str:
    """A constraint that is not what it was, and in which direction, where that can be told."""
    facts = f"{keyword} was {_shown(before)}, is {_shown(after)}"
    if before is None:
        return f"{path} is narrowed: {facts}"
    if after is None:
        return f"{path} is widened: {facts}"
    if keyword in (*LOWER, *UPPER):
        narrowed = (after > before) == (keyword in LOWER)
        return f"{path} is {'narrowed' if narrowed else 'widened'}: {facts}"
    return f"{path} is constrained otherwise: {facts}"


def _shown(value: Any) -> str:
    return "absent" if value is None else repr(value)
