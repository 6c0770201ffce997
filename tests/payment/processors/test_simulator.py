"""The simulated processor: its answers, and its books."""

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from payment.processors import (
    Approved,
    Capture,
    Declined,
    OutcomeUnknown,
    Refund,
    Request,
    Void,
    ask,
    processor,
    tokens,
)
from payment.processors.simulator import Simulator
from payment.processors.tokens import COURSES
from tests.payment import factories

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "books.sqlite3"


def charges(books: Path) -> list[tuple[str, str, int, str]]:
    """What the books say: key, why declined, amount, currency."""
    with closing(sqlite3.connect(books)) as connection:
        query = "SELECT idempotency_key, declined, amount, currency FROM entry ORDER BY id"
        return connection.execute(query).fetchall()


def test_a_card_is_approved_with_a_reference(books: Path) -> None:
    answer = Simulator(books).authorize(factories.authorization())
    assert isinstance(answer, Approved)
    assert answer.reference.startswith("sim_")
    assert charges(books) == [("r:1", "", 12900, "EUR")]


def test_a_card_is_declined_by_its_token(books: Path) -> None:
    answer = Simulator(books).authorize(factories.authorization(token="tok_decline"))
    assert answer == Declined(reason="card_declined")
    assert charges(books) == [("r:1", "card_declined", 12900, "EUR")]


@pytest.mark.parametrize("token", ["tok_approve", "tok_decline"])
def test_the_same_key_gets_the_same_answer(books: Path, token: str) -> None:
    simulator = Simulator(books)
    asked = factories.authorization(token=token)
    assert simulator.authorize(asked) == simulator.authorize(asked)
    assert len(charges(books)) == 1


def test_the_first_answer_to_a_key_stands_whatever_is_asked_later(books: Path) -> None:
    simulator = Simulator(books)
    first = simulator.authorize(factories.authorization())
    assert simulator.authorize(factories.authorization(token="tok_decline")) == first


def test_other_keys_get_other_references(books: Path) -> None:
    simulator = Simulator(books)
    answers = {simulator.authorize(factories.authorization(key)) for key in ("r:1", "r:2", "s:1")}
    assert len(answers) == 3


def test_the_books_outlast_the_instance(books: Path) -> None:
    first = Simulator(books).authorize(factories.authorization())
    assert Simulator(books).authorize(factories.authorization()) == first
    assert len(charges(books)) == 1


def test_threads_asking_with_one_key_get_one_answer(books: Path) -> None:
    simulator, asked = Simulator(books), factories.authorization()
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: simulator.authorize(asked), range(16)))
    assert len(answers) == 1
    assert len(charges(books)) == 1


ASK = """
import sys
import time
from pathlib import Path
from typing import Any
from payment.processors import Authorization
from payment.processors.simulator import Simulator
for number in range(20):
    asked = Authorization(idempotency_key=f"r:{number}", token="t", amount=1, currency="EUR")
    print(Simulator(Path(sys.argv[1])).authorize(asked))
"""


def test_processes_asking_with_the_same_keys_get_the_same_answers(books: Path) -> None:
    command = [sys.executable, "-c", ASK, str(books)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(answers) == 1
    assert len(charges(books)) == 20


OPEN = """
import sys, time
from pathlib import Path
from payment.processors.books import Books
for number in range(100):
    time.sleep(max(0, float(sys.argv[2]) + number / 50 - time.time()))
    Books(Path(sys.argv[1]) / f"{number}.sqlite3")
"""


def test_processes_open_new_books_at_the_same_moment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(tmp_path), str(time.time() + 1)]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=60)[1] for process in running] == [b""] * 4


def test_the_settings_describe_the_processor(books: Path) -> None:
    with override_settings(
        PROCESSOR_BOOKS=str(books), PROCESSOR_LATENCY_MS=250, PROCESSOR_LATE_MS=3000
    ):
        made = processor()
    assert isinstance(made, Simulator)
    assert (made.books.file, made.latency, made.late) == (books, 0.25, 3.0)


# What it does by token


def settled(simulator: Simulator, request: Request) -> list[str]:
    """What each asking came to, until there is an answer."""
    outcomes: list[str] = []
    while len(outcomes) < 9:
        try:
            answer = ask(simulator, request)
        except OutcomeUnknown as error:
            outcomes.append(str(error))
            time.sleep(0.05)
            continue
        outcomes.append(answer.reason if isinstance(answer, Declined) else "approved")
        return outcomes
    return outcomes


@pytest.mark.parametrize(
    ("token", "outcomes"),
    [
        ("tok_approve", ["approved"]),
        ("tok_whatever", ["approved"]),
        ("tok_decline", ["card_declined"]),
        ("tok_insufficient_funds", ["insufficient_funds"]),
        ("tok_expired_card", ["expired_card"]),
        ("tok_timeout_approve", ["timed out", "approved"]),
        ("tok_timeout_decline", ["timed out", "card_declined"]),
        ("tok_late_approve", ["not decided yet", "approved"]),
        ("tok_duplicate_webhook", ["not decided yet", "approved"]),
        ("tok_3ds_timeout", ["not decided yet", "authentication_timeout"]),
        ("tok_down", ["nobody is there"] * 3 + ["approved"]),
        ("tok_capture_decline", ["approved"]),
        ("tok_refund_decline", ["approved"]),
        ("tok_follow_ups_timeout", ["approved"]),
    ],
)
def test_an_authorization_goes_as_its_token_says(
    books: Path, token: str, outcomes: list[str]
) -> None:
    simulator = Simulator(books, late=0.03)
    assert settled(simulator, factories.authorization(token=token)) == outcomes
    assert len(charges(books)) == 1


