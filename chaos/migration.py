"""A migration, forwards or backwards, on a service that works: `python -m chaos.migration WAY`.

It is what expand-then-contract brings: an index, and a column that the running code does not know.
Interrupted, it is begun again, and so it looks first what is there.
"""

import sys
from typing import Final

import django
from django.apps import apps
from django.conf import settings
from django.db import connection, models

# Where each service has the most to do.
TABLES: Final = {
    "booking": ("booking.Reservation", ["status", "updated_at"]),
    "payment": ("payment.Operation", ["kind", "requested_at"]),
    "fare": ("fare.Quote", ["updated_at"]),
    "notification": ("notification.Delivery", ["event_type", "created_at"]),
}
NAME: Final = "added_under_load"


def migrate(way: str) -> None:
    """Add, or take away again."""
    label, fields = TABLES[settings.SERVICE]
    model = apps.get_model(label)
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, model._meta.db_table)
        described = connection.introspection.get_table_description(cursor, model._meta.db_table)
    column = models.CharField(max_length=20, null=True)
    column.set_attributes_from_name(NAME)
    column.model = model
    index = models.Index(fields=fields, name=NAME)
    has_column = NAME in {one.name for one in described}
    with connection.schema_editor() as editor:
        if way == "forwards" and not has_column:
            editor.add_field(model, column)
        if way == "forwards" and NAME not in there:
            editor.add_index(model, index)
        if way == "backwards" and NAME in there:
            editor.remove_index(model, index)
        if way == "backwards" and has_column:
            editor.remove_field(model, column)


if __name__ == "__main__":
    django.setup()
    migrate(sys.argv[1])
