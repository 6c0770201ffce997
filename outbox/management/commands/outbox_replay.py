"""`manage.py outbox_replay`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from outbox import operators
from outbox.models import HeldMessage, OutboxEvent


class Command(BaseCommand):
    """A thin door to `outbox.operators`."""

    help = "Replay what is held; every replay is written to the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and why."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--outgoing", metavar="KEY", help="send the key's held events again")
        what.add_argument("--incoming", metavar="KEY", help="apply the key's held messages again")
        what.add_argument("--all", action="store_true", help="both, of every key")
        parser.add_argument("--reason", required=True, help="for the audit trail")
        parser.add_argument("--actor", default="manage.py", help="for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and say how much that was."""
        who = {"actor": options["actor"], "reason": options["reason"]}
        sent = applied = 0
        if options["outgoing"] or options["all"]:
            sent = sum(operators.replay_outgoing(key, **who) for key in _keys(options["outgoing"]))
        if options["incoming"] or options["all"]:
            applied = sum(
                operators.replay_incoming(message, **who)
                for message in _messages(options["incoming"])
            )
        if not sent and not applied and not options["all"]:
            raise CommandError("nothing of that key is held, or it failed again: see the admin")
        self.stdout.write(f"{sent} events to be sent again, {applied} messages applied")


def _keys(key: str | None) -> list[str]:
    held = OutboxEvent.objects.filter(state=OutboxEvent.State.HELD)
    if key:
        held = held.filter(key=key)
    return list(held.values_list("key", flat=True).distinct())


def _messages(key: str | None) -> list[HeldMessage]:
    """The first held message of each key, and those whose key cannot be read."""
    held = HeldMessage.objects.order_by("consumer", "source", "key", "sequence", "id")
    if key:
        held = held.filter(key=key)
    first: dict[tuple[str, str, str, int], HeldMessage] = {}
    for message in held:
        unread = 0 if message.key else message.pk
        first.setdefault((message.consumer, message.source, message.key, unread), message)
    return list(first.values())
