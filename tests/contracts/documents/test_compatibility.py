"""What counts as a breaking change, by worked examples, and that there is none."""

from typing import Any

import pytest

from contracts.documents.compatibility import breaking_changes
from contracts.documents.files import ROOT, baseline
from contracts.documents.releases import last_release, released_schemas
from contracts.documents.schemas import schemas

EVENT = "shop.Ordered.v1"
Schema = dict[str, Any]

COLOR: Schema = {"enum": ["RED", "BLUE"]}
ITEM: Schema = {
    "type": "object",
    "properties": {"color": COLOR, "weight": {"type": "integer"}},
    "required": ["color"],
}
ORDERED: Schema = {
    "x-topic": "shop.events",
    "type": "object",
    "description": "Somebody has ordered something.",
    "properties": {
        "amount": {"type": "integer", "minimum": 0, "maximum": 100},
        "token": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
        "at": {"type": "string", "format": "date-time"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1},
        "counts": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "propertyNames": {"pattern": "^[A-Z]$"},
        },
        "gift": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}], "default": None},
    },
    "required": ["amount", "token", "items"],
    "$defs": {"Item": ITEM},
}


def without(schema: Schema, key: str) -> Schema:
    return {name: value for name, value in schema.items() if name != key}


def with_field(name: str, field: Schema, schema: Schema = ORDERED) -> Schema:
    return {**schema, "properties": {**schema["properties"], name: field}}


def constrained(name: str, **keywords: Any) -> Schema:
    return with_field(name, {**ORDERED["properties"][name], **keywords})


def with_item(item: Schema) -> Schema:
    return {**ORDERED, "$defs": {"Item": item}}


def without_field(name: str, schema: Schema = ORDERED) -> Schema:
    return {**schema, "properties": without(schema["properties"], name)}


def requiring(*names: str) -> Schema:
    return {**ORDERED, "required": list(names)}


BREAKING = [
    ("another topic", {**ORDERED, "x-topic": "store.events"}, "the topic is changed"),
    ("a removed field", without_field("at"), "at is removed"),
    ("a retyped field", with_field("at", {"type": "integer"}), "at is retyped from string to int"),
    ("a field that may be null", with_field("at", {"type": ["string", "null"]}), "at is retyped"),
    (
        "a field that may not be null",
        with_field("gift", {"$ref": "#/$defs/Item"}),
        "gift is retyped from null or object to object",
    ),
    (
        "a new required field",
        {**with_field("note", {"type": "string"}), "required": [*ORDERED["required"], "note"]},
        "note is new and required",
    ),
    ("now required", requiring("amount", "token", "items", "at"), "at is required now"),
    ("now optional", requiring("amount", "token"), "items is optional now"),
    ("a higher minimum", constrained("amount", minimum=1), "amount is narrowed: minimum"),
    ("a lower minimum", constrained("amount", minimum=-1), "amount is widened: minimum"),
    ("a lower maximum", constrained("amount", maximum=99), "amount is narrowed: maximum"),
    ("a higher maximum", constrained("amount", maximum=101), "amount is widened: maximum"),
    ("a longer minimum", constrained("token", minLength=2), "token is narrowed: minLength"),
    ("a shorter maximum", constrained("token", maxLength=8), "token is narrowed: maxLength"),
    ("a new constraint", constrained("at", maxLength=8), "at is narrowed: maxLength was absent"),
    (
        "a constraint less",
        with_field("amount", {"type": "integer", "minimum": 0}),
        "amount is widened: maximum was 100, is absent",
    ),
    ("another pattern", constrained("token", pattern="^b"), "token is constrained otherwise"),
    ("another format", constrained("at", format="date"), "at is constrained otherwise: format"),
    ("more items", constrained("items", minItems=2), "items is narrowed: minItems"),
    ("another item", constrained("items", items={"type": "string"}), "items[] is retyped"),
    (
        "a value less",
        with_item(with_field("color", {"enum": ["RED"]}, ITEM)),
        "items[].color is narrowed: 'BLUE' is removed",
    ),
    (
        "a value more",
        with_item(with_field("color", {"enum": ["RED", "BLUE", "TEAL"]}, ITEM)),
        "items[].color is widened: 'TEAL' is added",
    ),
    ("values of a text", with_field("at", COLOR), "at is retyped from string to enumeration"),
    (
        "a field removed inside",
        with_item(without_field("weight", ITEM)),
        "items[].weight is removed",
    ),
    (
        "a field required inside",
        with_item({**ITEM, "required": ["color", "weight"]}),
        "gift.weight is required now",
    ),
    (
        "a new required field inside",
        with_item({**with_field("size", {"type": "integer"}, ITEM), "required": ["color", "size"]}),
        "gift.size is new and required",
    ),
    (
        "other values of a map",
        constrained("counts", additionalProperties={"type": "string"}),
        "counts{} is retyped",
    ),
    (
        "other keys of a map",
        constrained("counts", propertyNames={"pattern": "^[a-z]$"}),
        "counts{key} is constrained otherwise",
    ),
    ("no unknown fields", {**ORDERED, "additionalProperties": False}, "{} is narrowed: not"),
]

