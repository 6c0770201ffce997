"""What the commands for operators have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from outbox.models import OutboxEvent
from outbox.transactions import database_is_away


class OperatorCommand(BaseCommand):
    """A command for a person: a database that is away or empty is a line, not a traceback."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command.

        Raises:
            CommandError: the database does not answer, or has not been migrated.
        """
        try:
            return super().execute(*args, **options)
        except Error as error:
            if database_is_away(error):
                raise CommandError(f"the database does not answer: {error}") from error
            if OutboxEvent._meta.db_table not in connection.introspection.table_names():
                raise CommandError("the database has no tables: run manage.py migrate") from error
            raise
