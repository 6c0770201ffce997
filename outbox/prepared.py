"""Statements whose SQL is made once.

For a row that MariaDB finds or changes in a tenth of a millisecond the ORM takes four to ten times
as long to make the SQL, on every request and every message anew: that was half of what a
reservation costs. What is asked stays a queryset, with an `Argument` wherever requests differ.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.transaction import TransactionManagementError

from outbox import pipeline
from outbox.inserts import conversion

M = TypeVar("M", bound=Model)


class Argument(Expression):
    """A value that is not known yet.

    Args:
        name: by which the value is given.
        output_field: a field of the kind that the value is compared with.
    """

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name, self._conversion = name, conversion(output_field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A place for the value, which this object keeps."""
        return "%s", (self,)

    def of(self, values: dict[str, Any], connection: Any) -> Any:
        """The value, as the database takes it."""
        value, (plain, convert) = values[self.name], self._conversion
        return value if value is None or type(value) is plain else convert(value, connection)


def argument(model: type[Model], field: str, name: str = "") -> Argument:
    """A value of the kind that a model's field has, given by that field's name or by another."""
    found: Any = model._meta.pk if field == "pk" else model._meta.get_field(field)
    return Argument(name or field, getattr(found, "target_field", found))


def arguments(model: type[Model], field: str, count: int) -> list[Any]:
    """So many values of one kind; `numbered` gives them their names. Typed as what a lookup with
    `__in` takes, which to the stubs is values only."""
    return [argument(model, field, _numbered(field, place)) for place in range(count)]


def numbered(field: str, values: Iterable[Any]) -> dict[str, Any]:
    """Values by the names that `arguments` has given them."""
    return {_numbered(field, place): value for place, value in enumerate(values)}


def _numbered(field: str, place: int) -> str:
    return f"{field} {place}"


def _bound(parameters: Sequence[Any], values: dict[str, Any], connection: Any) -> list[Any]:
    return [one.of(values, connection) if type(one) is Argument else one for one in parameters]


class Rows:
    """A queryset that is compiled when this is made, and then only run.

    Args:
        queryset: what is read, in the order in which the rows have it.

    Raises:
        TransactionManagementError: it locks what it reads, and there is no transaction.
    """

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self._locks = queryset.query.select_for_update
        compiler: Any = queryset.query.get_compiler(queryset.db)
        self._sql, self._parameters = compiler.as_sql()
        self.database = queryset.db
        self.columns, self.classes = compiler.select, compiler.klass_info
        converters = compiler.get_converters([column[0] for column in self.columns])
        self._converters = [
            (position, convert, column)
            for position, (several, column) in converters.items()
            for convert in several
        ]

    def all(self, **values: Any) -> list[list[Any]]:
        """The rows, for some values of the arguments."""
        connection: Any = connections[self.database]
        (found,) = pipeline.read(connection, self.statement(values, connection))
        return self.converted(found, connection)

    def statement(self, values: dict[str, Any], connection: Any) -> pipeline.Statement:
        """What is executed for some values of the arguments: its text, and what is bound."""
        if self._locks and not connection.in_atomic_block:
            # The ORM asks when it makes the SQL, which is not where it is run here.
            raise TransactionManagementError("rows are locked in transactions only")
        return self._sql, _bound(self._parameters, values, connection)

    def converted(self, found: pipeline.Rows, connection: Any) -> list[list[Any]]:
        """The rows that the statement has brought, as fields have their values."""
        rows = list(map(list, found))
        return [self._converted(row, connection) for row in rows] if self._converters else rows

    def _converted(self, row: list[Any], connection: Any) -> list[Any]:
        for position, convert, column in self._converters:
            row[position] = convert(row[position], column, connection)
        return row


class Select(Generic[M]):
    """A queryset that is compiled when this is made, and then only run.

    Args:
        queryset: of whole instances, with those that `select_related` brings.
    """

    def __init__(self, queryset: QuerySet[M]) -> None:
        self.rows = rows = Rows(queryset)
        self._model, self._database = queryset.model, queryset.db
        positions = rows.classes["select_fields"]
        self._own = slice(positions[0], positions[-1] + 1)
        self._names = [column[0].target.attname for column in rows.columns[self._own]]
        related: Any = get_related_populators  # the stubs are ahead of the Django that is pinned
        self._related = related(rows.classes, rows.columns, queryset.db)

    def first(self, **values: Any) -> M | None:
        """The first instance that there is, for some values of the arguments."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Any) -> list[M]:
        """The instances, for some values of the arguments."""
        return [self.instance(row) for row in self.rows.all(**values)]

    def instance(self, row: list[Any]) -> M:
        """What a row is."""
        instance = self._model.from_db(self._database, self._names, row[self._own])
        for related in self._related:
            related.populate(row, instance)
        return instance


# What is read, with the values of its arguments.
Look = tuple[Rows, dict[str, Any]]


def read_together(*looks: Look, ahead: Sequence[Look] = ()) -> list[list[list[Any]]]:
    """The rows of several querysets of one database, asked for at once where the connection can:
    one after the other, each as if the one before had been answered.

    Args:
        looks: what is read.
        ahead: what will be read next, most likely: see `pipeline.read`.
    """
    connection: Any = connections[looks[0][0].database]
    found = pipeline.read(
        connection, *_statements(looks, connection), ahead=_statements(ahead, connection)
    )
    return [rows.converted(one, connection) for (rows, _), one in zip(looks, found, strict=True)]


def _statements(looks: Sequence[Look], connection: Any) -> list[pipeline.Statement]:
    return [rows.statement(values, connection) for rows, values in looks]


class Update:
    """A queryset's update that is compiled when this is made, and then only run.

    Args:
        queryset: which rows, without any relation's conditions.
        changes: the new values of fields.
    """

    def __init__(self, queryset: QuerySet[Any], **changes: Any) -> None:
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        self._sql, self._parameters = query.get_compiler(queryset.db).as_sql()
        self._database = queryset.db

    def run(self, **values: Any) -> int:
        """Change the rows, for some values of the arguments; how many there were."""
        connection: Any = connections[self._database]
        bound = _bound(self._parameters, values, connection)
        return pipeline.change(connection, self._sql, bound)

    def later(
        self, rows: int | None = None, otherwise: Exception | None = None, /, **values: Any
    ) -> None:
        """Change the rows, at the latest before whatever is asked next or the transaction commits.

        Args:
            rows: how many there have to be; as many as there are, unless that is told.
            otherwise: raised where there were not, by this, by whatever is asked next or by the
                COMMIT, in whose place the transaction is rolled back.
            values: of the arguments.
        """
        connection: Any = connections[self._database]
        bound = _bound(self._parameters, values, connection)
        check = _expecting(rows, otherwise) if rows is not None and otherwise else None
        pipeline.write(connection, self._sql, bound, check)


def _expecting(rows: int, otherwise: Exception) -> Callable[[int], None]:
    def check(met: int) -> None:
        if met != rows:
            raise otherwise

    return check
