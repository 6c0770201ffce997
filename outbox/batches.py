"""Applying messages inside one transaction."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import QuerySet

from outbox import cloudevents, registry
from outbox.cloudevents import Envelope, Malformed
from outbox.held import Incoming, envelope_of, hold, restore
from outbox.inserts import insert_later
from outbox.models import HeldMessage, InboxMark
from outbox.prepared import Look, Rows, Select, Update, argument, arguments, numbered, read_together
from outbox.receiving import received
from outbox.registry import ContractViolation, Payload
from outbox.transactions import LostRace

Handler = Callable[[Any], None]
Looks = Callable[[Any], Sequence[Look]]
Key = tuple[str, str]
Reason = HeldMessage.Reason
F = TypeVar("F", bound=Callable[..., None])
M = TypeVar("M", InboxMark, HeldMessage)

# So many marks are moved one by one: the ORM makes a statement for many anew each time, and its
# answer is waited for.
FEW: Final = 16


def has_time(handler: F) -> F:
    """Mark a handler that nobody waits for: its events may wait a moment for company, so that they
    share a transaction with others."""
    handler.has_time = True  # type: ignore[attr-defined]
    return handler


def looks_at(looks: Looks) -> Callable[[F], F]:
    """Mark a handler whose first look is known from the event alone: it is read together with the
    marks. The handler reads it all the same, and need not know whether that was done.

    Args:
        looks: what is read for an event, in one `read_together` or `Select.all`.
    """

    def marked(handler: F) -> F:
        handler.looks = looks  # type: ignore[attr-defined]
        return handler

    return marked


class Batch:
    """Some keys' marks, locked until the transaction ends, and what is applied on them.

    Args:
        consumer: whose marks.
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
        # Keys that have messages held which may follow now.
        self.to_drain: set[Key] = set()
        self._marks: dict[Key, InboxMark] = {}
        self._held: set[Key] = set()
        self._moved: set[Key] = set()

    def apply(self, messages: Sequence[Incoming]) -> None:
        """Apply each message, skip it or hold it, and move the marks."""
        read = [(message, self._envelope(message)) for message in messages]
        self._load({(e.source, e.key) for _, e in read if e is not None}, self._looks(read))
        for message, envelope in read:
            if envelope is not None:
                self._apply_one(message, envelope)
        self._save()

    def apply_held(self, row: HeldMessage) -> bool:
        """Apply a held message of a known key, if it is the next or was applied before."""
        sequence = row.sequence or 0
        key = (row.source, row.key)
        self._load({key})
        expected = self._mark(key).sequence + 1
        if sequence > expected:
            HeldMessage.objects.filter(pk=row.pk).update(reason=Reason.GAP)
            return False
        if sequence == expected:
            message = restore(row)
            envelope = cloudevents.parse(message.key, message.headers)
            self._handle(envelope, self._decode(envelope, message))
        row.delete()
        self._save()
        return True

    def hold_failed(self, message: Incoming, error: str) -> None:
        """Hold a message that could not be applied, unless somebody else has applied it since."""
        envelope = envelope_of(message)
        if envelope is None:
            hold(self.consumer, message, Reason.FAILED, error=error)
            return
        self._load({(envelope.source, envelope.key)})
        if envelope.sequence >= self._expected(message, envelope):
            self._hold(message, envelope, Reason.FAILED, error)
        self._save()

    def skip(self, row: HeldMessage) -> None:
        """Move a key's mark past a held message that is given up, and what is missing before it."""
        key = (row.source, row.key)
        self._load({key})
        mark = self._mark(key)
        mark.sequence = max(mark.sequence, row.sequence or 0)
        self._moved.add(key)
        self._save()

    def _envelope(self, message: Incoming) -> Envelope | None:
        try:
            return cloudevents.parse(message.key, message.headers)
        except Malformed as error:
            hold(self.consumer, message, Reason.MALFORMED, error=str(error))
            return None

    def _looks(self, read: Sequence[tuple[Incoming, Envelope | None]]) -> Sequence[Look]:
        """What the handler of the first of some messages looks at first."""
        for message, envelope in read[:1]:
            looks: Looks | None = getattr(self._handler(envelope), "looks", None)
            if looks and envelope:
                # What violates its contract is not going to be handled.
                with suppress(ContractViolation):
                    return looks(registry.decode(envelope.type, message.value))
        return ()

    def _handler(self, envelope: Envelope | None) -> Handler | None:
        return self.handlers.get(envelope.type) if envelope else None

    def _load(self, keys: Iterable[Key], ahead: Sequence[Look] = ()) -> None:
        """Read and lock the marks, so that a consumer that lost its partition waits and then sees
        what was applied; read which keys have messages held, and what is looked at next."""
        self._marks, self._held = {}, set()
        for source, of_it in sorted(_by_source(keys).items()):
            asked = {"consumer": self.consumer, "source": source, **numbered("key", of_it)}
            marks = _marks(len(of_it))
            # After the marks are locked: whoever holds a message of a key has its mark locked, too.
            both = (marks.rows, asked), (_held_keys(len(of_it)), asked)
            found, held = read_together(*both, ahead=ahead)
            for mark in map(marks.instance, found):
                self._marks[source, mark.key] = mark
            self._held |= {(source, key) for (key,) in held}

    def _apply_one(self, message: Incoming, envelope: Envelope) -> None:
        key = (envelope.source, envelope.key)
        expected = self._expected(message, envelope)
        if key in self._held:
            # Whatever the message: whoever was to drain the key may have died before it had.
            self.to_drain.add(key)
        if envelope.sequence > expected:
            self._hold(message, envelope, Reason.BEHIND if key in self._held else Reason.GAP)
        elif envelope.sequence == expected and not self._is_held(envelope):
            self._apply_next(message, envelope)

    def _apply_next(self, message: Incoming, envelope: Envelope) -> None:
        try:
            payload = self._decode(envelope, message)
        except ContractViolation as error:
            self._hold(message, envelope, Reason.MALFORMED, str(error))
        else:
            self._handle(envelope, payload)

    def _expected(self, message: Incoming, envelope: Envelope) -> int:
        """The sequence that comes next; after a late start, whatever came first."""
        key = (envelope.source, envelope.key)
        if key not in self._marks and message.topic in self.cut_topics:
            self._mark(key).sequence = envelope.sequence - 1
        return self._mark(key).sequence + 1

    def _mark(self, key: Key) -> InboxMark:
        if key not in self._marks:
            source, name = key
            self._marks[key] = InboxMark(
                consumer=self.consumer, source=source, key=name, sequence=0
            )
        return self._marks[key]

    def _decode(self, envelope: Envelope, message: Incoming) -> Payload | None:
        """The payload of a type that is handled; nobody looks at the others'.

        Raises:
            ContractViolation: it is not what its type's contract says, or did not come from where
                that says, or is about another aggregate than the envelope says.
        """
        if envelope.type not in self.handlers:
            return None
        payload = registry.decode(envelope.type, message.value)
        registry.check_origin(
            payload, topic=message.topic, source=envelope.source, key=envelope.key
        )
        return payload

    def _handle(self, envelope: Envelope, payload: Payload | None) -> None:
        if handler := self._handler(envelope):
            with received(envelope):
                handler(payload)
        else:
            self.unhandled[envelope.type] += 1
        key = (envelope.source, envelope.key)
        self._mark(key).sequence = envelope.sequence
        self._moved.add(key)

    def _hold(
        self, message: Incoming, envelope: Envelope, reason: HeldMessage.Reason, error: str = ""
    ) -> None:
        hold(self.consumer, message, reason, error=error, envelope=envelope)
        key = (envelope.source, envelope.key)
        self._held.add(key)
        # A held key has a mark even before anything of it is applied: the row that whoever holds,
        # drains and discards its messages takes turns at, and where a late start has begun.
        self._moved.add(key)

    def _is_held(self, envelope: Envelope) -> bool:
        key = (envelope.source, envelope.key)
        return key in self._held and (
            HeldMessage.objects.filter(
                consumer=self.consumer,
                source=envelope.source,
                key=envelope.key,
                sequence=envelope.sequence,
            ).exists()
        )

    def _save(self) -> None:
        moved = [self._marks[key] for key in sorted(self._moved)]
        _update_locked([mark for mark in moved if mark.pk is not None])
        if made := [mark for mark in moved if mark.pk is None]:
            # Another process applied the key's first event at the same time: read again.
            lost = LostRace("a mark was made by another consumer process")
            insert_later(made, refused=lambda _: lost)


