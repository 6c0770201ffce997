"""Races, each decided by real connections on a real database."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from uuid_utils.compat import uuid7

from booking import selectors, services
from booking.models import Departure, Reservation, Saga, Seat, TimelineEntry
from contracts.booking import PaymentCaptureRequested, ReservationCreated
from contracts.payment import PaymentCaptured, PaymentEvent
from outbox.events import history
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.agreement import assert_seats_and_reservations_agree
from tests.booking.factories import NOW
from tests.booking.http import post_reservation
from tests.threads import PATIENCE_SECONDS, FirstCallsTogether, at_once, later, results

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def test_fifty_want_one_seat_and_each_of_ten_departures_gives_it_once() -> None:
    flight = factories.flight()
    for day in range(1, 11):
        factories.departure(flight, in_days=day)
    answers = results(at_once([lambda: post_reservation(Client()) for _ in range(50)]))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {201: 10, 409: 40}
    assert Reservation.objects.values("departure").distinct().count() == 10
    held = Seat.objects.filter(status=Seat.Status.HELD).values_list("reservation", flat=True)
    assert set(held) == set(Reservation.objects.values_list("pk", flat=True))
    assert OutboxEvent.objects.filter(type=ReservationCreated.type).count() == 10
    assert_seats_and_reservations_agree()


def test_those_who_want_different_seats_of_one_departure_all_get_theirs() -> None:
    numbers = [f"{row}A" for row in range(1, 21)]
    departure = factories.departure(factories.flight(), seats=numbers)
    posts = [partial(post_reservation, Client(), seat_number=number) for number in numbers]
    answers = results(at_once(posts))
    assert [answer.status_code for answer in answers] == [201] * 20
    assert {reservation.departure for reservation in Reservation.objects.all()} == {departure}
    assert_seats_and_reservations_agree()


def signals(*events: PaymentEvent) -> list[Callable[[], None]]:
    return [partial(services.signal_saga, event, now=NOW) for event in events]


@pytest.fixture
def read_together(monkeypatch: pytest.MonkeyPatch) -> FirstCallsTogether[Saga]:
    """Two readers of the live saga each have it before either goes on."""
    together = FirstCallsTogether(selectors.saga_that_asked, 2)
    monkeypatch.setattr(selectors, "saga_that_asked", together)
    return together


def test_of_two_confirmations_at_once_one_wins_and_the_other_is_noted_as_late(
    read_together: FirstCallsTogether[Saga],
) -> None:
    reservation = factories.pending_reservation()
    event = factories.authorized(reservation.pk)
    outcomes = Counter(type(outcome) for outcome in at_once(signals(event, event)))
    assert outcomes == {type(None): 2}
    assert read_together.calls == 3  # the loser read again, and decided again
    reservation.refresh_from_db()
    assert (reservation.status, reservation.version) == (Reservation.Status.CONFIRMED, 2)
    assert [row.sequence for row in history(str(reservation.pk))] == [1, 2, 3, 4]
    assert TimelineEntry.objects.filter(entry="late answer").count() == 1
    assert_seats_and_reservations_agree()


@pytest.mark.usefixtures("read_together")
def test_an_authorization_and_a_refusal_at_once_leave_one_whole_story() -> None:
    reservation = factories.pending_reservation()
    pk = reservation.pk
    at_once(signals(factories.authorized(pk), factories.declined(pk)))
    reservation.refresh_from_db()
    seat = Seat.objects.get(number="12A")
    assert (reservation.status, seat.status, Saga.objects.get().step) in {
        (Reservation.Status.CONFIRMED, Seat.Status.SOLD, "CAPTURING"),
        (Reservation.Status.REJECTED, Seat.Status.FREE, "VOIDING"),
    }
    assert history(str(pk)).count() == 4
    assert_seats_and_reservations_agree()


def read_first(read: Callable[..., Any], both: threading.Barrier) -> Callable[..., Any]:
    """A read whose first call returns only when the other has read, too."""
    first = iter([True])

    def reading(*args: Any, **facts: Any) -> Any:
        found = read(*args, **facts)
        if next(first, False):
            both.wait(PATIENCE_SECONDS)
        return found

    return reading


def test_two_workers_that_find_the_same_deadline_ask_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reservation = factories.confirmed_reservation()
    factories.make_due(reservation)
    monkeypatch.setattr(selectors, "due_sagas", FirstCallsTogether(selectors.due_sagas, 2))
    outcomes = results(at_once([partial(services.end_due_sagas, now=NOW)] * 2))
    assert sorted(outcomes) == [0, 1]  # the loser read again, and found nothing
    asked = history(str(reservation.pk)).filter(type=PaymentCaptureRequested.type)
    assert asked.count() == 2
    assert Saga.objects.get().attempts == 2


def test_a_deadline_and_the_answer_it_waits_for_at_once_leave_one_whole_story(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reservation = factories.confirmed_reservation()
    factories.make_due(reservation)
    both = threading.Barrier(2)
    for name in ("due_sagas", "saga_that_asked"):
        monkeypatch.setattr(selectors, name, read_first(getattr(selectors, name), both))
    captured = factories.answer(PaymentCaptured, Saga.objects.get())
    pieces: list[Callable[[], object]] = [partial(services.end_due_sagas, now=NOW)]
    at_once([*pieces, *signals(captured)])
    ended = Saga.objects.get()
    assert (ended.step, ended.live, ended.deadline_at) == ("DONE", None, None)
    assert reservation.passengers.get().ticket_number


@contextmanager
def seat_locked_elsewhere(
    seat: Seat,
) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Another connection holds the seat in an open transaction until told what to do.

    Yields:
        Two events to set: one to commit, one to roll back.
    """
    locked, commit, roll_back = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Seat.take(seat.departure, [seat.number], owner=uuid7())
                locked.set()
                while not commit.wait(0.01):
                    if roll_back.is_set():
                        transaction.set_rollback(True)
                        return
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(PATIENCE_SECONDS)
        yield commit, roll_back
    finally:
        roll_back.set()
        thread.join()


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts up each time somebody is about to take a seat that was found free."""
    counter, take = threading.Semaphore(0), Seat.take

    def counted(departure: Departure, numbers: list[str], *, owner: UUID) -> None:
        counter.release()
        take(departure, numbers, owner=owner)

    monkeypatch.setattr(Seat, "take", counted)
    return counter


def reserve_in_background() -> Reservation:
    """Reserve 12A on a connection that waits one second for a lock."""

    def reserve() -> Reservation:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        return factories.reserve(offered=False)  # on whichever departure has the seat

    [reservation] = results(at_once([reserve]))
    return reservation


def test_a_seat_that_is_being_taken_is_waited_for_and_then_passed_over(
    tries: threading.Semaphore,
) -> None:
    flight = factories.flight()
    first, second = (factories.departure(flight, in_days=day) for day in (1, 2))
    with seat_locked_elsewhere(first.seats.get(number="12A")) as (commit, _):
        tries.acquire()  # the other's own
        later(tries, commit)
        reservation = reserve_in_background()
    assert reservation.departure == second


def test_a_lock_that_lasts_too_long_makes_the_whole_unit_of_work_begin_again(
    tries: threading.Semaphore,
) -> None:
    departure = factories.departure(factories.flight())

    with seat_locked_elsewhere(departure.seats.get(number="12A")) as (_, roll_back):
        tries.acquire()  # the other's own
        later(tries, roll_back, times=2)
        reservation = reserve_in_background()
    assert reservation.departure == departure
    assert Reservation.objects.count() == 1
    assert OutboxEvent.objects.count() == 2
    assert_seats_and_reservations_agree()


def test_a_seat_whose_taker_rolls_back_is_free_for_who_waited(tries: threading.Semaphore) -> None:
    departure = factories.departure(factories.flight())
    with seat_locked_elsewhere(departure.seats.get(number="12A")) as (_, roll_back):
        tries.acquire()  # the other's own
        later(tries, roll_back)
        reservation = reserve_in_background()
    assert reservation.departure == departure


def test_an_uncommitted_reservation_is_seen_by_nobody() -> None:
    factories.departure(factories.flight())
    with transaction.atomic():
        factories.reserve()
        [seen] = at_once([lambda: (Reservation.objects.count(), OutboxEvent.objects.count())])
    assert seen == (0, 0)
