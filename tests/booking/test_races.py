"""Races over the life of reservations: whoever wins, seats and reservations agree afterwards."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from booking import services
from booking.models import Departure, Reservation, Seat
from contracts.booking import PaymentVoidRequested
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.agreement import (
    ENDED,
    assert_seats_and_reservations_agree,
    assert_what_ended_is_voided,
)
from tests.booking.factories import NOW
from tests.booking.http import post
from tests.threads import at_once, results

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

Status = Reservation.Status
ROUNDS = pytest.mark.parametrize(
    "rounds", [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)


def ask(numbers: str, *, who: int = 1, **facts: Any) -> Callable[[], Any]:
    """A POST for these seats, such as "12A 12B", by passengers `who` and after."""
    passengers = [
        {"passenger_id": who + place, "seat_number": number}
        for place, number in enumerate(numbers.split())
    ]
    body = {"flight_number": 1001, "passengers": passengers, **facts}
    return lambda: post(Client(), body)


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_fifty_want_one_seat_on_a_date_and_one_gets_it() -> None:
    factories.departure(factories.flight())
    wants = ask("12A", departure_date="2040-01-11")
    assert statuses(results(at_once([wants] * 50))) == {201: 1, 409: 49}
    assert_seats_and_reservations_agree()


@ROUNDS
def test_groups_that_want_overlapping_seats_in_opposite_order_get_all_or_none(rounds: int) -> None:
    flight = factories.flight()
    numbers = [f"{row}{letter}" for row in (9, 10, 11) for letter in "ABC"]
    for day in range(1, rounds + 1):
        departure = factories.departure(flight, in_days=day, seats=numbers)
        asks = []
        for place in range(8):
            group = [numbers[(place + step) % 9] for step in range(4)]
            ordered = group if place % 2 else group[::-1]
            asks.append(ask(" ".join(ordered), departure_date=str(departure.date)))
        answers = results(at_once(asks))
        assert set(statuses(answers)) == {201, 409}
        assert_seats_and_reservations_agree()
        held = Seat.objects.filter(departure=departure, status=Seat.Status.HELD)
        assert held.count() == 4 * statuses(answers)[201]


def test_groups_that_name_no_seats_fill_a_departure_to_its_last_seat() -> None:
    numbers = [f"{row}{letter}" for row in range(1, 11) for letter in "ABC"]
    factories.departure(factories.flight(), seats=numbers)
    people = [{"passenger_id": who} for who in (1, 2, 3)]
    body = {"flight_number": 1001, "passengers": people}
    answers = results(at_once([lambda: post(Client(), body)] * 14))
    assert statuses(answers) == {201: 10, 409: 4}
    assert not Seat.objects.filter(status=Seat.Status.FREE).exists()
    assert_seats_and_reservations_agree()
    for answer in answers:
        if answer.status_code == 201:
            rows = {passenger["seat_number"][:-1] for passenger in answer.json()["passengers"]}
            assert len(rows) == 1


def test_groups_without_a_date_that_overlap_find_other_departures() -> None:
    flight = factories.flight()
    for day in range(1, 13):
        factories.departure(flight, in_days=day, seats=["1A", "1B", "1C"])
    asks = [ask("1A 1B"), ask("1B 1A"), ask("1C 1B"), ask("1B 1C")] * 3
    assert statuses(results(at_once(asks))) == {201: 12}
    assert_seats_and_reservations_agree()


# One reservation, and two who decide over it


def pending(count: int) -> list[Reservation]:
    numbers = [f"{row}A" for row in range(1, count + 1)]
    departure = factories.departure(
        factories.flight(), seats=[*numbers, *(f"{row}B" for row in range(1, count + 1))]
    )
    assert departure.pk
    return [factories.reserve(customer_id="trial", seat_number=number) for number in numbers]


def approve(reservation: Reservation) -> Callable[[], Any]:
    return partial(services.signal_saga, factories.authorized(reservation.pk), now=NOW)


def expire() -> None:
    """Like the worker: again while there is any."""
    while services.end_due_sagas(now=NOW):
        pass


def cancel(reservation: Reservation) -> Callable[[], Any]:
    url = f"/api/reservations/{reservation.pk}/cancelation"
    return lambda: Client().post(url, headers={"if-match": "*"})


def reseat(reservation: Reservation, number: str) -> Callable[[], Any]:
    url, body = f"/api/reservations/{reservation.pk}", {"seat_number": number}
    return lambda: Client().patch(url, body, "application/json", headers={"if-match": "*"})


@ROUNDS
def test_holds_run_out_while_approvals_come_and_several_workers_look(rounds: int) -> None:
    made = pending(min(5 * rounds, 60))
    factories.make_due()
    random.shuffle(made)
    results(at_once([expire, expire, *(approve(reservation) for reservation in made[:20])]))
    found = Counter(Reservation.objects.values_list("status", flat=True))
    assert set(found) <= {Status.CONFIRMED, Status.EXPIRED}
    assert sum(found.values()) == len(made)
    assert_seats_and_reservations_agree()
    assert_what_ended_is_voided()


@ROUNDS
def test_cancelations_race_confirmations(rounds: int) -> None:
    """Whichever comes first, it ends canceled: what is confirmed may be canceled too."""
    made = [factories.at_list_price(one) for one in pending(min(4 * rounds, 40))]
    for reservation in made:
        canceled, _ = results(at_once([cancel(reservation), approve(reservation)]))
        assert canceled.status_code == 200
    assert set(Reservation.objects.values_list("status", flat=True)) == {Status.CANCELED}
    assert_seats_and_reservations_agree()
    assert_what_ended_is_voided()


@ROUNDS
def test_a_cancelation_races_the_hold_that_runs_out(rounds: int) -> None:
    made = pending(min(4 * rounds, 40))
    factories.make_due()
    answers = results(at_once([expire, *(cancel(reservation) for reservation in made[:20])]))
    assert set(statuses([a for a in answers if a is not None])) <= {200, 409}
    expire()
    assert set(Reservation.objects.values_list("status", flat=True)) <= ENDED
    assert_seats_and_reservations_agree()
    assert_what_ended_is_voided()


@pytest.mark.parametrize("confirmed", [False, True])
def test_several_cancelations_at_once_leave_one_void(confirmed: bool) -> None:
    reservation = factories.at_list_price(pending(1)[0])
    if confirmed:
        factories.confirm(reservation)
    assert statuses(results(at_once([cancel(reservation)] * 4))) == {200: 1, 409: 3}
    assert_seats_and_reservations_agree()
    assert_what_ended_is_voided()


@ROUNDS
def test_other_seats_race_confirmation_cancelation_and_each_other(rounds: int) -> None:
    made = pending(min(4 * rounds, 24))
    for reservation in made:
        row = reservation.seat_number[:-1]
        answers = results(
            at_once(
                [
                    reseat(reservation, f"{row}B"),
                    reseat(reservation, reservation.seat_number),
                    approve(reservation),
                    cancel(reservation),
                ]
            )
        )
        told = statuses([answer for answer in answers if answer is not None])
        assert set(told) <= {200, 409}
        assert_seats_and_reservations_agree()


def test_two_who_want_each_others_seats_both_keep_their_own() -> None:
    first, second = pending(2)
    for _ in range(5):
        swap = [reseat(first, second.seat_number), reseat(second, first.seat_number)]
        assert statuses(results(at_once(swap))) == {409: 2}
    assert_seats_and_reservations_agree()


def test_a_canceled_departure_races_approvals_and_customers() -> None:
    made = pending(12)
    Departure.objects.update(status=Departure.Status.CANCELED)

    def strand() -> None:
        while services.cancel_those_on_canceled_departures(now=NOW):
            pass

    results(at_once([strand, strand, *map(approve, made[:6]), *map(cancel, made[4:])]))
    strand()
    assert set(Reservation.objects.values_list("status", flat=True)) == {Status.CANCELED}
    assert_seats_and_reservations_agree()
    assert_what_ended_is_voided()


def test_many_who_want_one_other_seat_are_told_who_has_it() -> None:
    made = pending(8)
    assert statuses(results(at_once([reseat(one, "1B") for one in made]))) == {200: 1, 409: 7}
    assert_seats_and_reservations_agree()


def test_a_hold_is_paid_once_however_many_pay_it() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(customer_id="trial", payment_token=None)
    url = f"/api/reservations/{reservation.pk}/payment"
    paid = results(at_once([lambda: Client().post(url, {}, "application/json")] * 6))
    assert statuses(paid) == {202: 1, 409: 5}
    assert OutboxEvent.objects.count() == 2
    assert_seats_and_reservations_agree()


def test_a_payment_races_the_hold_that_runs_out() -> None:
    for day in range(1, 6):
        if day == 1:
            factories.departure(factories.flight(), in_days=day)
        else:
            factories.departure(Departure.objects.all()[0].flight, in_days=day)
        reservation = factories.reserve(customer_id="trial", payment_token=None)
        url = f"/api/reservations/{reservation.pk}/payment"
        factories.make_due()
        pay: Callable[[], Any] = partial(Client().post, url, {}, "application/json")
        at_once([pay, expire])
        expire()
        reservation.refresh_from_db()
        assert reservation.status == Status.EXPIRED
        void = OutboxEvent.objects.filter(key=str(reservation.pk), type=PaymentVoidRequested.type)
        assert void.count() == reservation.payment_operations // 2
    assert_seats_and_reservations_agree()
