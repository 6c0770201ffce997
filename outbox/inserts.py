"""New rows by statements whose SQL is made once.

`bulk_create` makes the SQL of an INSERT anew each time, and asks each field several times for each
value: it took twice as much of the processor's time to append three events as this does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import connections, models, router
from django.db.models import DateTimeField, Field, Model
from django.db.models.functions import Now

# Of fields that are of exactly these classes, what the database takes as it is.
PLAIN: Final[dict[type[Any], type]] = {
    models.CharField: str,
    models.TextField: str,
    models.IntegerField: int,
    models.BigIntegerField: int,
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


def conversion(field: "Field[Any, Any]") -> Conversion:
    """How the values of a field are made ready: as the field would, or by a shorter way."""
    convert = _moment if type(field) is DateTimeField else field.get_db_prep_save
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
        is_numbered: whether the database gives each row its number.
    """

    sql: str
    of: Callable[[Model], tuple[Any, ...]]
    conversions: list[Conversion]
    is_numbered: bool


def insert(rows: Sequence[Model], *, now_in: tuple[str, ...] = ()) -> None:
    """Insert new rows of one model, in as few statements as the database allows.

    A number that the database gives is read back where there is one row only. Fields that set
    themselves when they are saved, such as those with `auto_now`, do not.

    Args:
        rows: what is inserted.
        now_in: the fields that are to have the time by the database's clock; what the rows have in
            them is not looked at, and not changed.
    """
    connection: Any = connections[router.db_for_write(type(rows[0]))]
    for some in _batches(rows, connection):
        statement = _statement(type(some[0]), len(some), connection.alias, now_in)
        values = [
            value if value is None or type(value) is plain else convert(value, connection)
            for row in some
            for value, (plain, convert) in zip(
                statement.of(row), statement.conversions, strict=True
            )
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, values)
            if statement.is_numbered and len(some) == 1:
                some[0].pk = cursor.lastrowid
        for row in some:
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
    return Statement(sql, of, [conversion(field) for field in given], is_numbered)


def _values(names: Sequence[str]) -> Callable[[Model], tuple[Any, ...]]:
    """The values of a row; `attrgetter` gives a single one bare."""
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)
