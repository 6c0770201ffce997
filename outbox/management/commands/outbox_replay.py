"""`manage.py outbox_replay`."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from outbox import operators
from outbox.management.base import OperatorCommand
from outbox.models import HeldMessage, OutboxEvent


class Command(OperatorCommand):
    """A thin door to `outbox.operators`."""

    help = (
        "Replay what is held; every replay is written to the audit trail. "
        "The status is 1 where messages stay held, because they failed again or one is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and why."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--outgoing", metavar="KEY", help="send the key's held events again")
        what.add_argument("--incoming", metavar="KEY", help="apply the key's held messages again")
        what.add_argument("--all", action="store_true", help="both, of every key")
        parser.add_argument("--reason", required=True, type=_reason, help="for the audit trail")
        parser.add_argument("--actor", default="manage.py", help="for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay, and say how much that was and how much is held still."""
        events = OutboxEvent.objects.filter(state=OutboxEvent.State.HELD)
        messages = HeldMessage.objects.order_by("-id")
        if not options["all"]:
            events = events.filter(key=options["outgoing"])
            messages = messages.filter(key=options["incoming"])
            if not events.exists() and not messages.exists():
                raise CommandError(f"nothing {_described(options)} is held")
        keys = events.order_by("key").values_list("key", flat=True).distinct()
        one_per_key = {message.replayed_with: message for message in messages}.values()
        who = {"actor": options["actor"], "reason": options["reason"]}
        sent = sum(self._tried(operators.replay_outgoing, key, who) for key in keys)
        applied = sum(self._tried(operators.replay_incoming, one, who) for one in one_per_key)
        self.stdout.write(f"{sent} events to be sent again, {applied} messages applied")
        if left := messages.all().count():  # counted anew
            raise CommandError(f"{left} messages are still held; the admin shows why")

    def _tried(self, operate: Callable[..., int], what: object, who: dict[str, str]) -> int:
        """How many it replayed; a refusal is told, and does not keep others from being tried."""
        try:
            return operate(what, **who)
        except operators.REFUSALS as refusal:
            self.stderr.write(str(refusal))
            return 0


def _described(options: dict[str, Any]) -> str:
    incoming = options["incoming"]
    return f"incoming of {incoming}" if incoming else f"outgoing of {options['outgoing']}"


def _reason(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("say why")
    return text
