"""The inbox: every event's effect once, in the order of its key.

One mark per consumer, source and key says which sequence was applied last. It moves in the same
transaction as the effects and the outbox rows they cause. Lower or equal: seen, skipped. The next
one: applied. Anything else is held, and so are the successors of what is held.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Self

from django.utils.module_loading import import_string

from outbox.batches import Batch, Handler, Reason
from outbox.conf import options
from outbox.held import Incoming, envelope_of, held_of, ready_keys, restore
from outbox.models import HeldMessage
from outbox.transactions import database_is_away, lost_a_race, unit_of_work

logger = logging.getLogger(__name__)

# What waits for others, and goes on by itself when they have come.
WAITING: Final = (Reason.GAP, Reason.BEHIND)
ALL: Final = tuple(Reason)


class UnknownConsumer(LookupError):
    """The settings have no consumer of this name (any more)."""


class Inbox:
    """Applies messages for one consumer.

    Args:
        consumer: the consumer's name, part of every mark.
        handlers: event type → what it does; types without a handler only move the mark.
        cut_topics: topics whose beginning was gone when the consumer first started.
    """

    def __init__(
        self,
        consumer: str,
        handlers: Mapping[str, Handler],
        cut_topics: frozenset[str] = frozenset(),
    ) -> None:
        self.consumer = consumer
        self.handlers = handlers
        self.cut_topics = cut_topics
        self.unhandled: Counter[str] = Counter()

    @classmethod
    def named(cls, consumer: str) -> Self:
        """The inbox of a consumer of the setting `OUTBOX["CONSUMERS"]`.

        Raises:
            UnknownConsumer: it is not one.
        """
        if consumer not in options().consumers:
            raise UnknownConsumer(
                f"OUTBOX has no consumer {consumer}: only under its settings can what it holds be "
                "replayed or discarded"
            )
        return cls(consumer, import_string(options().consumers[consumer]["handlers"]))

    def apply(self, messages: Sequence[Incoming]) -> None:
        """Apply messages in one transaction; if that fails, one by one, holding what fails again.

        Raises:
            OperationalError, InterfaceError: the database is away; nothing was decided.
        """
        try:
            self._apply_all(messages)
        except Exception as error:
            if database_is_away(error):
                raise
            for message in messages:
                self._apply_or_hold(message)

    def replay(self, message: HeldMessage) -> int:
        """Apply what is held of a message's key, in sequence, until one fails or is missing.

        Returns:
            How many were applied.
        """
        if message.sequence is None:
            return self._replay_unread(message)
        return self._drain(message.source, message.key, ALL)

    @unit_of_work
    def skip(self, message: HeldMessage) -> None:
        """Move a key's mark past a message that is given up."""
        if message.sequence is not None:
            self._batch().skip(message)

    def go_on(self, message: HeldMessage) -> None:
        """Apply what waited behind a message that was given up, each in its own transaction."""
        if message.sequence is not None:
            self._drain(message.source, message.key, WAITING)

    def go_on_with_what_was_left(self) -> None:
        """Apply what waits for nothing any more: an operator's process that died after it had
        decided has left it, and of its key no message may come again."""
        for source, key in list(ready_keys(self.consumer, WAITING)):
            self._drain(source, key, WAITING)

    def _apply_all(self, messages: Sequence[Incoming]) -> None:
        for source, key in self._apply_together(messages):
            self._drain(source, key, WAITING)

    @unit_of_work
    def _apply_together(self, messages: Sequence[Incoming]) -> set[tuple[str, str]]:
        """Apply messages; returns the keys of which held messages may follow."""
        batch = self._batch()
        batch.apply(messages)
        self.unhandled += batch.unhandled
        return batch.to_drain

    def _apply_or_hold(self, message: Incoming) -> None:
        try:
            self._apply_all([message])
        except Exception as error:
            if database_is_away(error) or lost_a_race(error):
                raise
            logger.exception("%s: %s@%s failed", self.consumer, message.topic, message.offset)
            self._hold_failed(message, traceback.format_exc())

    @unit_of_work
    def _hold_failed(self, message: Incoming, error: str) -> None:
        self._batch().hold_failed(message, error)

    def _drain(self, source: str, key: str, reasons: Collection[HeldMessage.Reason]) -> int:
        """Apply held messages of a key, each in a transaction of its own, while the first of them
        is held for one of these reasons and is the next one."""
        applied = 0
        while True:
            row = held_of(self.consumer, source, key).first()
            if row is None or row.reason not in reasons or not self._apply_held(row):
                return applied
            applied += 1

    def _apply_held(self, row: HeldMessage) -> bool:
        try:
            return self._apply_held_alone(row)
        except Exception as error:
            if database_is_away(error) or lost_a_race(error):
                raise
            logger.exception("%s: %s failed", self.consumer, row)
            failed = HeldMessage.objects.filter(pk=row.pk)
            failed.update(reason=Reason.FAILED, error=traceback.format_exc())
            return False

    @unit_of_work
    def _apply_held_alone(self, row: HeldMessage) -> bool:
        return self._batch().apply_held(row)

    def _replay_unread(self, message: HeldMessage) -> int:
        """A message without a readable envelope: perhaps this version can read it."""
        incoming = restore(message)
        if envelope_of(incoming) is None:
            return 0
        self.apply([incoming])
        HeldMessage.objects.filter(pk=message.pk).delete()
        return 1

    def _batch(self) -> Batch:
        return Batch(self.consumer, self.handlers, self.cut_topics)
