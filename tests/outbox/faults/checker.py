"""Judges what a run has left behind, by plain values: no broker, no database, none of outbox/.

The promises, as `README.md` of the library makes them: an event is on the topic if and only if its
transaction committed; the first occurrences of a key's events are in order; every effect happened
once and in order, for each consumer; nothing is held that had no reason to be.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Event:
    """An event, as the database or the broker has it.

    Args:
        id: its `ce_id`.
        key: the aggregate it is about.
        sequence: its number among the key's events, from 1.
        body: its payload.
    """

    id: str
    key: str
    sequence: int
    body: str = ""

    def __str__(self) -> str:
        return f"{self.key}#{self.sequence} ({self.id})"


@dataclass(frozen=True)
class Effect:
    """What a handler did for one event."""

    key: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.key}#{self.sequence}"


@dataclass(frozen=True, kw_only=True)
class History:
    """What is left of a run.

    Args:
        stored: the outbox rows of the database; nothing else has committed.
        published: ids of the rows that are marked as published.
        acknowledged: ids of events whose commit a writer saw succeed.
        rolled_back: ids of events whose transaction a writer saw fail, or gave up.
        partitions: what is on each partition of the topics, by offset.
        effects: each consumer's effects, in the order in which they happened.
        held: descriptions of what is held, outgoing or incoming.
    """

    stored: Collection[Event]
    published: Collection[str]
    acknowledged: Collection[str] = ()
    rolled_back: Collection[str] = ()
    partitions: Mapping[str, Sequence[Event]]
    effects: Mapping[str, Sequence[Effect]]
    held: Sequence[str] = ()


class Broken(StrEnum):
    """The ways in which a promise can be broken."""

    LOST_COMMIT = "a commit was acknowledged, but the event is not stored"
    KEPT_ROLLBACK = "a transaction was rolled back, but the event is stored"
    MISSING = "stored, but not on the topic"
    INVENTED = "on the topic, but not stored like that"
    TWO_PARTITIONS = "a key is on two partitions"
    REORDERED = "came first after a later event of its key"
    UNMARKED = "stored, but not marked as published"
    EFFECT_MISSING = "has had no effect"
    EFFECT_INVENTED = "an effect of an event that is not stored"
    EFFECT_REPEATED = "has had its effect more than once"
    EFFECT_REORDERED = "took effect after a later event of its key"
    HELD = "held"


@dataclass(frozen=True)
class Finding:
    """One promise broken once."""

    broken: Broken
    subject: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.broken}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the checker says.

    Args:
        findings: every broken promise.
        stored: how many events were committed.
        rolled_back: how many were seen to be rolled back.
        messages: how many messages are on the topics.
        duplicates: how many of them repeat an earlier one, which is allowed.
        effects: how many effects each consumer has had.
    """

    findings: list[Finding] = field(default_factory=list)
    stored: int
    rolled_back: int
    messages: int
    duplicates: int
    effects: dict[str, int]


def check(history: History) -> Report:
    """Hold a run's remains to the promises."""
    messages = [event for events in history.partitions.values() for event in events]
    return Report(
        findings=[
            *_commits(history),
            *_topic(history, messages),
            *_order(history.partitions),
            *(Finding(Broken.UNMARKED, str(event)) for event in _unmarked(history)),
            *(
                finding
                for consumer, effects in history.effects.items()
                for finding in _effects(consumer, effects, history.stored)
            ),
            *(Finding(Broken.HELD, text) for text in history.held),
        ],
        stored=len(history.stored),
        rolled_back=len(history.rolled_back),
        messages=len(messages),
        duplicates=len(messages) - len({event.id for event in messages}),
        effects={consumer: len(effects) for consumer, effects in history.effects.items()},
    )


def _commits(history: History) -> Iterator[Finding]:
    stored = {event.id for event in history.stored}
    for lost in set(history.acknowledged) - stored:
        yield Finding(Broken.LOST_COMMIT, lost)
    for kept in set(history.rolled_back) & stored:
        yield Finding(Broken.KEPT_ROLLBACK, kept)


def _topic(history: History, messages: Iterable[Event]) -> Iterator[Finding]:
    stored, seen = set(history.stored), set(messages)
    for event in stored - seen:
        yield Finding(Broken.MISSING, str(event))
    for event in seen - stored:
        yield Finding(Broken.INVENTED, str(event))


def _order(partitions: Mapping[str, Sequence[Event]]) -> Iterator[Finding]:
    """The order of first occurrences, within each partition: between them there is none."""
    home: dict[str, str] = {}
    for partition, events in partitions.items():
        latest: dict[str, int] = defaultdict(int)
        seen: set[str] = set()
        for event in events:
            if home.setdefault(event.key, partition) != partition:
                yield Finding(Broken.TWO_PARTITIONS, str(event))
            if event.id not in seen and event.sequence < latest[event.key]:
                yield Finding(Broken.REORDERED, str(event))
            seen.add(event.id)
            latest[event.key] = max(latest[event.key], event.sequence)


def _unmarked(history: History) -> Iterator[Event]:
    marked = set(history.published)
    return (event for event in history.stored if event.id not in marked)


def _effects(
    consumer: str, effects: Sequence[Effect], stored: Iterable[Event]
) -> Iterator[Finding]:
    wanted = {Effect(event.key, event.sequence) for event in stored}
    counts = Counter(effects)
    for effect in wanted - set(counts):
        yield Finding(Broken.EFFECT_MISSING, f"{consumer}: {effect}")
    for effect in set(counts) - wanted:
        yield Finding(Broken.EFFECT_INVENTED, f"{consumer}: {effect}")
    for effect, count in counts.items():
        if count > 1:
            yield Finding(Broken.EFFECT_REPEATED, f"{consumer}: {effect}")
    latest: dict[str, int] = defaultdict(int)
    for effect in effects:
        if effect.sequence < latest[effect.key]:
            yield Finding(Broken.EFFECT_REORDERED, f"{consumer}: {effect}")
        latest[effect.key] = max(latest[effect.key], effect.sequence)
