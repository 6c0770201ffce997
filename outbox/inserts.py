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
from django.db.models import BigIntegerField, DateTimeField, Field, Func, Model
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
# The fields that have the time by the database's clock, and those that have the last number.
Computed = tuple[tuple[str, ...], tuple[str, ...]]
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


class LastNumber(Func):
    """The number that the database has given to the last row that this session inserted and that
    it numbers: MariaDB's `LAST_INSERT_ID()`, SQLite's `last_insert_rowid()`."""

    function, arity, output_field = "LAST_INSERT_ID", 0, BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """See the class."""
        return self.as_sql(compiler, connection, function="last_insert_rowid", **extra)


class Statement(NamedTuple):
    """An INSERT of so many rows of one model.

    Args:
        sql: its text.
        of: the values of a row.
        conversions: how each is made ready.
    """

    sql: str
    of: Callable[[Model], tuple[Any, ...]]
    conversions: list[Conversion]


def insert_later(
    *groups: Sequence[Model],
    now_in: tuple[str, ...] = (),
    last_in: tuple[str, ...] = (),
    into: Any = None,
    refused: Callable[[Exception], Exception] | None = None,
) -> None:
    """Insert new rows, in as few statements as the database allows, at the latest before whatever
    is asked next or the transaction commits; what the database has against them is heard then.

    Numbers that it gives are not read back. Fields that set themselves when they are saved, such as
    those with `auto_now`, do not.

    Args:
        groups: rows of one model each, and of one database all; written in this order.
        now_in: the fields that are to have the time by the database's clock; what the rows have in
            them is not looked at, and not changed.
        last_in: likewise the fields of a single row that are to have the number of the row that was
            inserted before it.
        into: the database's connection, where that is known.
        refused: is given the error of rows that break a constraint; what it returns is raised in
            its place.
    """
    connection: Any = into or connections[router.db_for_write(type(groups[0][0]))]
    for rows, statement in _statements(groups, (now_in, last_in), connection):
        values = _bound(rows, statement, connection)
        pipeline.write(connection, statement.sql, values, refused=refused)
        _are_stored(rows, connection)


def _statements(
    groups: Sequence[Sequence[Model]], computed: Computed, connection: Any
) -> Iterator[tuple[Sequence[Model], Statement]]:
    for rows in groups:
        for some in _batches(rows, connection):
            yield some, _statement(type(some[0]), len(some), connection.alias, computed)


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
def _statement(model: type[Model], rows: int, alias: str, computed: Computed) -> Statement:
    connection: Any = connections[alias]
    quoted, meta = connection.ops.quote_name, model._meta
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.AutoField)]
    now_in, last_in = computed
    expressions = {**dict.fromkeys(now_in, Now()), **dict.fromkeys(last_in, LastNumber())}
    given = [one for one in fields if one.name not in expressions]
    columns = [str(field.column) for field in given]
    places = ["%s"] * len(given)
    compiler = model._base_manager.using(alias).all().query.get_compiler(alias)
    for field in fields:
        if expression := expressions.get(field.name):
            columns.append(str(field.column))
            places.append(compiler.compile(expression)[0])
    # Nothing in it comes from outside.
    values = ", ".join([f"({', '.join(places)})"] * rows)
    into = f"{quoted(meta.db_table)} ({', '.join(map(quoted, columns))})"
    sql = f"INSERT INTO {into} VALUES {values}"  # noqa: S608
    of = _values([field.attname for field in given])
    return Statement(sql, of, [conversion(field, connection) for field in given])


def _values(names: Sequence[str]) -> Callable[[Model], tuple[Any, ...]]:
    """The values of a row; `attrgetter` gives a single one bare."""
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)
