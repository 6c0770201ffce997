"""Cancelation and other seats, by who has seen the reservation's version."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client

from booking import services
from booking.models import Departure, Reservation, ReservationPassenger, Saga, Seat, TimelineEntry
from booking.services import Traveler
from contracts.booking import (
    PaymentAuthorizeRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
    ReservationCanceled,
    ReservationChanged,
)
from contracts.payment import PaymentCaptured
from contracts.values import Reason, Settlement
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.http import REQUEST, problem_of

pytestmark = pytest.mark.django_db

Status = Reservation.Status
SEATS = ["12A", "12B", "12C", "12D"]


def booked(*numbers: str, confirmed: bool = False) -> Reservation:
    """A reservation of the trial customer, for passengers 1, 2, …"""
    if not Departure.objects.exists():
        factories.departure(factories.flight(), seats=SEATS)
    travelers = [Traveler(who, number) for who, number in enumerate(numbers or ("12A",), 1)]
    reservation = factories.reserve(customer_id="trial", travelers=travelers)
    return factories.confirm(reservation) if confirmed else reservation


def path(reservation: Reservation, more: str = "") -> str:
    return f"/api/reservations/{reservation.pk}{more}"


def cancel(client: Client, reservation: Reservation, version: str | None = '"1"') -> Any:
    headers = {"if-match": version} if version is not None else {}
    return client.post(path(reservation, "/cancelation"), headers=headers)


def change(client: Client, reservation: Reservation, body: Any, version: str | None = '"1"') -> Any:
    headers = {"if-match": version} if version is not None else {}
    return client.patch(path(reservation), body, "application/json", headers=headers)


def move(who: int, to: str) -> dict[str, Any]:
    return {"passengers": [{"passenger_id": who, "seat_number": to}]}


def seats() -> dict[str, tuple[str, Any]]:
    """What every seat that is not free is, and whose."""
    taken = Seat.objects.exclude(status=Seat.Status.FREE)
    return {seat.number: (seat.status, seat.reservation_id) for seat in taken}


def last_event(reservation: Reservation, type_: Any, *, back: int = 1) -> Any:
    rows = list(history(str(reservation.pk)))
    assert rows[-back].type == type_.type
    return msgspec.json.decode(rows[-back].payload, type=type_)


# Conditions


@pytest.mark.parametrize("send", [cancel, lambda *a: change(a[0], a[1], {}, a[2])])
def test_a_change_must_say_what_it_was_decided_on(client: Client, send: Any) -> None:
    reservation = booked()
    problem_of(send(client, reservation, None), 428, "precondition-required")


@pytest.mark.parametrize("version", ['"2"', 'W/"1"', "1", '"x"', "", '"01"', '"2", "3"'])
def test_a_change_decided_on_another_version_is_refused(client: Client, version: str) -> None:
    reservation = booked()
    problem_of(cancel(client, reservation, version), 412, "stale-version")
    refused = change(client, reservation, {"seat_number": "12B"}, version)
    problem_of(refused, 412, "stale-version")
    assert seats() == {"12A": (Seat.Status.HELD, reservation.pk)}


@pytest.mark.parametrize("version", ['"1"', '"9", "1"', "*", ' "1" '])
def test_a_change_decided_on_this_version_is_made(client: Client, version: str) -> None:
    assert cancel(client, booked(), version).status_code == 200


def test_the_etag_is_the_version_at_every_door(client: Client) -> None:
    reservation = booked()
    tag = client.get(path(reservation)).headers["ETag"]
    assert tag == '"1"'
    changed = change(client, reservation, {"seat_number": "12B"}, tag)
    assert changed.headers["ETag"] == '"2"' == client.get(path(reservation)).headers["ETag"]
    assert changed.json() == client.get(path(reservation)).json()
    assert cancel(client, reservation, changed.headers["ETag"]).status_code == 200


# Whose


@pytest.fixture
def stranger() -> Client:
    """Signed in, and no member of the staff."""
    client = Client()
    client.force_login(User.objects.create_user("bo"))
    return client


def test_nobody_changes_what_is_somebody_elses(stranger: Client) -> None:
    reservation = booked()
    held = factories.reserve(customer_id="trial", seat_number="12D", payment_token=None)
    pay = stranger.post(path(held, "/payment"), {}, "application/json")
    answers = [
        cancel(stranger, reservation),
        cancel(stranger, reservation, None),
        change(stranger, reservation, {"seat_number": "12B"}),
        pay,
    ]
    for answer in answers:
        problem_of(answer, 404, "unknown-reservation")
    assert set(seats()) == {"12A", "12D"}


def test_what_is_not_there_is_answered_like_what_is_somebody_elses(
    stranger: Client, client: Client
) -> None:
    url = f"/api/reservations/{uuid4()}/cancelation"
    assert client.post(url).content == cancel(stranger, booked()).content


def test_the_staff_changes_everybodys(admin_client: Client) -> None:
    assert cancel(admin_client, booked()).status_code == 200


# Canceling what is PENDING


def test_a_pending_reservation_is_canceled_and_its_seats_are_free(client: Client) -> None:
    reservation = booked("12A", "12B")
    answer = cancel(client, reservation)
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
    assert seats() == {}
    waiting = Saga.objects.get()
    assert (waiting.kind, waiting.step, waiting.live) == ("BUYING", "VOIDING", reservation.pk)


def test_what_its_card_was_asked_for_is_taken_back(client: Client) -> None:
    reservation = booked()
    cancel(client, reservation)
    said = last_event(reservation, ReservationCanceled, back=2)
    assert (said.reason, said.settlement) == (Reason(code="customer"), None)
    void = last_event(reservation, PaymentVoidRequested)
    assert (void.operation_number, void.authorization_number) == (2, 1)
    assert (void.saga_id, void.amount) == (Saga.objects.get().pk, reservation.amount)


def test_a_late_authorization_of_what_is_canceled_is_noted(client: Client) -> None:
    reservation = booked()
    cancel(client, reservation)
    services.signal_saga(factories.authorized(reservation.pk), now=NOW)
    reservation.refresh_from_db()
    assert reservation.status == Status.CANCELED
    assert TimelineEntry.objects.latest("id").entry == "late answer"


@pytest.mark.parametrize("body", ["{", '{"reason": "rain"}', "[]"])
def test_a_cancelation_that_says_more_than_there_is_to_say_is_refused(
    client: Client, body: str
) -> None:
    reservation = booked()
    url, headers = path(reservation, "/cancelation"), {"if-match": "*"}
    assert client.post(url, body, "application/json", headers=headers).status_code == 400
    assert set(seats()) == {"12A"}


# Canceling what is CONFIRMED


def test_a_confirmed_reservation_is_canceled_and_its_sold_seats_are_free(client: Client) -> None:
    reservation = booked("12A", "12B", confirmed=True)
    answer = cancel(client, reservation, '"2"')
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
    assert seats() == {}


def test_what_is_charged_is_refunded_by_a_saga_of_its_own(client: Client) -> None:
    reservation = booked(confirmed=True)
    factories.tell(PaymentCaptured, reservation)
    cancel(client, reservation, '"3"')
    canceling = Saga.objects.get(kind=Saga.Kind.CANCELING)
    assert (canceling.step, canceling.live) == ("REFUNDING", reservation.pk)
    refund = last_event(reservation, PaymentRefundRequested)
    assert (refund.saga_id, refund.operation_number) == (canceling.pk, 3)
    assert (refund.authorization_number, refund.amount) == (1, reservation.amount)
    said = last_event(reservation, ReservationCanceled, back=2)
    assert said.settlement == Settlement(currency="EUR", charged=0, refunded=reservation.amount)


def test_while_the_charge_is_under_way_its_outcome_is_waited_for(client: Client) -> None:
    reservation = booked(confirmed=True)
    cancel(client, reservation, '"2"')
    waiting = Saga.objects.get()
    assert (waiting.kind, waiting.step) == ("BUYING", "WITHDRAWING")
    said = last_event(reservation, ReservationCanceled)
    assert said.settlement == Settlement(currency="EUR", charged=0, refunded=reservation.amount)


def test_what_has_been_flown_is_not_canceled(client: Client) -> None:
    reservation = booked(confirmed=True)
    Departure.objects.update(departs_at="2020-01-01T00:00Z")
    problem_of(cancel(client, reservation, '"2"'), 409, "departure-departed")


@pytest.mark.parametrize("status", [Status.CANCELED, Status.REJECTED, Status.EXPIRED])
def test_what_has_ended_is_neither_canceled_nor_changed(client: Client, status: Status) -> None:
    departure = factories.departure(factories.flight())
    reservation = factories.row(departure, status=status, customer_id="trial")
    problem_of(cancel(client, reservation), 409, "reservation-final")
    problem_of(change(client, reservation, {"seat_number": "12B"}), 409, "reservation-final")


def test_a_canceled_reservations_seats_sell_again(client: Client) -> None:
    reservation = booked()
    cancel(client, reservation)
    assert booked().departure == reservation.departure


# Other seats


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_seat_is_given_for_another(client: Client, confirmed: bool) -> None:
    reservation = booked(confirmed=confirmed)
    answer = change(client, reservation, {"seat_number": "12c"}, "*")
    assert answer.status_code == 200
    assert answer.json()["seat_number"] == "12C"
    status = Seat.Status.SOLD if confirmed else Seat.Status.HELD
    assert seats() == {"12C": (status, reservation.pk)}


def test_a_changed_reservation_is_confirmed_with_its_new_seat(client: Client) -> None:
    reservation = booked()
    change(client, reservation, {"seat_number": "12C"})
    assert factories.confirm(reservation).status == Status.CONFIRMED
    assert seats() == {"12C": (Seat.Status.SOLD, reservation.pk)}


def test_the_event_says_what_was_and_what_is(client: Client) -> None:
    reservation = booked("12A", "12B")
    before = reservation.summary(reservation.party)
    change(client, reservation, move(2, "12D"))
    reservation.refresh_from_db()
    passengers = list(reservation.passengers.order_by("id"))
    assert last_event(reservation, ReservationChanged) == ReservationChanged(
        reservation_id=reservation.pk,
        reservation=reservation.summary(passengers),
        previous_itinerary=before.itinerary,
        previous_passengers=before.passengers,
        price=reservation.price(),
    )
    assert [p.seat_number for p in passengers] == ["12A", "12D"]


def test_passengers_swap_their_seats(client: Client) -> None:
    reservation = booked("12A", "12B")
    swap = {
        "passengers": [
            {"passenger_id": 1, "seat_number": "12B"},
            {"passenger_id": 2, "seat_number": "12A"},
        ]
    }
    answer = change(client, reservation, swap)
    assert [p["seat_number"] for p in answer.json()["passengers"]] == ["12B", "12A"]
    assert answer.json()["seat_number"] == "12B"
    assert set(seats()) == {"12A", "12B"}


def test_who_passengers_are_stays_with_them(client: Client) -> None:
    reservation = booked("12A", "12B")
    ReservationPassenger.objects.filter(passenger_id=2).update(surname="Berg", type="CHILD")
    change(client, reservation, move(2, "12C"))
    moved = ReservationPassenger.objects.get(passenger_id=2)
    assert (moved.seat_number, moved.surname, moved.type) == ("12C", "Berg", "CHILD")


def test_the_seats_that_are_there_already_change_nothing(client: Client) -> None:
    reservation = booked()
    answer = change(client, reservation, {"seat_number": "12A"})
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert history(str(reservation.pk)).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_seat_that_is_taken_is_named_with_its_nearest(client: Client) -> None:
    reservation = booked("12A", "12B")
    other = booked("12C")
    both = {
        "passengers": [
            {"passenger_id": 1, "seat_number": "12D"},
            {"passenger_id": 2, "seat_number": "12C"},
        ]
    }
    problem = problem_of(change(client, reservation, both), 409, "seat-taken")
    assert (problem["seats"], problem["nearest_free"]) == (["12C"], [])
    assert seats() == {
        "12A": (Seat.Status.HELD, reservation.pk),
        "12B": (Seat.Status.HELD, reservation.pk),
        "12C": (Seat.Status.HELD, other.pk),
    }
    reservation.refresh_from_db()
    assert reservation.version == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"seat_number": "31A"}, 404, "unknown-seat"),
        ({"seat_number": "12B"}, 400, "seat-twice"),
        (move(7, "12C"), 404, "unknown-passenger"),
        ({"passengers": 2 * move(1, "12C")["passengers"]}, 400, "passenger-twice"),
        ({}, 400, "invalid-request"),
        ({"seat_number": "12C", **move(1, "12C")}, 400, "invalid-request"),
        ({"seat_number": "x"}, 400, "invalid-request"),
        ({"status": "CONFIRMED"}, 400, "invalid-request"),
        ({"passengers": []}, 400, "invalid-request"),
    ],
)
def test_seats_that_cannot_be_had_are_refused(
    client: Client, body: Any, status: int, code: str
) -> None:
    reservation = booked("12A", "12B")
    problem_of(change(client, reservation, body), status, code)
    assert set(seats()) == {"12A", "12B"}


def test_a_seat_of_another_cabin_is_refused(client: Client) -> None:
    reservation = booked()
    Seat.objects.filter(number="12C").update(cabin="BUSINESS")
    problem_of(change(client, reservation, {"seat_number": "12C"}), 404, "unknown-seat")


def test_a_closed_departure_changes_no_seats(client: Client) -> None:
    reservation = booked(confirmed=True)
    Departure.objects.update(status=Departure.Status.CLOSED)
    refused = change(client, reservation, {"seat_number": "12C"}, "*")
    problem_of(refused, 409, "departure-closed")


def test_other_seats_keep_the_tickets(client: Client) -> None:
    reservation = booked("12A", "12B", confirmed=True)
    factories.tell(PaymentCaptured, reservation)
    before = list(reservation.passengers.order_by("id").values_list("ticket_number", flat=True))
    swap = [{"passenger_id": 1, "seat_number": "12B"}, {"passenger_id": 2, "seat_number": "12A"}]
    answer = change(client, reservation, {"passengers": swap}, "*").json()
    assert [passenger["ticket_number"] for passenger in answer["passengers"]] == before
    assert all(before)


# Unpaid holds


def hold(client: Client, **facts: Any) -> Any:
    factories.departure(factories.flight(), seats=SEATS)
    body = {"passenger_id": 1, "flight_number": 1001, "seat_number": "12A", **facts}
    return client.post("/api/reservations?hold=true", body, "application/json")


def pay(client: Client, reservation: Reservation, body: Any = None, **headers: str) -> Any:
    url = path(reservation, "/payment")
    return client.post(url, body or {}, "application/json", headers=headers)


def test_a_hold_waits_to_be_paid(client: Client) -> None:
    answer = hold(client)
    assert (answer.status_code, answer.json()["status"]) == (201, "PENDING")
    assert Saga.objects.get().step == "HOLDING"
    assert not history(answer.json()["id"]).filter(type=PaymentAuthorizeRequested.type).exists()
    assert TimelineEntry.objects.get().detail == "seat 12A held, to be paid"


def test_a_hold_that_is_paid_goes_on_to_confirmed(client: Client) -> None:
    hold(client)
    reservation = Reservation.objects.get()
    answer = pay(client, reservation, {"payment_token": "tok_mine"})
    assert (answer.status_code, answer.headers["ETag"]) == (202, '"2"')
    asked = history(str(reservation.pk)).get(type=PaymentAuthorizeRequested.type)
    assert '"payment_token":"tok_mine"' in asked.payload
    assert '"operation_number":1' in asked.payload
    assert factories.confirm(reservation).status == Status.CONFIRMED


def test_paying_makes_a_hold_no_longer(client: Client) -> None:
    hold(client)
    before = Saga.objects.get().deadline_at
    pay(client, Reservation.objects.get())
    assert Saga.objects.get().deadline_at == before


def test_a_paid_hold_that_runs_out_is_voided(client: Client) -> None:
    hold(client)
    reservation = Reservation.objects.get()
    pay(client, reservation)
    factories.make_due()
    services.end_due_sagas(now=NOW)
    assert last_event(reservation, PaymentVoidRequested).operation_number == 2


def test_a_hold_is_paid_once(client: Client) -> None:
    hold(client)
    pay(client, Reservation.objects.get())
    problem_of(pay(client, Reservation.objects.get()), 409, "not-payable")
    asked = history(str(Reservation.objects.get().pk)).filter(type=PaymentAuthorizeRequested.type)
    assert asked.count() == 1


def test_a_payment_that_is_sent_again_under_its_key_gets_its_answer(client: Client) -> None:
    hold(client)
    sent = [pay(client, Reservation.objects.get(), **{"idempotency-key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].content == sent[1].content


def test_what_was_asked_for_payment_at_once_is_not_paid_again(client: Client) -> None:
    problem_of(pay(client, booked()), 409, "not-payable")


def test_a_hold_that_has_run_out_is_not_paid(client: Client) -> None:
    hold(client)
    Reservation.objects.update(hold_expires_at=NOW - timedelta(days=7000))
    problem_of(pay(client, Reservation.objects.get()), 409, "hold-expired")


def test_an_unpaid_hold_is_canceled_without_a_void(client: Client) -> None:
    hold(client)
    reservation = Reservation.objects.get()
    cancel(client, reservation)
    last_event(reservation, ReservationCanceled)


def test_no_card_comes_with_a_hold(client: Client) -> None:
    problem_of(hold(client, payment_token="tok"), 400, "invalid-request")


@pytest.mark.parametrize("status", ["CLOSED", "DEPARTED", "CANCELED"])
def test_a_hold_is_not_paid_once_its_departure_sells_no_more(client: Client, status: str) -> None:
    hold(client)
    Departure.objects.update(status=status)
    problem_of(pay(client, Reservation.objects.get()), 409, f"departure-{status.lower()}")
    assert Saga.objects.get().step == "HOLDING"


@pytest.mark.parametrize("query", ["hold=maybe", "hold=", "hold=true&hold=false"])
def test_hold_is_true_or_false(client: Client, query: str) -> None:
    problem_of(client.post(f"/api/reservations?{query}", {}), 400, "malformed-hold")


@pytest.mark.parametrize("query", ["holdd=true", "Hold=true", "hold=true&x="])
def test_who_mistypes_hold_is_not_charged(client: Client, query: str) -> None:
    factories.departure(factories.flight())
    answer = client.post(f"/api/reservations?{query}", REQUEST, content_type="application/json")
    problem_of(answer, 400, "invalid-request")
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("token", ["", 7, "4111111111111111"])
def test_a_payment_without_a_usable_token_is_refused(client: Client, token: Any) -> None:
    hold(client)
    refused = pay(client, Reservation.objects.get(), {"payment_token": token})
    problem_of(refused, 400, "invalid-request")
