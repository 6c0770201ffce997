"""Values of any Struct of the contracts, from msgspec's own description of its types."""

from collections.abc import Callable
from datetime import UTC
from typing import Any, Final, TypeVar

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from contracts.values import Price, PriceLine

S = TypeVar("S", bound=msgspec.Struct)

LARGEST: Final = 2**63 - 1  # what the widest column of any service holds
# UTF-8, which JSON is in, cannot carry half a character.
CHARACTERS: Final = st.characters(exclude_categories=["Cs"])


def _integers(kind: inspect.IntType) -> st.SearchStrategy[Any]:
    return st.integers(
        min_value=-LARGEST if kind.ge is None else kind.ge,
        max_value=LARGEST if kind.le is None else kind.le,
    )


def _texts(kind: inspect.StrType) -> st.SearchStrategy[Any]:
    if kind.pattern is not None:
        return st.from_regex(kind.pattern, fullmatch=True)
    return st.text(CHARACTERS, min_size=kind.min_length or 0, max_size=kind.max_length or 200)


def _tuples(kind: inspect.VarTupleType) -> st.SearchStrategy[Any]:
    items = _values(kind.item_type)
    most = 3 if kind.max_length is None else kind.max_length
    return st.lists(items, min_size=kind.min_length or 0, max_size=most).map(tuple)


def _mappings(kind: inspect.DictType) -> st.SearchStrategy[Any]:
    return st.dictionaries(_values(kind.key_type), _values(kind.value_type), max_size=3)


def _unions(kind: inspect.UnionType) -> st.SearchStrategy[Any]:
    return st.one_of(*(_values(member) for member in kind.types))


def _structs(kind: inspect.StructType) -> st.SearchStrategy[Any]:
    return prices() if kind.cls is Price else payloads(kind.cls)


STRATEGIES: Final[dict[type, Callable[[Any], st.SearchStrategy[Any]]]] = {
    inspect.IntType: _integers,
    inspect.StrType: _texts,
    inspect.VarTupleType: _tuples,
    inspect.DictType: _mappings,
    inspect.UnionType: _unions,
    inspect.StructType: _structs,
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.NoneType: lambda _: st.none(),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.UUIDType: lambda _: st.uuids(),
    inspect.DateType: lambda _: st.dates(),
    inspect.DateTimeType: lambda _: st.datetimes(timezones=st.just(UTC)),
}


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    if isinstance(kind, inspect.Metadata):
        return _values(kind.type)
    return STRATEGIES[type(kind)](kind)


def _fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    return described.fields


def payloads(struct: type[S]) -> st.SearchStrategy[S]:
    """Instances of a Struct whose fields keep to their constraints."""
    fields = {field.name: _values(field.type) for field in _fields(struct)}
    return st.builds(struct, **fields)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """Prices whose total is the sum of their lines."""
    lines = draw(st.lists(payloads(PriceLine), min_size=1, max_size=3))
    lines = [msgspec.structs.replace(line, amount=line.amount // 3) for line in lines]
    total = sum(line.amount for line in lines)
    facts = {
        field.name: draw(_values(field.type))
        for field in _fields(Price)
        if field.name not in {"lines", "total"}
    }
    return Price(lines=tuple(lines), total=total, **facts)