def test_every_token_is_in_the_table_and_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for token in COURSES:
        assert f"| `{token}` |" in str(tokens.__doc__)
        assert f"| `{token}` |" in readme


def authorized(simulator: Simulator, token: str = factories.CARD) -> str:
    """The reference of an authorization."""
    answer = simulator.authorize(factories.authorization(token=token))
    assert isinstance(answer, Approved)
    return answer.reference


def follow_ups(reference: str, *, amount: int = 12900) -> dict[str, Request]:
    """A request of each kind about an authorization."""
    facts: dict[str, Any] = {"authorization": reference, "amount": amount, "currency": "EUR"}
    return {
        "CAPTURE": Capture(idempotency_key="r:2", **facts),
        "REFUND": Refund(idempotency_key="r:3", **facts),
        "VOID": Void(idempotency_key="r:4", authorization=reference),
    }


@pytest.mark.parametrize(
    ("token", "captured", "refunded"),
    [
        ("tok_approve", ["approved"], ["approved"]),
        ("tok_capture_decline", ["card_blocked"], ["amount_too_large"]),
        ("tok_refund_decline", ["approved"], ["refund_refused"]),
        ("tok_follow_ups_timeout", ["timed out", "approved"], ["timed out", "approved"]),
    ],
)
def test_what_follows_goes_as_the_authorizations_token_says(
    books: Path, token: str, captured: list[str], refunded: list[str]
) -> None:
    simulator = Simulator(books)
    asked = follow_ups(authorized(simulator, token))
    assert settled(simulator, asked["CAPTURE"]) == captured
    assert settled(simulator, asked["REFUND"]) == refunded


def test_a_void_takes_the_whole_authorization_and_only_one_that_is_whole(books: Path) -> None:
    simulator = Simulator(books)
    asked = follow_ups(authorized(simulator))
    assert settled(simulator, asked["VOID"]) == ["approved"]
    assert settled(simulator, asked["CAPTURE"]) == ["amount_too_large"]
    assert charges(books)[1] == ("r:4", "", 12900, "EUR")


def test_the_books_allow_no_more_than_there_is(books: Path) -> None:
    simulator = Simulator(books)
    reference = authorized(simulator)
    asked = follow_ups(reference)
    too_much = Capture(idempotency_key="r:9", authorization=reference, amount=1, currency="EUR")
    assert settled(simulator, asked["CAPTURE"]) == ["approved"]
    assert settled(simulator, too_much) == ["amount_too_large"]
    assert settled(simulator, asked["VOID"]) == ["amount_too_large"]


def test_what_follows_an_authorization_that_is_not_there_is_declined(books: Path) -> None:
    simulator = Simulator(books)
    for request in follow_ups("sim_nowhere").values():
        assert settled(simulator, request) == ["no_such_authorization"]


def test_it_says_what_came_of_a_key(books: Path) -> None:
    simulator = Simulator(books, late=60)
    approved = simulator.authorize(factories.authorization())
    assert simulator.outcome("r:1") == approved
    assert simulator.outcome("r:2") is None
    late = factories.authorization("r:3", token="tok_late_approve")
    with pytest.raises(OutcomeUnknown):
        simulator.authorize(late)
    with pytest.raises(OutcomeUnknown):
        simulator.outcome("r:3")


def test_it_lists_what_is_decided_oldest_first(books: Path) -> None:
    simulator = Simulator(books, late=60)
    reference = authorized(simulator)
    simulator.capture(
        Capture(idempotency_key="r:2", authorization=reference, amount=5, currency="EUR")
    )
    simulator.authorize(factories.authorization("r:3", token="tok_decline"))
    with pytest.raises(OutcomeUnknown):
        simulator.authorize(factories.authorization("r:4", token="tok_late_approve"))
    listed = list(simulator.transactions())
    assert [(line.idempotency_key, line.kind, line.amount) for line in listed] == [
        ("r:1", "AUTHORIZE", 12900),
        ("r:2", "CAPTURE", 5),
        ("r:3", "AUTHORIZE", 12900),
    ]
    assert listed[0].answer == Approved(reference=reference)
    assert listed[2].answer == Declined(reason="card_declined")


def test_while_it_is_down_nobody_is_there_and_nothing_is_booked(books: Path) -> None:
    simulator = Simulator(books)
    closed = Path(f"{books}.down")
    closed.touch()
    with pytest.raises(OutcomeUnknown):
        simulator.authorize(factories.authorization())
    with pytest.raises(OutcomeUnknown):
        simulator.outcome("r:1")
    assert charges(books) == []
    closed.unlink()
    authorized(simulator)
