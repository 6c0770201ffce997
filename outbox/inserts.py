"""New rows by statements whose SQL is made once.

`bulk_create` makes the SQL of an INSERT anew each time, and asks each field several times for each
value: it took twice as much of the processor's time to append three events as this does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from django.db import connections, models, router
from django.db.models import DateTimeField, Field, Model
from django.db.models.functions import Now

from outbox import pipeline

# Of fields that are of exactly these classes, what the database takes as it is.
PLAIN: Final[dict[type[Any], type]] = {
    models.CharField: str,
    models.TextField: str,
    models.IntegerField: int,
    models.BigIntegerField: int,
    models.BigAutoField: int,
    models.PositiveSmallIntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveBigIntegerField: int,
}
MOMENT: Final = DateTimeField()
TEXT: Final = models.TextField()


class Conversion(NamedTuple):
    """How the values of a field are made ready for the database.

    Args:
        plain: the type of those that are ready, as is None.
        convert: makes any other ready, for a connection.
    """

    plain: type | None
    convert: Callable[[Any, Any], Any]


def conversion(field: "Field[Any, Any]", connection: Any = None) -> Conversion:
    """How the values of a field are made ready: as the field would, or by a shorter way.

    Args:
        field: what they are of.
        connection: where they go, if that is known.
    """
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    convert = CONVERSIONS.get(type(field), field.get_db_prep_save)
    is_taken = connection is not None and connection.features.has_native_uuid_field
    if type(field) is models.UUIDField and is_taken:
        return Conversion(UUID, convert)
    return Conversion(PLAIN.get(type(field)), convert)


def _moment(at: datetime, connection: Any) -> Any:
    """Where nothing is to be converted, Django too comes to this text."""
    if at.tzinfo is UTC and connection.timezone is UTC:
        return _naive(at)
    return MOMENT.get_db_prep_save(at, connection)


@lru_cache(maxsize=64)
def _naive(at: datetime) -> str:
    """The moment without its zone: what is written together has the same one in many columns."""
    return str(at.replace(tzinfo=None))


def _text(text: str, connection: Any) -> str:
    """A text's other type, such as a choice, is no matter to the database."""
    return text if isinstance(text, str) else cast("str", TEXT.get_db_prep_save(text, connection))


CONVERSIONS: Final[dict[type[Any], Callable[[Any, Any], Any]]] = {
    DateTimeField: _moment,
    models.CharField: _text,
    models.TextField: _text,
}


class Statement(NamedTuple):
    """An INSERT of so many rows of one model.

    Args:
        sql: its text.
        of: the values of a row.
        conversions: how each is made ready.
        is_numbered: whether the database gives each row its number.
    """

    sql: str
    of: Callable[[Model], tuple[Any, ...]]
    conversions: list[Conversion]
    is_numbered: bool


def insert(*groups: Sequence[Model], now_in: tuple[str, ...] = (), into: Any = None) -> None:
    """Insert new rows, in as few statements as the database allows.

    A number that the database gives is read back where there is one row only. Fields that set
    themselves when they are saved, such as those with `auto_now`, do not.

    Args:
        groups: rows of one model each, and of one database all; written in this order.
        now_in: the fields that are to have the time by the database's clock; what the rows have in
            them is not looked at, and not changed.
        into: the database's connection, where that is known.
    """
    connection: Any = into or connections[router.db_for_write(type(groups[0][0]))]
    with connection.cursor() as cursor:
        for rows, statement in _statements(groups, now_in, connection):
            cursor.execute(statement.sql, _bound(rows, statement, connection))
            if statement.is_numbered and len(rows) == 1:
                rows[0].pk = cursor.lastrowid
            _are_stored(rows, connection)


def insert_later(
    *groups: Sequence[Model],
    now_in: tuple[str, ...] = (),
    into: Any = None,
    refused: Callable[[Exception], Exception] | None = None,
) -> None:
    """Insert new rows, at the latest before whatever is asked next or the transaction commits; what
    the database has against them is heard then. Numbers that it gives are not read back.

    Args:
        groups, now_in, into: as of `insert`.
        refused: is given the error of rows that break a constraint; what it returns is raised in
            its place.
    """
    connection: Any = into or connections[router.db_for_write(type(groups[0][0]))]
    for rows, statement in _statements(groups, now_in, connection):
        values = _bound(rows, statement, connection)
        pipeline.write(connection, statement.sql, values, refused=refused)
        _are_stored(rows, connection)


def _statements(
    groups: Sequence[Sequence[Model]], now_in: tuple[str, ...], connection: Any
) -> Iterator[tuple[Sequence[Model], Statement]]:
    for rows in groups:
        for some in _batches(rows, connection):
            yield some, _statement(type(some[0]), len(some), connection.alias, now_in)


def _bound(rows: Sequence[Model], statement: Statement, connection: Any) -> list[Any]:
    return [
        value if value is None or type(value) is plain else convert(value, connection)
        for row in rows
        for value, (plain, convert) in zip(statement.of(row), statement.conversions, strict=True)
    ]


def _are_stored(rows: Sequence[Model], connection: Any) -> None:
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _batches(rows: Sequence[Model], connection: Any) -> Iterator[Sequence[Model]]:
    most = connection.ops.bulk_batch_size(type(rows[0])._meta.concrete_fields, rows)
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


@cache
def _statement(
    model: type[Model], rows: int, alias: str, now_in: tuple[str, ...] = ()
) -> Statement:
    connection: Any = connections[alias]
    quoted, meta = connection.ops.quote_name, model._meta
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.AutoField)]
    given = [one for one in fields if one.name not in now_in]
    timed = [one for one in fields if one.name in now_in]
    columns = ", ".join(quoted(str(field.column)) for field in (*given, *timed))
    now, _ = model._base_manager.using(alias).all().query.get_compiler(alias).compile(Now())
    places = ", ".join(["%s"] * len(given) + [now] * len(timed))
    # Nothing in it comes from outside.
    values = ", ".join([f"({places})"] * rows)
    sql = f"INSERT INTO {quoted(meta.db_table)} ({columns}) VALUES {values}"  # noqa: S608
    of = _values([field.attname for field in given])
    is_numbered = len(fields) < len(meta.concrete_fields)
    return Statement(sql, of, [conversion(field, connection) for field in given], is_numbered)


def _values(names: Sequence[str]) -> Callable[[Model], tuple[Any, ...]]:
    """The values of a row; `attrgetter` gives a single one bare."""
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)
