"""Holds that run out, and payment's answers that come after."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings

import outbox
from booking import selectors, services
from booking.deadlines import Chore, Deadlines
from booking.departures import cancel_departure
from booking.handlers import PAYMENTS
from booking.models import Departure, IdempotencyKey, Reservation, Saga, Seat, TimelineEntry
from booking.preconditions import AnyVersion
from booking.services import deadlines
from contracts.booking import PaymentVoidRequested, ReservationExpired
from contracts.payment import PaymentAuthorized, PaymentCaptured, PaymentEvent
from outbox.events import history
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark
from tests.booking import factories
from tests.booking.factories import NOW
from tests.messages import incoming

pytestmark = pytest.mark.django_db

Answer = Callable[[UUID], PaymentEvent]
LATER = NOW + timedelta(minutes=16)
ANSWERS = pytest.mark.parametrize("answer", [factories.authorized, factories.declined])


def expired() -> Reservation:
    """A reservation whose hold has run out while its payment was asked for."""
    reservation = factories.pending_reservation()
    factories.make_due(reservation)
    assert services.end_due_sagas(now=LATER) == 1
    reservation.refresh_from_db()
    return reservation


def types(reservation: Reservation) -> list[str]:
    return [row.type.split(".")[1] for row in history(str(reservation.pk))]


def test_a_hold_that_has_run_out_expires_and_its_seat_is_free() -> None:
    reservation = expired()
    assert (reservation.status, reservation.version) == (Reservation.Status.EXPIRED, 2)
    assert reservation.updated_at == LATER
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.FREE, None)


def test_its_saga_waits_for_the_void() -> None:
    reservation = expired()
    waiting = Saga.objects.get()
    assert (waiting.step, waiting.live) == ("VOIDING", reservation.pk)


def test_the_saga_of_a_hold_that_was_never_to_be_paid_is_over() -> None:
    factories.departure(factories.flight())
    factories.reserve(payment_token=None)
    factories.make_due()
    services.end_due_sagas(now=LATER)
    ended = Saga.objects.get()
    assert (ended.step, ended.live, ended.deadline_at) == ("COMPENSATED", None, None)


def test_the_expiry_and_the_void_are_its_last_events() -> None:
    reservation = expired()
    *_, said, asked = (row.payload for row in history(str(reservation.pk)))
    assert msgspec.json.decode(said, type=ReservationExpired) == ReservationExpired(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.passengers.all()),
        hold_expires_at=reservation.hold_expires_at,
    )
    assert msgspec.json.decode(asked, type=PaymentVoidRequested) == PaymentVoidRequested(
        reservation_id=reservation.pk,
        saga_id=Saga.objects.get().pk,
        operation_number=2,
        authorization_number=1,
        amount=reservation.amount,
        currency=reservation.currency,
    )


def test_a_hold_that_was_never_to_be_paid_has_nothing_to_void() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(payment_token=None)
    factories.make_due()
    services.end_due_sagas(now=LATER)
    assert types(reservation) == ["ReservationCreated", "ReservationExpired"]


def test_the_seat_sells_again() -> None:
    first = expired()
    assert factories.reserve().departure == first.departure


def test_a_hold_that_has_not_run_out_stays() -> None:
    reservation = factories.pending_reservation()
    assert services.end_due_sagas(now=LATER) == 0
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING


def test_what_is_due_is_decided_by_the_databases_clock_and_not_by_the_callers() -> None:
    factories.pending_reservation()
    assert services.end_due_sagas(now=NOW + timedelta(days=365)) == 0


def test_a_host_whose_clock_is_ahead_ends_no_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.pending_reservation()
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=365))
    assert services.end_due_sagas(now=timezone.now()) == 0


def test_what_is_confirmed_does_not_expire() -> None:
    reservation = factories.confirmed_reservation()
    for _ in range(20):
        factories.make_due()
        services.end_due_sagas(now=LATER)
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED


def test_many_end_in_batches_and_each_once() -> None:
    numbers = [f"{row}A" for row in range(1, deadlines.AT_ONCE + 4)]
    factories.departure(factories.flight(), seats=numbers)
    made = [factories.reserve(seat_number=number) for number in numbers]
    factories.make_due()
    assert [services.end_due_sagas(now=LATER) for _ in range(3)] == [deadlines.AT_ONCE, 3, 0]
    assert not Seat.objects.exclude(status=Seat.Status.FREE).exists()
    for reservation in made:
        assert [row.sequence for row in history(str(reservation.pk))] == [1, 2, 3, 4]


def breaks_for(broken: Reservation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of one reservation can be appended."""
    append = outbox.append_batch

    def break_down(events: Iterable[Any]) -> None:
        appended = list(events)
        if any(source.pk == broken.pk for source, _ in appended):
            raise RuntimeError("broken on purpose")
        append(appended)

    monkeypatch.setattr("outbox.append_batch", break_down)


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, other = factories.pending_reservation(), factories.reserve(seat_number="12B")
    factories.make_due()
    breaks_for(broken, monkeypatch)
    assert services.end_due_sagas(now=LATER) == 2
    for reservation, status in ((broken, "PENDING"), (other, "EXPIRED")):
        reservation.refresh_from_db()
        assert reservation.status == status
    assert Seat.objects.get(number="12A").status == Seat.Status.HELD


