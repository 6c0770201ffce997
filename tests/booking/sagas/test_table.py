"""The tables by themselves: what can be said without running them."""

from datetime import timedelta

import pytest

from booking import saga
from booking.handlers import FARES, PAYMENTS
from booking.models import Saga
from booking.orchestrator import ANSWERED
from booking.steps.requests import authorize
from booking.steps.signals import Complete, Retry, TimeOut
from booking.steps.step import Patience
from booking.steps.telling import LATE
from contracts.fare import FareEvent, FareQuoted
from contracts.payment import PaymentEvent
from contracts.registry import EVENTS

KINDS = pytest.mark.parametrize("kind", sorted(saga.SAGAS))
ANSWERS = {event for event in EVENTS.values() if issubclass(event, PaymentEvent)}
QUOTES = {event for event in EVENTS.values() if issubclass(event, FareEvent)}


@KINDS
def test_every_reaction_leads_to_a_step_of_the_same_saga(kind: str) -> None:
    steps = saga.SAGAS[kind]
    assert {after.then for step in steps.values() for after in step.reactions()} <= set(steps)


@KINDS
def test_every_step_but_the_first_is_reached(kind: str) -> None:
    steps = saga.SAGAS[kind]
    reached = {after.then for step in steps.values() for after in step.reactions()}
    assert set(steps) - {next(iter(steps))} <= reached


@KINDS
def test_an_end_is_reached_from_every_step(kind: str) -> None:
    steps = saga.SAGAS[kind]
    ending = {name for name, step in steps.items() if step.ends}
    for _ in steps:
        ending |= {
            name
            for name, step in steps.items()
            if any(after.then in ending for after in step.reactions())
        }
    assert ending == set(steps)


@KINDS
def test_a_step_waits_or_passes_or_ends(kind: str) -> None:
    for step in saga.SAGAS[kind].values():
        always = next(iter(step.reactions())).where is None if step.at_once else False
        waits = bool(step.awaits) and not step.ends
        passes = bool(step.at_once) and (always or not waits)
        assert passes + waits + step.ends == 1, step


@KINDS
def test_whoever_waits_for_payment_has_a_deadline(kind: str) -> None:
    for step in saga.SAGAS[kind].values():
        if not step.ends and any(awaited in ANSWERS for awaited in step.awaits):
            assert TimeOut in step.awaits, step.name


@KINDS
def test_whoever_asks_again_can_be_retried_and_completed_by_hand(kind: str) -> None:
    for step in saga.SAGAS[kind].values():
        assert bool(step.patience) == ({Retry, Complete} <= set(step.awaits)), step.name


@KINDS
def test_what_is_asked_again_is_what_is_asked_when_the_step_begins(kind: str) -> None:
    steps = saga.SAGAS[kind]
    for step in steps.values():
        for after in step.reactions():
            there = steps[after.then]
            if there.patience and there is not step and after.asks is not None:
                assert after.asks is there.awaits[TimeOut].asks


def test_every_kind_of_saga_is_described() -> None:
    assert set(saga.SAGAS) == set(Saga.Kind)


def test_every_answer_of_payment_is_handled_owned_and_told() -> None:
    assert {event.type for event in ANSWERS} == set(PAYMENTS)
    assert ANSWERS == set(ANSWERED) == set(LATE) - QUOTES


def test_every_answer_of_fare_is_handled_and_told() -> None:
    assert {event.type for event in QUOTES} == set(FARES)
    assert set(LATE) >= QUOTES


@KINDS
def test_the_cards_token_is_kept_by_none_but_who_has_yet_to_ask_the_card(kind: str) -> None:
    for step in saga.SAGAS[kind].values():
        asks = {after.asks for after in step.awaits.values()}
        assert step.keeps_card == (FareQuoted in step.awaits and authorize in asks)


def test_pauses_grow_up_to_a_bound() -> None:
    patience = Patience(timedelta(seconds=10), timedelta(minutes=1), attempts=5)
    assert [patience.pause(n).seconds for n in (1, 2, 3, 4, 1000)] == [10, 20, 40, 60, 60]


@KINDS
def test_whoever_waits_for_payment_asks_less_than_a_dozen_times_within_the_hour(kind: str) -> None:
    for step in saga.SAGAS[kind].values():
        if patience := step.patience:
            pauses = [patience.pause(n) for n in range(1, patience.attempts + 1)]
            assert patience.attempts < 12
            assert timedelta(minutes=30) < sum(pauses, timedelta()) < timedelta(minutes=90)
