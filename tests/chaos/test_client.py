"""A client that asks until it is answered, and notes all of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest

from chaos.client import Client, Journal
from chaos.evidence import NO_ANSWER, Request
from tests.receivers import Receiver

ASKED = Request(1, "single", "reserve", 10, "", ())
Answers = Callable[[int], tuple[int, bytes]]


class Steady(Random):
    """Chance that neither hurries nor asks twice."""

    def random(self) -> float:
        return 0.99

    def uniform(self, a: float, b: float) -> float:
        return 0.0


@contextmanager
def gateway(answer: Answers, *, chance: Random | None = None) -> Iterator[tuple[Client, Receiver]]:
    with Receiver(answer=answer) as receiver:
        client = Client(
            1,
            gateway=receiver.url.removesuffix("/hook"),
            chance=chance or Steady(1),
            journal=Journal(),
            is_over=lambda: False,
        )
        yield client, receiver
        client.close()


def in_turn(*answers: tuple[int, bytes]) -> Answers:
    return lambda number: answers[min(number, len(answers) - 1)]


@pytest.mark.parametrize(
    "first", [(503, b"away"), (502, b"away"), (409, b'{"type": "x:request-in-flight"}')]
)
def test_what_is_not_answered_is_asked_again_under_the_same_key(first: tuple[int, bytes]) -> None:
    with gateway(in_turn(first, (201, b'{"id": "made"}'))) as (client, receiver):
        asked = client.ask(ASKED, "/api/reservations", {})
    assert [one.status for one in asked.attempts] == [first[0], 201]
    assert asked.is_done and asked.reservation == "made"
    [key] = {one.headers["idempotency-key"] for one in receiver.got}
    assert key


def test_a_refusal_is_an_answer() -> None:
    with gateway(in_turn((409, b'{"type": "x:seat-taken"}'))) as (client, _):
        asked = client.ask(ASKED, "/api/reservations", {})
    assert asked.answer and not asked.is_done
    assert len(asked.attempts) == 1


def test_what_has_no_key_is_asked_once() -> None:
    with gateway(in_turn((503, b"away"))) as (client, _):
        asked = client.ask(ASKED, "/api/reservations/made", {}, method="PATCH")
    assert asked.answer is None
    assert len(asked.attempts) == 1


def test_two_requests_have_two_keys() -> None:
    with gateway(in_turn((201, b'{"id": "made"}'))) as (client, receiver):
        for _ in range(2):
            client.ask(ASKED, "/api/reservations", {})
    assert len({one.headers["idempotency-key"] for one in receiver.got}) == 2


def test_of_what_is_only_looked_at_what_went_wrong_is_noted() -> None:
    journal = Journal()
    client = Client(
        1, gateway="http://127.0.0.1:1", chance=Steady(1), journal=journal, is_over=lambda: False
    )
    client.look(ASKED, "/api/reservations/made")
    client.close()
    [noted] = journal.requests
    assert noted.what == "look"
    assert [one.status for one in noted.attempts] == [NO_ANSWER]
