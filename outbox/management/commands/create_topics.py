"""`manage.py create_topics`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outbox.topics import BrokerUnreachable, TopicRefused, create_topics


class Command(BaseCommand):
    """A thin door to `outbox.topics`."""

    help = "Create the Kafka topics of the published language; those that exist are left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        try:
            for name, outcome in create_topics():
                self.stdout.write(f"{name}: {outcome}")
        except (BrokerUnreachable, TopicRefused) as error:
            raise CommandError(str(error)) from error
