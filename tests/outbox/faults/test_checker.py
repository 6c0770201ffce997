"""The checker of the fault runs sees every way in which a promise can be broken."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.outbox.faults.checker import Broken, Effect, Event, History, check

ORDER = [Event(f"order-{n}", "order", n, f"body {n}") for n in (1, 2, 3)]
OTHER = [Event(f"other-{n}", "other", n, f"body {n}") for n in (1, 2)]
STORED = [*ORDER, *OTHER]
EFFECTS = [Effect(event.key, event.sequence) for event in STORED]
STRANGER = Event("stranger-1", "stranger", 1)


def a_history(**changes: Any) -> History:
    """A run in which every promise was kept, but for what is changed."""
    kept = {
        "stored": STORED,
        "published": [event.id for event in STORED],
        "acknowledged": [event.id for event in STORED],
        "rolled_back": ["rolled-back"],
        "partitions": {"events/0": ORDER, "events/1": OTHER},
        "effects": {"ledger": EFFECTS},
    }
    return History(**{**kept, **changes})


def on_topic(*events: Event) -> History:
    return a_history(partitions={"events/0": events, "events/1": OTHER})


def with_effects(*of_order: int) -> History:
    other = [effect for effect in EFFECTS if effect.key == "other"]
    return a_history(effects={"ledger": [*(Effect("order", n) for n in of_order), *other]})


def findings(history: History) -> Sequence[Broken]:
    return [finding.broken for finding in check(history).findings]


def test_a_run_that_kept_every_promise_has_no_findings() -> None:
    report = check(a_history())
    assert report.findings == []
    assert (report.stored, report.rolled_back, report.messages) == (5, 1, 5)
    assert report.duplicates == 0
    assert report.effects == {"ledger": 5}


def test_duplicates_at_the_broker_are_counted_and_allowed() -> None:
    first, second, third = ORDER
    report = check(on_topic(first, second, first, second, third, first))
    assert report.findings == []
    assert report.duplicates == 3


def test_keys_need_no_order_between_them() -> None:
    mixed = [ORDER[0], OTHER[0], OTHER[1], ORDER[1], ORDER[2]]
    assert findings(a_history(partitions={"events/0": mixed})) == []


def test_a_commit_that_was_acknowledged_and_is_gone_is_found() -> None:
    assert findings(a_history(acknowledged=["lost-1"])) == [Broken.LOST_COMMIT]


def test_a_rollback_that_left_its_event_is_found() -> None:
    assert findings(a_history(rolled_back=["order-2"])) == [Broken.KEPT_ROLLBACK]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_event_that_is_not_on_the_topic_is_found(index: int) -> None:
    left = [event for event in ORDER if event is not ORDER[index]]
    assert findings(on_topic(*left)) == [Broken.MISSING]


@pytest.mark.parametrize(
    "stranger",
    [
        STRANGER,
        Event("rolled-back", "order", 4),
        replace(ORDER[2], id="another"),
        replace(ORDER[2], body="altered"),
        replace(ORDER[2], sequence=4),
    ],
    ids=["unknown key", "rolled back", "another id", "altered", "another sequence"],
)
def test_a_message_of_an_event_that_was_not_committed_is_found(stranger: Event) -> None:
    assert Broken.INVENTED in findings(on_topic(*ORDER, stranger))


def test_a_first_occurrence_after_a_later_event_is_found() -> None:
    first, second, third = ORDER
    assert findings(on_topic(first, third, second)) == [Broken.REORDERED]
    assert findings(on_topic(third, first, second)) == [Broken.REORDERED] * 2


def test_a_repetition_does_not_hide_that_the_order_was_wrong() -> None:
    first, second, third = ORDER
    assert findings(on_topic(second, first, second, third)) == [Broken.REORDERED]


def test_a_key_on_two_partitions_is_found() -> None:
    first, second, third = ORDER
    history = a_history(partitions={"events/0": [first, third], "events/1": [*OTHER, second]})
    assert findings(history) == [Broken.TWO_PARTITIONS]


def test_a_row_that_was_not_marked_is_found() -> None:
    assert findings(a_history(published=[event.id for event in STORED[1:]])) == [Broken.UNMARKED]


def test_an_effect_that_did_not_happen_is_found() -> None:
    assert findings(with_effects(1, 3)) == [Broken.EFFECT_MISSING]


def test_an_effect_that_happened_twice_is_found() -> None:
    assert findings(with_effects(1, 2, 2, 3)) == [Broken.EFFECT_REPEATED]
    assert Broken.EFFECT_REPEATED in findings(with_effects(1, 2, 3, 1))


def test_effects_in_another_order_are_found() -> None:
    assert findings(with_effects(1, 3, 2)) == [Broken.EFFECT_REORDERED]


def test_an_effect_of_what_was_not_committed_is_found() -> None:
    assert findings(with_effects(1, 2, 3, 4)) == [Broken.EFFECT_INVENTED]


def test_every_consumer_is_held_to_every_effect() -> None:
    history = a_history(effects={"ledger": EFFECTS, "mail": EFFECTS[:-1]})
    assert findings(history) == [Broken.EFFECT_MISSING]


def test_what_is_held_is_found() -> None:
    assert findings(a_history(held=["gap: order#4"])) == [Broken.HELD]


def runs_that_broke_one_promise() -> dict[Broken, History]:
    first, second, third = ORDER
    return {
        Broken.LOST_COMMIT: a_history(acknowledged=["lost-1"]),
        Broken.KEPT_ROLLBACK: a_history(rolled_back=["order-2"]),
        Broken.MISSING: on_topic(first, second),
        Broken.INVENTED: on_topic(*ORDER, STRANGER),
        Broken.TWO_PARTITIONS: a_history(partitions={"0": ORDER, "1": [*OTHER, first]}),
        Broken.REORDERED: on_topic(first, third, second),
        Broken.UNMARKED: a_history(published=[event.id for event in STORED[1:]]),
        Broken.EFFECT_MISSING: with_effects(1, 2),
        Broken.EFFECT_INVENTED: with_effects(1, 2, 3, 4),
        Broken.EFFECT_REPEATED: with_effects(1, 2, 3, 3),
        Broken.EFFECT_REORDERED: with_effects(1, 3, 2),
        Broken.HELD: a_history(held=["gap: order#4"]),
    }


@pytest.mark.parametrize("broken", Broken, ids=lambda broken: broken.name)
def test_every_broken_promise_is_found_and_no_other_is_said_to_be(broken: Broken) -> None:
    assert findings(runs_that_broke_one_promise()[broken]) == [broken]
