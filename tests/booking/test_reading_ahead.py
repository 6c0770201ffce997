"""What is asked ahead of time, with what is read before it: whoever asks just this next has it."""

from collections.abc import Callable
from typing import Final

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.models import Airport
from outbox.prepared import Rows, Update, argument, read_together
from tests.booking.test_connection import airport
from tests.booking.test_pipeline import write
from tests.packets import first_words, packets

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def codes() -> Rows:
    return Rows(Airport.objects.order_by("code").values_list("code"))


def names_of() -> Rows:
    return Rows(Airport.objects.filter(code=argument(Airport, "code")).values_list("name"))


def test_what_is_asked_ahead_is_there_for_whoever_asks_it_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airport("AAA")
    name_of = names_of()
    with packets(monkeypatch) as sent, transaction.atomic():
        ahead = [(name_of, {"code": "AAA"}), (name_of, {"code": "ZZZ"})]
        assert read_together((codes(), {}), ahead=ahead) == [[["AAA"]]]
        assert read_together(*ahead) == [[["AAA"]], []]
        assert name_of.all(code="AAA") == [["AAA"]]
    kinds = [first_words(one) for one in sent]
    assert kinds == [["SET", "SELECT", "SELECT", "SELECT"], ["SELECT"]]


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


SOMETHING_ELSE: Final[dict[str, Callable[[], object]]] = {
    "a write": lambda: write("BBB"),
    "a write that is waited for": lambda: Update(
        Airport.objects.filter(code=argument(Airport, "code")), name="BBB"
    ).run(code="AAA"),
    "another read": lambda: codes().all(),
    "the same read with another value": lambda: names_of().all(code="BBB"),
    "a cursor's statement": lambda: raw("UPDATE airport SET name = 'BBB'"),
    "a savepoint": lambda: transaction.savepoint(),
    "a commit": lambda: connection.commit(),
    "a rollback": lambda: connection.rollback(),
}


@pytest.mark.parametrize("what", SOMETHING_ELSE)
def test_what_was_asked_ahead_is_forgotten_when_anything_else_comes_first(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    airport("AAA")
    one = names_of(), {"code": "AAA"}
    with transaction.atomic():
        read_together((codes(), {}), ahead=[one])
        # As a unit of work would end here and another begin.
        connection.in_atomic_block = what not in {"a commit", "a rollback"}
        SOMETHING_ELSE[what]()
        connection.in_atomic_block = True
        with packets(monkeypatch) as sent:
            (found,) = read_together(one)
        assert len(sent) == 1
        assert found == [["BBB" if "waited" in what or "cursor" in what else "AAA"]]


def test_another_read_gets_rows_of_its_own() -> None:
    airport("AAA")
    with transaction.atomic():
        read_together((codes(), {}), ahead=[(names_of(), {"code": "AAA"})])
        assert names_of().all(code="BBB") == []


def test_what_is_locked_ahead_stays_locked_until_the_commit() -> None:
    airport("AAA")
    with transaction.atomic():
        locking = Rows(Airport.objects.select_for_update().values_list("code"))
        read_together((codes(), {}), ahead=[(locking, {})])
        other = connection.copy()
        try:
            with other.cursor() as cursor, pytest.raises(DatabaseError, match=r"NOWAIT|Lock wait"):
                cursor.execute("SELECT * FROM airport FOR UPDATE NOWAIT")
        finally:
            other.close()


def test_who_listens_asks_nothing_ahead() -> None:
    airport("AAA")
    with CaptureQueriesContext(connection) as heard, transaction.atomic():
        read_together((codes(), {}), ahead=[(names_of(), {"code": "AAA"})])
        assert names_of().all(code="AAA") == [["AAA"]]
    assert sum("SELECT" in one["sql"] for one in heard) == 2