def _by_source(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Each source is asked about with its own keys, as the indexes have it, so that no more rows
    are read and locked than are asked for."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, key in keys:
        by_source[source].append(key)
    return by_source


@lru_cache(maxsize=256)
def _marks(keys: int) -> Select[InboxMark]:
    """The marks of so many keys of a source, locked."""
    return Select(_of_keys(InboxMark, keys).select_for_update())


@lru_cache(maxsize=256)
def _held_keys(keys: int) -> Rows:
    """Which of so many keys of a source have messages held."""
    return Rows(_of_keys(HeldMessage, keys).values_list("key"))


def _of_keys(model: type[M], keys: int) -> "QuerySet[M, M]":
    consumer, source = (argument(model, name) for name in ("consumer", "source"))
    one_of = arguments(model, "key", keys)
    return model._default_manager.filter(consumer=consumer, source=source, key__in=one_of)


def _update_locked(marks: Sequence[InboxMark]) -> None:
    """Move marks: a few go with what follows them, of many all in one statement, an INSERT that
    finds every row there, locked by `_load`."""
    if len(marks) <= FEW:
        for mark in marks:
            _moving().later(id=mark.pk, sequence=mark.sequence)
    else:
        with_target = connection.features.supports_update_conflicts_with_target
        InboxMark.objects.bulk_create(
            marks,
            update_conflicts=True,
            update_fields=["sequence"],
            unique_fields=["id"] if with_target else None,
        )


@cache
def _moving() -> Update:
    mark = InboxMark.objects.filter(id=argument(InboxMark, "id"))
    return Update(mark, sequence=argument(InboxMark, "sequence"))
