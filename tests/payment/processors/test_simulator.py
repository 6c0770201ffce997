"""The simulated processor: its answers, and its books."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.test import override_settings

from payment.processors import Approved, Declined, processor
from payment.processors.simulator import Simulator
from tests.payment import factories

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "books.sqlite3"


def charges(books: Path) -> list[tuple[str, str, int, str]]:
    """What the books say: key, why declined, amount, currency."""
    with closing(sqlite3.connect(books)) as connection:
        query = "SELECT idempotency_key, declined, amount, currency FROM charge ORDER BY 1"
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
from pathlib import Path
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


def test_the_settings_describe_the_processor(books: Path) -> None:
    with override_settings(PROCESSOR_BOOKS=str(books), PROCESSOR_LATENCY_MS=250):
        made = processor()
    assert isinstance(made, Simulator)
    assert (made.books, made.latency) == (books, 0.25)