COMPATIBLE = [
    ("nothing", ORDERED),
    ("a new optional field", with_field("note", {"type": "string"})),
    ("a new optional field inside", with_item(with_field("size", {"type": "integer"}, ITEM))),
    ("another description", {**ORDERED, "description": "An order."}),
    ("another description of a field", constrained("amount", description="In cents.")),
    ("a mark", constrained("token", **{"x-personal-data": True})),
    ("another order", {**ORDERED, "properties": dict(reversed(ORDERED["properties"].items()))}),
    (
        "a definition by another name",
        {
            **with_field(
                "items", {**ORDERED["properties"]["items"], "items": {"$ref": "#/$defs/Thing"}}
            ),
            "$defs": {"Item": ITEM, "Thing": ITEM},
        },
    ),
]


@pytest.mark.parametrize(
    ("after", "change"), [pytest.param(*case, id=name) for name, *case in BREAKING]
)
def test_a_breaking_change_is_found_and_said(after: Schema, change: str) -> None:
    found = breaking_changes({EVENT: ORDERED}, {EVENT: after})
    assert any(line.startswith(f"{EVENT}: {change}") for line in found), found


@pytest.mark.parametrize("after", [pytest.param(case, id=name) for name, case in COMPATIBLE])
def test_what_nobody_could_fail_to_read_is_compatible(after: Schema) -> None:
    assert breaking_changes({EVENT: ORDERED}, {EVENT: after}) == []


def test_one_change_is_told_once_for_each_place_it_shows() -> None:
    after = with_item(without_field("weight", ITEM))
    assert breaking_changes({EVENT: ORDERED}, {EVENT: after}) == [
        f"{EVENT}: items[].weight is removed",
        f"{EVENT}: gift.weight is removed",
    ]


def test_a_removed_event_is_a_breaking_change() -> None:
    assert breaking_changes({EVENT: ORDERED}, {}) == [f"{EVENT}: the event is removed"]


def test_a_new_event_is_compatible() -> None:
    assert breaking_changes({}, {EVENT: ORDERED}) == []


def test_alternatives_of_one_type_are_not_passed_over() -> None:
    either = with_field("gift", {"anyOf": [ITEM, ORDERED]})
    with pytest.raises(ValueError, match="object cannot be told apart"):
        breaking_changes({EVENT: either}, {EVENT: either})


# The contracts themselves


def test_the_contracts_keep_what_the_baseline_promises() -> None:
    assert breaking_changes(baseline(ROOT), schemas()) == []


def test_the_contracts_keep_what_the_last_release_promised() -> None:
    """Without a release there is nothing to keep."""
    tag = last_release(ROOT)
    assert breaking_changes(released_schemas(ROOT, tag) if tag else {}, schemas()) == []