@pytest.mark.django_db(transaction=True)
def test_what_fails_says_so_and_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    reservation = factories.pending_reservation()
    factories.make_due()
    with monkeypatch.context() as patch:
        breaks_for(reservation, patch)
        services.end_due_sagas(now=LATER)
    failed = Saga.objects.get()
    assert (failed.step, failed.stuck_at, failed.attempts) == ("AUTHORIZING", LATER, 2)
    assert "broken on purpose" in failed.last_error
    assert services.end_due_sagas(now=LATER) == 0
    factories.make_due()
    services.end_due_sagas(now=LATER)
    assert (Saga.objects.get().step, Saga.objects.get().stuck_at) == ("VOIDING", None)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_postpones_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.pending_reservation()
    factories.make_due()

    def be_away(events: object) -> None:
        raise OperationalError("unable to open database file")

    monkeypatch.setattr("outbox.append_batch", be_away)
    with pytest.raises(OperationalError):
        services.end_due_sagas(now=LATER)
    assert (Saga.objects.get().attempts, Saga.objects.get().stuck_at) == (1, None)


# How long


@override_settings(HOLD_MINUTES=3)
def test_a_hold_lasts_as_long_as_the_setting_says() -> None:
    reservation = factories.pending_reservation()
    assert reservation.hold_expires_at == NOW + timedelta(minutes=3)
    assert Saga.objects.get().deadline_at == reservation.hold_expires_at


@override_settings(HOLD_MINUTES=24 * 60)
def test_a_hold_does_not_outlast_the_departure() -> None:
    departure = factories.departure(factories.flight())
    assert factories.reserve(now=departure.departs_at - timedelta(hours=1)).hold_expires_at == (
        departure.departs_at
    )


# Answers that come too late


@ANSWERS
def test_a_late_answer_changes_nothing_and_is_noted(answer: Answer) -> None:
    reservation = expired()
    before = types(reservation)
    services.signal_saga(answer(reservation.pk), now=LATER)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.version) == (Reservation.Status.EXPIRED, 2)
    assert types(reservation) == before
    told = TimelineEntry.objects.order_by("id").values_list("entry", flat=True)
    assert list(told) == ["created", "expired", "late answer"]


def test_a_late_authorization_leaves_the_seat_to_its_next_owner() -> None:
    reservation = expired()
    next_one = factories.reserve()
    services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.HELD, next_one.pk)


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_is_not_held_by_the_consumer() -> None:
    reservation = expired()
    event = factories.authorized(reservation.pk)
    Inbox("payments", PAYMENTS).apply([incoming(event, key=reservation.pk)])
    assert not HeldMessage.objects.exists()
    assert InboxMark.objects.get().sequence == 1


def test_payment_that_comes_in_time_but_after_the_hold_goes_on() -> None:
    """Nobody has ended it yet: while it is PENDING, the seat is its own."""
    reservation = factories.pending_reservation()
    factories.make_due()
    assert factories.confirm(reservation).status == Reservation.Status.CONFIRMED
    assert services.end_due_sagas(now=LATER) == 0


