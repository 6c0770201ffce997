"""Which edition of the tariff is in force, so that what was read of one need not be read again."""

from functools import cache
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import models, transaction
from django.db.models.signals import pre_delete, pre_save

from outbox.prepared import Rows

ONLY: Final = 1


class Edition(models.Model):
    """The only row: a name that no other edition of the tariff has had.

    Whoever changes the tariff names a new edition in the same transaction, before the change. So
    what is read after an edition's name is that edition or a later one, and never an earlier.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    name = models.UUIDField()

    class Meta:
        db_table = "edition"

    def __str__(self) -> str:
        return str(self.name)

    @classmethod
    def current(cls) -> UUID | None:
        """The name of the edition in force; none, where the row has been lost."""
        return next((name for (name,) in _look().all()), None)

    @classmethod
    def begin(cls) -> None:
        """Name a new edition. Others who change the tariff wait until this transaction ends."""
        cls.objects.update_or_create(pk=ONLY, defaults={"name": uuid4()})


@cache
def _look() -> Rows:
    """The look that every price takes."""
    return Rows(Edition.objects.filter(pk=ONLY).values_list("name"))


class OfTariff(models.Model):
    """What prices are made by: to save or delete it begins a new edition.

    Statements that go past this, `bulk_create` and `update`, have to be preceded by
    `Edition.begin` in their transaction.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it, together with the edition that this begins."""
        with transaction.atomic():
            super().save(*args, **kwargs)


def _begin(sender: type[models.Model], **_: object) -> None:
    if issubclass(sender, OfTariff):
        Edition.begin()


# Signals, because deleting what has parts, and loading fixtures, do not come by the methods.
pre_save.connect(_begin, dispatch_uid="fare.edition")
pre_delete.connect(_begin, dispatch_uid="fare.edition")
