"""Statements that are kept for the next one: MariaDB is told the same, and answers once."""

from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from booking.models import Airport
from config.mariadb import pipeline as driver
from outbox import pipeline
from outbox.prepared import Rows, Update, argument, read_together
from outbox.transactions import LostRace, unit_of_work
from tests.booking.test_connection import airport, asked, stored
from tests.packets import first_words, packets

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

INSERT = "INSERT INTO airport (code, name, city, country, zone) VALUES (%s, %s, '', '', '')"


def write(code: str, name: str = "") -> None:
    pipeline.write(connection, INSERT, [code, name])


def rename(name: str, *, expected: int = 1) -> None:
    changing = Update(Airport.objects.filter(name=argument(Airport, "name", "now")), name=F("code"))
    changing.later(expected, LostRace(f"{name} has changed"), now=name)


def taken(error: Exception) -> LostRace:
    assert "Duplicate entry 'AAA'" in str(error)
    return LostRace("AAA is taken")


def test_writes_go_with_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    with packets(monkeypatch) as sent, transaction.atomic():
        write("AAA")
        write("BBB")
        assert sent == []
    assert [first_words(one) for one in sent] == [["SET", "INSERT", "INSERT", "COMMIT"]]
    assert stored() == ["AAA", "BBB"]


def test_whoever_asks_next_sees_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with packets(monkeypatch) as sent, transaction.atomic():
        write("AAA")
        assert Airport.objects.get().code == "AAA"
        write("BBB")
        assert Airport.objects.count() == 2
    kinds = [first_words(one) for one in sent]
    assert kinds == [["SET", "INSERT", "SELECT"], ["INSERT", "SELECT"]]
    assert stored() == ["AAA", "BBB"]


def test_what_is_rolled_back_was_never_sent_or_is_undone() -> None:
    with pytest.raises(KeyError), transaction.atomic():
        write("AAA")
        assert Airport.objects.count() == 1
        write("BBB")
        raise KeyError
    airport("CCC")
    assert stored() == ["CCC"]


def test_an_error_comes_with_the_commit_and_nothing_is_committed() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write("AAA")
        write("AAA")
        write("BBB")
    assert stored() == []
    airport("CCC")
    assert stored() == ["CCC"]


def test_an_error_comes_with_the_next_statement_which_is_not_done() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write("AAA")
        write("AAA")
        with pytest.raises(IntegrityError):
            Airport.objects.count()
        transaction.set_rollback(False)
        raise IntegrityError
    assert stored() == []


def test_what_breaks_a_constraint_is_told_as_whoever_wrote_it_says() -> None:
    airport("AAA")
    with pytest.raises(LostRace, match="AAA is taken"), transaction.atomic():
        write("BBB")
        pipeline.write(connection, INSERT, ["AAA", ""], refused=taken)
    with pytest.raises(LostRace, match="AAA is taken"), transaction.atomic():
        write("BBB")
        pipeline.write(connection, INSERT, ["AAA", ""], refused=taken)
        write("CCC")
        Airport.objects.count()
    assert stored() == ["AAA"]
    airport("DDD")
    assert stored() == ["AAA", "DDD"]