# A departure that is canceled


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_canceled_departure_cancels_its_reservations_and_takes_the_money_back(
    confirmed: bool,
) -> None:
    reservation = factories.pending_reservation()
    if confirmed:
        factories.tell(PaymentAuthorized, reservation)
        factories.tell(PaymentCaptured, reservation)
    cancel_departure(departure_id=reservation.departure_id)
    assert services.cancel_those_on_canceled_departures(now=LATER) == 1
    assert services.cancel_those_on_canceled_departures(now=LATER) == 0
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELED
    back = "PaymentRefundRequested" if confirmed else "PaymentVoidRequested"
    assert types(reservation)[-2:] == ["ReservationCanceled", back]
    assert '"departure_canceled"' in list(history(str(reservation.pk)))[-2].payload
    assert Seat.objects.get(number="12A").status == Seat.Status.FREE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("confirmed", [False, True])
def test_who_cancels_while_the_departures_reservations_are_read_is_canceled_once(
    confirmed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = factories.pending_reservation()
    if confirmed:
        factories.tell(PaymentAuthorized, reservation)
    cancel_departure(departure_id=reservation.departure_id)
    reads = iter([selectors.on_canceled_departures(20)])
    monkeypatch.setattr(selectors, "on_canceled_departures", lambda limit: next(reads, []))
    services.cancel_reservation(
        reservation_id=reservation.pk, customer_id=None, versions=AnyVersion(), now=NOW
    )
    assert services.cancel_those_on_canceled_departures(now=LATER) == 0
    assert types(reservation).count("ReservationCanceled") == 1


def test_reservations_of_other_departures_stay() -> None:
    flight = factories.flight()
    canceled, other = (factories.departure(flight, in_days=day) for day in (1, 2))
    made = [factories.reserve() for _ in (canceled, other)]
    Departure.objects.filter(pk=canceled.pk).update(status=Departure.Status.CANCELED)
    services.cancel_those_on_canceled_departures(now=LATER)
    assert [Reservation.objects.get(pk=one.pk).status for one in made] == ["CANCELED", "PENDING"]


# The worker


def test_the_worker_cancels_what_is_on_a_canceled_departure() -> None:
    factories.confirmed_reservation()
    Departure.objects.update(status=Departure.Status.CANCELED)
    assert Deadlines().run_once()
    assert Reservation.objects.get().status == Reservation.Status.CANCELED


def test_the_worker_ends_what_is_due_then_rests() -> None:
    factories.pending_reservation()
    factories.make_due()
    worker = Deadlines()
    assert [worker.run_once() for _ in range(3)] == [True, False, False]
    assert Reservation.objects.get().status == Reservation.Status.EXPIRED
    worker.close()


def test_the_worker_closes_and_lets_go_the_departures_whose_time_has_come() -> None:
    departure = factories.departure(factories.flight())
    Departure.objects.update(departs_at=timezone.now() - timedelta(minutes=1))
    assert Deadlines().run_once()
    departure.refresh_from_db()
    assert departure.status == Departure.Status.DEPARTED


def test_the_worker_plans_what_the_horizon_asks_for_then_rests(settings: Settings) -> None:
    settings.HORIZON_DAYS = 3
    factories.flight(seat_rows=1, seat_letters="A C")
    worker = Deadlines()
    assert [worker.run_once() for _ in range(2)] == [True, False]
    assert Departure.objects.count() == 3
    assert Seat.objects.count() == 3 * 2


def test_much_of_one_chore_does_not_keep_the_others_waiting() -> None:
    """Whoever finds something is asked again at once, and the others each time as well."""
    done: list[str] = []

    def chore(name: str, *, finds: bool) -> Chore:
        def work(now: datetime) -> bool:
            done.append(name)
            return finds

        return Chore(work, pause=0)

    worker = Deadlines()
    worker.chores = (chore("busy", finds=True), chore("idle", finds=False))
    assert [worker.run_once() for _ in range(2)] == [True, True]
    assert done == ["busy", "idle"] * 2


def test_the_worker_purges_old_keys() -> None:
    IdempotencyKey.claimed("anna", "k", "f")
    IdempotencyKey.objects.update(created_at=Now() - timedelta(days=2))
    worker = Deadlines()
    assert [worker.run_once() for _ in range(2)] == [True, False]
    assert not IdempotencyKey.objects.exists()


def test_the_command_runs_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr("outbox.worker.Loop.run", lambda loop: ran.append(loop.name))
    call_command("run_deadlines")
    assert ran == ["run_deadlines"]
