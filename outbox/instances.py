"""Models of which many instances are made."""

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, NamedTuple, Self

from django.db import models
from django.db.models.base import ModelState


class Quick(models.Model):
    """Base of a model whose instances are made by a shorter way: Django asks every field for its
    value, twice tells that it makes an instance, and takes ten times as long.

    Nobody is sent `pre_init` or `post_init`, and a field has to be one that is simply set: no file,
    no generated column.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **options: Any,
    ) -> Self:
        """Django's hook: the instance of a row. One with fields left out, or with options that a
        later Django gives, is Django's to make."""
        if options or len(values) != len(cls._meta.concrete_fields):
            return super().from_db(db, field_names, values, **options)
        made = cls.__new__(cls)
        made._state = state = ModelState()
        state.adding, state.db = False, db
        made.__dict__.update(zip(field_names, values, strict=True))
        return made

    @classmethod
    def new(cls, **values: Any) -> Self:
        """What `Model(**values)` makes.

        Args:
            values: of fields by their attribute (`departure_id`), or by their name (`departure`)
                where it is another instance.

        Raises:
            TypeError: there is no such field.
        """
        known = _known(cls)
        related = {name: values.pop(name) for name in known.relations if name in values}
        if unknown := values.keys() - known.attributes:
            raise TypeError(f"{cls.__name__} has no field {', '.join(map(repr, unknown))}")
        made = cls.__new__(cls)
        made._state = ModelState()
        made.__dict__.update(known.constants)
        made.__dict__.update(
            {name: make() for name, make in known.makers if name not in values}, **values
        )
        for name, instance in related.items():
            setattr(made, name, instance)
        return made


class _Known(NamedTuple):
    """A model's fields: all attributes, the relations' names, and what is where nothing is said."""

    attributes: frozenset[str]
    relations: frozenset[str]
    constants: dict[str, Any]
    makers: Sequence[tuple[str, Callable[[], Any]]]


@cache
def _known(model: type[models.Model]) -> _Known:
    fields = model._meta.concrete_fields
    made = [one for one in fields if one.has_default() and callable(one.default)]
    return _Known(
        attributes=frozenset(one.attname for one in fields),
        relations=frozenset(one.name for one in fields if one.is_relation),
        constants={one.attname: one.get_default() for one in fields if one not in made},
        makers=[(one.attname, one.default) for one in made],
    )
