"""The engine with one of its guards switched off: what the state machine has to be able to see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import pytest
from django.db import transaction

from outbox import events, held, operators, relay, transactions
from outbox.batches import Batch
from outbox.consumer import Consumer
from outbox.inbox import Inbox
from outbox.leases import Leases
from outbox.relay import Relay
from tests.mutation import Patch, without


@dataclass(frozen=True)
class Mutant:
    """The engine without one of its guards.

    Args:
        guard: what is switched off, said as the promise that it keeps.
        breaks: what the state machine says about it: its assertion's message.
        switch_off: how.
        rules: the machine's rules that can show it, so that it need not be searched for among all.
    """

    guard: str
    breaks: str
    switch_off: Patch
    rules: tuple[str, ...]

    def __str__(self) -> str:
        return self.guard


@contextmanager
def _keeping_what_a_lost_race_has_done() -> Iterator[None]:
    lost: Exception | None = None
    with transaction.atomic():
        try:
            yield
        except Exception as error:
            if not transactions.lost_a_race(error):
                raise
            lost = error
            transaction.set_rollback(False)
    if lost is not None:
        raise lost


def _keep_what_a_lost_race_has_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """`unit_of_work` looks its `transaction` up when it runs."""
    halves = SimpleNamespace(atomic=_keeping_what_a_lost_race_has_done)
    monkeypatch.setattr(transactions, "transaction", halves)


APPENDING: Final = (
    "commit",
    "append_to_what_somebody_else_has_appended_to",
    "append_outside_a_transaction",
)
DEADLOCKS: Final = ("commit_after_a_deadlock", "a_consumer_is_interrupted")
LEASES: Final = ("a_relay_is_overtaken", "a_shard_goes_and_comes_back")
SENDING: Final = ("commit_send_and_consume",)
REFUSING: Final = ("what_is_refused", "a_shard_goes_and_comes_back")
RECEIVING: Final = ("what_fails", "a_gap_closes", "the_consumer_is_restarted")
OPERATING: Final = ("what_is_refused", "what_fails")

MUTANTS: Final = [
    # Appending
    Mutant(
        "append needs a transaction",
        "the table has not what was committed|never sent",
        without(events.append_batch, "raise OutsideTransaction", "str"),
        APPENDING,
    ),
    Mutant(
        "append raises event_sequence in the database",
        "an append that had lost to nobody was refused|whoever lost a race was not told so",
        without(
            events._raise_sequences,
            "raising.later(",
            "(lambda *_, **__: None)(",
        ),
        APPENDING,
    ),
    Mutant(
        "append raises event_sequence in memory",
        "an append that had lost to nobody was refused",
        without(
            events._raise_sequences,
            "numbers.append(source.event_sequence)",
            "numbers.append(source.event_sequence); source.event_sequence -= 1",
        ),
        APPENDING,
    ),
    Mutant(
        "append compares event_sequence with what was read",
        "whoever lost a race was not told so",
        without(events._raising, ", event_sequence=read"),
        APPENDING,
    ),
    # Units of work
    Mutant(
        "a lost race is tried again",
        "an append that had lost to nobody was refused",
        without(transactions.lost_a_race, "return code in RETRYABLE_CODES", "return False"),
        DEADLOCKS,
    ),
    Mutant(
        "a unit of work is tried again as a whole",
        "effects",
        _keep_what_a_lost_race_has_done,
        DEADLOCKS,
    ),
    # Leases
    Mutant(
        "marking and holding are fenced by the lease and its epoch",
        "a relay touched another's rows",
        without(
            Leases.still_held,
            "return {shard for shard, epoch in now_held if self.epochs.get(shard) == epoch}",
            "return set(self.epochs)",
        ),
        ("a_relay_is_overtaken",),
    ),
    Mutant(
        "the epoch rises with every change of owner",
        "out of order at the broker",
        without(Leases._take, 'epoch=F("epoch") + 1, '),
        ("a_shard_goes_and_comes_back",),
    ),
    Mutant(
        "only what is free or expired is taken",
        "two relays own a shard",
        without(Leases._free, "filter(free, ", "filter("),
        LEASES,
    ),
    Mutant(
        "a wave is sent only under leases that have not run out",
        "a wave was started without valid leases",
        without(Relay._publish, "not self.leases.are_valid()", "False"),
        ("a_relay_is_overtaken",),
    ),
    # Sending
    Mutant(
        "a wave holds one row of a key",
        "out of order at the broker",
        without(relay.waves, "depth[row.key] += 1"),
        SENDING,
    ),
    Mutant(
        "the oldest pending rows go first",
        "out of order at the broker",
        without(relay._pending_of, '"id"', '"-id"'),
        SENDING,
    ),
    Mutant(
        "after a wave that did not come back whole no other is sent",
        "out of order at the broker",
        without(Relay._publish, "raise BrokerAway(outcome.error)", "pass"),
        SENDING,
    ),
    Mutant(
        "only what was acknowledged is marked",
        "marked, never sent|out of order at the broker",
        without(Relay._publish, "self._note(outcome.acknowledged)", "self._note(wave)"),
        SENDING,
    ),
    Mutant(
        "what was acknowledged is marked, whatever else happens",
        "it does not come to rest",
        without(Relay._publish, "self._note(outcome.acknowledged)", "pass"),
        SENDING,
    ),
    Mutant(
        "the broker is called outside of transactions",
        "the broker was called inside a transaction",
        without(Relay._publish, "def _publish", "@unit_of_work\ndef _publish"),
        SENDING,
    ),
    # Holding what goes out
    Mutant(
        "after a refusal no other wave of the batch is sent",
        "overtook what is held|out of order at the broker",
        without(Relay._publish, "return  # read again", "# read again"),
        REFUSING,
    ),
    Mutant(
        "a held event's successors are held with it",
        "not held with its predecessor",
        without(Relay._hold, "key=row.key, sequence__gt", "id=0, sequence__gt"),
        REFUSING,
    ),
    Mutant(
        "what is committed behind a held event joins it",
        "overtook what is held|out of order at the broker",
        without(Relay._without_held, "if row.key in self._held_keys", "if False"),
        REFUSING,
    ),
    Mutant(
        "the relay remembers what it has held",
        "overtook what is held|out of order at the broker",
        without(Relay._hold, "self._held_keys.add(row.key)"),
        ("what_is_refused",),
    ),
    Mutant(
        "whoever takes a shard over asks what is held there",
        "overtook what is held|out of order at the broker",
        without(Relay._keep_held_keys, "epochs != self._held_keys_of or "),
        REFUSING,
    ),
    Mutant(
        "whoever takes a shard over again asks again",
        "overtook what is held|out of order at the broker",
        without(
            Relay._keep_held_keys,
            "epochs != self._held_keys_of",
            "set(epochs) != set(self._held_keys_of)",
        ),
        ("a_shard_goes_and_comes_back",),
    ),
    Mutant(
        "which keys are held is read again before anything joins them",
        "held behind nothing",
        without(
            Relay._hold_behind, "self._held_keys = self._read_held_keys(self.leases.epochs)", "pass"
        ),
        REFUSING,
    ),
    Mutant(
        "what was read just before its key was replayed is left out",
        "out of order at the broker",
        without(
            Relay._without_held,
            "self._held_keys.union(row.key for row in behind)",
            "self._held_keys",
        ),
        ("what_is_refused",),
    ),
    # The inbox
    Mutant(
        "a message at or below the mark is skipped",
        "effects",
        without(Batch._apply_one, "envelope.sequence == expected", "envelope.sequence <= expected"),
        RECEIVING,
    ),
    Mutant(
        "a message beyond the next one is held, not applied",
        "effects",
        without(
            Batch._expected,
            "return self._mark(key).sequence + 1",
            "return max(envelope.sequence, self._mark(key).sequence + 1)",
        ),
        RECEIVING,
    ),
    Mutant(
        "a message beyond the next one is held, not dropped",
        "lost between broker and database|not drained",
        without(Batch._apply_one, "if envelope.sequence > expected:", "if False:"),
        RECEIVING,
    ),
    Mutant(
        "the mark moves in the transaction of the effects",
        "effects",
        without(Inbox._apply_together, "@unit_of_work\n"),
        RECEIVING,
    ),
    Mutant(
        "a held message's mark moves in the transaction of its effects",
        "effects",
        without(Inbox._apply_held_alone, "@unit_of_work\n"),
        RECEIVING,
    ),
    Mutant(
        "a handler that fails holds its message",
        "lost between broker and database|not drained",
        without(Inbox._apply_or_hold, "self._hold_failed(message, traceback.format_exc())"),
        RECEIVING,
    ),
    Mutant(
        "a database that is away holds nothing",
        "held for no reason|not drained",
        without(Inbox._apply_or_hold, "database_is_away(error) or "),
        ("a_consumer_is_interrupted",),
    ),
    Mutant(
        "what somebody else has applied meanwhile is not held",
        "held, but applied",
        without(Batch.hold_failed, "envelope.sequence >= self._expected", "self._expected"),
        ("a_consumer_is_overtaken",),
    ),
    Mutant(
        "a message that failed does not move the mark, which holds its successors",
        "effects",
        without(
            Batch._hold,
            "self._moved.add(key)",
            "self._moved.add(key); self._mark(key).sequence = envelope.sequence",
        ),
        RECEIVING,
    ),
    Mutant(
        "a held message that comes again is not applied behind the operator's back",
        "held, but applied",
        without(Batch._apply_one, " and not self._is_held(envelope)"),
        RECEIVING,
    ),
    Mutant(
        "a message that is delivered again is held once",
        "held twice",
        without(held._is_kept, "if envelope is not", "return False\n    if envelope is not"),
        RECEIVING,
    ),
    Mutant(
        "any message of a key has it drained, whoever was to do it before",
        "not drained",
        without(
            Batch._apply_one,
            "if key in self._held:",
            "if key in self._held and envelope.sequence == expected:",
        ),
        ("a_gap_closes",),
    ),
    Mutant(
        "what waits is applied when what it waited for has come",
        "not drained",
        without(Inbox._apply_all, "self._drain(source, key, WAITING)", "pass"),
        ("a_gap_closes",),
    ),
    Mutant(
        "what failed waits for an operator",
        "no operator had decided",
        without(Inbox._apply_all, "WAITING", "ALL"),
        RECEIVING,
    ),
    Mutant(
        "held messages are applied in sequence",
        "not drained|never applied",
        without(Inbox._drain, ".first()", ".last()"),
        RECEIVING,
    ),
    Mutant(
        "a held message is applied only when it is the next one",
        "effects",
        without(Batch.apply_held, "expected = self._mark(key).sequence + 1", "expected = sequence"),
        ("a_gap_closes",),
    ),
    Mutant(
        "a held message that was applied before is not applied again",
        "effects",
        without(Batch.apply_held, "if sequence == expected:", "if sequence <= expected:"),
        ("an_operator_is_interrupted",),
    ),
    Mutant(
        "a held message that fails again waits for an operator again",
        "not drained",
        without(
            Inbox._apply_held, "failed.update(reason=Reason.FAILED, error=traceback.format_exc())"
        ),
        ("what_fails",),
    ),
    # The consumer
    Mutant(
        "offsets are committed after the database",
        "lost between broker and database|not drained",
        without(
            Consumer._apply, "try:\n        with", "self._commit(messages)\n    try:\n        with"
        ),
        RECEIVING,
    ),
    Mutant(
        "what could not be applied is read again",
        "lost between broker and database|not drained",
        without(Consumer._apply, "self._rewind(messages)\n        raise", "raise"),
        ("a_consumer_is_interrupted",),
    ),
    # Operators
    Mutant(
        "a discarded event leaves an outbox.Discarded in its place",
        "the table has not what was committed|never sent|out of order at the broker",
        without(
            operators.discard_outgoing,
            "held.update(type=DISCARDED, payload=EMPTY, error=BEHIND)",
            "held.delete()[0]",
        ),
        OPERATING,
    ),
    Mutant(
        "a discarded event is sent as what it is",
        "not drained|not applied|never applied",
        without(operators.discard_outgoing, "type=DISCARDED, "),
        OPERATING,
    ),
    Mutant(
        "a discarded event lets its successors go",
        "held behind nothing",
        without(operators.discard_outgoing, "_release(event.key)", "pass"),
        OPERATING,
    ),
    Mutant(
        "discarding one event decides nothing about another that was refused",
        "no operator had decided",
        without(operators.discard_outgoing, "not refused.exists()", "True"),
        OPERATING,
    ),
    Mutant(
        "only the first held message of a key can be discarded",
        "held, but applied",
        without(operators._give_up, "raise NotFirst", "str"),
        ("an_operator_is_interrupted",),
    ),
    Mutant(
        "a discarded message moves the mark past it",
        "lost between broker and database|not drained",
        without(Batch.skip, "mark.sequence = max(mark.sequence, row.sequence or 0)"),
        ("an_operator_is_interrupted",),
    ),
    Mutant(
        "a message is discarded and its mark moved in one transaction",
        "lost between broker and database|not drained",
        without(operators._give_up, "@unit_of_work\n"),
        OPERATING,
    ),
    Mutant(
        "what waited behind a discarded message goes on",
        "not drained",
        without(Inbox.go_on, "self._drain(message.source, message.key, WAITING)", "pass"),
        ("an_operator_is_interrupted",),
    ),
    Mutant(
        "what an operator's process left when it died is found",
        "not drained",
        without(Consumer.run_once, "self.inbox.go_on_with_what_was_left()", "pass"),
        ("an_operator_is_interrupted",),
    ),
]
