"""New rows by statements whose SQL is made once.

`bulk_create` makes the SQL of an INSERT anew each time, and asks each field several times for each
value: it took twice as much of the processor's time to append three events as this does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connections, models, router
from django.db.models import DateTimeField, Field, Model

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
    convert = _moment if type(field) is DateTimeField else field.get_db_prep_save
    is_taken = connection is not None and connection.features.has_native_uuid_field
    if type(field) is models.UUIDField and is_taken:
        return Conversion(UUID, convert)
    return Conversion(PLAIN.get(type(field)), convert)


def _moment(at: datetime, connection: Any) -> Any:
    return _known_moment(at, connection.alias)


@lru_cache(maxsize=64)
def _known_moment(at: datetime, alias: str) -> Any:
    """A moment is said once for each database: what is made together has the same time in many
    columns."""
    return MOMENT.get_db_prep_save(at, connections[alias])


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


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, in as few statements as the database allows.

    A number that the database gives each is not read back. Fields that set themselves when they
    are saved, such as those with `auto_now`, do not.
    """
    connection: Any = connections[router.db_for_write(type(rows[0]))]
    for some in _batches(rows, connection):
        statement = _statement(type(some[0]), len(some), connection.alias)
        values = [
            value if value is None or type(value) is plain else convert(value, connection)
            for row in some
            for value, (plain, convert) in zip(
                statement.of(row), statement.conversions, strict=True
            )
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, values)
        for row in some:
            row._state.adding, row._state.db = False, connection.alias


def _batches(rows: Sequence[Model], connection: Any) -> Iterator[Sequence[Model]]:
    most = connection.ops.bulk_batch_size(type(rows[0])._meta.concrete_fields, rows)
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


@cache
def _statement(model: type[Model], rows: int, alias: str) -> Statement:
    connection: Any = connections[alias]
    quoted, meta = connection.ops.quote_name, model._meta
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.AutoField)]
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    # Nothing in it comes from outside.
    sql = f"INSERT INTO {quoted(meta.db_table)} ({columns}) VALUES {places}"  # noqa: S608
    values = attrgetter(*(field.attname for field in fields))
    return Statement(sql, values, [conversion(field, connection) for field in fields])