def test_a_constraint_that_is_broken_is_no_matter_of_operation() -> None:
    """Django's cursor says so of the server's answer; this connection of one that comes later."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE some (one INT CHECK (one > 0))")
    with pytest.raises(IntegrityError), transaction.atomic():
        pipeline.write(connection, "INSERT INTO some VALUES (0)", [])


def test_what_is_too_long_to_keep_goes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LONGEST_KEPT", 100)
    with packets(monkeypatch) as sent, transaction.atomic():
        write("AAA")
        write("BBB", "b" * 100)
        assert [first_words(one) for one in sent] == [["SET", "INSERT", "INSERT"]]
    assert stored() == ["AAA", "BBB"]
    with pytest.raises(LostRace, match="AAA is taken"), transaction.atomic():
        pipeline.write(connection, INSERT, ["AAA", "a" * 100], refused=taken)
    monkeypatch.setattr(driver, "LONGEST_KEPT", 10)
    with pytest.raises(LostRace, match="ZZZ"), transaction.atomic():
        rename("ZZZ")


def test_a_lost_race_comes_before_the_commit_and_nothing_is_committed() -> None:
    airport("AAA")
    with pytest.raises(LostRace, match="ZZZ has changed"), transaction.atomic():
        write("BBB")
        rename("AAA")
        rename("ZZZ")
        write("CCC")
    assert stored() == ["AAA"]
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT @@in_transaction")
        assert cursor.fetchone() == (0,)


def test_a_lost_race_is_told_where_an_error_follows_from_it() -> None:
    airport("AAA")
    with pytest.raises(LostRace), transaction.atomic():
        rename("ZZZ")
        write("AAA")
        write("BBB")
        Airport.objects.count()
    assert stored() == ["AAA"]


def test_after_an_error_of_what_was_kept_nothing_is_committed_whatever_is_caught() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write("AAA")
        write("AAA")
        write("BBB")
        with suppress(IntegrityError):
            Airport.objects.count()
        airport("CCC")
    assert stored() == []


def test_an_error_of_who_asks_is_theirs_and_what_was_kept_is_stored() -> None:
    with transaction.atomic():
        write("AAA")
        with suppress(IntegrityError), connection.cursor() as cursor:
            cursor.execute(INSERT, ["AAA", ""])
        write("BBB")
    assert stored() == ["AAA", "BBB"]


def test_after_a_lost_race_nothing_is_committed_whatever_is_caught() -> None:
    with pytest.raises(LostRace), transaction.atomic():
        write("AAA")
        rename("ZZZ")
        with suppress(LostRace):
            Airport.objects.count()
        airport("BBB")
    assert stored() == []
    airport("CCC")
    assert stored() == ["CCC"]


def test_a_lost_race_undoes_what_was_written_since_a_savepoint() -> None:
    with transaction.atomic():
        write("AAA")
        with pytest.raises(LostRace), transaction.atomic():
            write("BBB")
            rename("ZZZ")
        write("CCC")
    assert stored() == ["AAA", "CCC"]


def test_a_lost_race_comes_with_the_next_statement_whose_rows_nobody_gets() -> None:
    with pytest.raises(LostRace), transaction.atomic():
        rename("ZZZ")
        Airport.objects.count()
        pytest.fail("the race was lost before")
    airport("AAA")
    assert stored() == ["AAA"]


def test_a_lost_race_leaves_nothing_to_be_read_where_several_were_asked_together() -> None:
    codes = Rows(Airport.objects.values_list("code"))
    with transaction.atomic():
        session = connection.connection.thread_id()
        write("AAA")
        with pytest.raises(LostRace), transaction.atomic():
            rename("ZZZ")
            read_together((codes, {}), (codes, {}), (codes, {}))
        assert codes.all() == [["AAA"]]
    with pytest.raises(LostRace), transaction.atomic():
        rename("ZZZ")
        read_together((codes, {}), (codes, {}))
    assert stored() == ["AAA"]
    assert codes.all() == [["AAA"]]
    assert connection.connection.thread_id() == session


def test_a_unit_of_work_that_finds_the_race_lost_at_its_commit_is_done_again() -> None:
    tries: list[int] = []

    @unit_of_work
    def work() -> None:
        tries.append(len(tries))
        write("AAA", "won" if tries[-1] else "lost")
        rename("won")

    work()
    assert tries == [0, 1]
    assert Airport.objects.get().name == "AAA"


def test_a_row_that_was_written_in_a_pipeline_is_locked_until_the_commit() -> None:
    airport("AAA")
    seen: list[str] = []

    def other() -> None:
        Airport.objects.filter(code="AAA").update(city="later")
        seen.append(Airport.objects.get().name)
        connection.close()

    waiting = Thread(target=other)
    with transaction.atomic():
        pipeline.write(connection, "UPDATE airport SET name = 'now' WHERE code = 'AAA'", [])
        assert Airport.objects.count() == 1
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(5)
    assert seen == ["now"]


def test_what_is_waited_for_breaks_a_constraint_as_with_djangos_cursor() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE some (one INT CHECK (one > 0))")
        cursor.execute("INSERT INTO some VALUES (1)")
    with pytest.raises(IntegrityError):
        pipeline.change(connection, "UPDATE some SET one = one - %s", [1])
    assert pipeline.change(connection, "UPDATE some SET one = one + %s", [0]) == 1


def test_whoever_listens_hears_every_statement() -> None:
    airport("AAA")
    codes = Rows(Airport.objects.values_list("code"))
    heard: list[str] = []

    def listen(execute: Any, sql: str, *others: Any) -> Any:
        heard.append(sql.split()[0])
        return execute(sql, *others)

    with connection.execute_wrapper(listen), transaction.atomic():
        write("BBB")
        rename("BBB", expected=0)
        assert read_together((codes, {}), (codes, {})) == [[["AAA"], ["BBB"]]] * 2
    assert heard == ["INSERT", "UPDATE", "SELECT", "SELECT"]
    with CaptureQueriesContext(connection) as logged:
        assert codes.all() == [["AAA"], ["BBB"]]
    assert len(logged) == 1


def test_what_is_listened_to_is_refused_at_once() -> None:
    with CaptureQueriesContext(connection), transaction.atomic():
        write("AAA")
        with pytest.raises(LostRace, match="AAA is taken"), transaction.atomic():
            pipeline.write(connection, INSERT, ["AAA", ""], refused=taken)
        with pytest.raises(LostRace, match="ZZZ has changed"), transaction.atomic():
            rename("ZZZ")
    assert stored() == ["AAA"]


def test_outside_of_a_transaction_nothing_is_kept() -> None:
    write("AAA")
    assert stored() == ["AAA"]


def test_a_transaction_that_asks_nothing_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    airport("AAA")
    with packets(monkeypatch) as sent:
        for _ in range(3):
            with transaction.atomic():
                pass
    assert sent == []
    airport("BBB")
    assert stored() == ["AAA", "BBB"]


def test_savepoints_take_what_was_written_before_them() -> None:
    with transaction.atomic():
        write("AAA")
        with pytest.raises(KeyError), transaction.atomic():
            write("BBB")
            raise KeyError
        write("CCC")
    assert stored() == ["AAA", "CCC"]


def test_a_text_with_a_semicolon_is_one_statement() -> None:
    with transaction.atomic():
        write("AAA", "a; DROP TABLE airport; --")
        write("BBB", "';'")
    assert [one.name for one in Airport.objects.order_by("code")] == [
        "a; DROP TABLE airport; --",
        "';'",
    ]


def test_a_connection_that_is_lost_loses_what_it_kept() -> None:
    connection.ensure_connection()
    key = connection.connection.thread_id()
    with pytest.raises(DatabaseError), transaction.atomic():
        assert Airport.objects.count() == 0
        write("AAA")
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute(f"KILL {key}")
        other.close()
    assert stored() == []
    airport("BBB")
    assert stored() == ["BBB"]


def test_rows_of_several_querysets_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    airport("AAA")
    airport("BBB")
    codes = Rows(Airport.objects.order_by("code").values_list("code"))
    one = Rows(Airport.objects.filter(code=argument(Airport, "code")).values_list("city"))
    expected = [[["AAA"], ["BBB"]], [["BBB"]]]
    assert read_together((codes, {}), (one, {"code": "BBB"})) == expected
    with packets(monkeypatch) as sent, transaction.atomic():
        write("CCC")
        found = read_together((codes, {}), (one, {"code": "CCC"}), (codes, {}))
        assert found == [[["AAA"], ["BBB"], ["CCC"]], [[""]], [["AAA"], ["BBB"], ["CCC"]]]
    assert first_words(sent[0]) == ["SET", "INSERT", "SELECT", "SELECT", "SELECT"]


def test_autocommit_is_told_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    airport("AAA")
    with packets(monkeypatch) as sent:
        with transaction.atomic():
            assert Airport.objects.count() == 1
        assert Airport.objects.count() == 1
    assert [first_words(one) for one in sent] == [["SET", "SELECT"], ["SET", "SELECT"]]
    assert asked(lambda: Airport.objects.count(), "set_option") == 0
