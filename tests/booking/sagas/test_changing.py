"""The changing saga: the new seats before the old are given up, all or nothing."""

from datetime import timedelta
from typing import Any

import pytest

from booking import services
from booking.models import Departure, Reservation, ReservationPassenger, Saga, Seat
from booking.preconditions import AnyVersion
from booking.saga import PATIENCE
from contracts.booking import (
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
    ReservationCanceled,
    ReservationChanged,
    ReservationChangeRejected,
)
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)
from contracts.values import Penalty
from outbox import registry
from outbox.events import history
from tests.booking import factories
from tests.booking.agreement import assert_seats_and_reservations_agree
from tests.booking.factories import NOW, tell
from tests.booking.fare import Fare, asked_directly

pytestmark = pytest.mark.django_db

DAY = (NOW + timedelta(days=2)).date()
OTHER_DAY = (NOW + timedelta(days=3)).date()
FEE = 3000


@pytest.fixture(autouse=True)
def fare(monkeypatch: pytest.MonkeyPatch) -> Fare:
    """Fare, asked without a socket: what was bought costs as much on any day."""
    made = Fare()
    asked_directly(made, monkeypatch)
    return made


def change(reservation: Reservation, day: Any = DAY, **facts: Any) -> Saga:
    """Quote and confirm; the saga that does it."""
    who: dict[str, Any] = {"reservation_id": reservation.pk, "customer_id": "trial", "now": NOW}
    quoted = services.quote_change(**who, departure_date=day, seats=facts.pop("seats", {}))
    facts = {"payment_token": "tok_approve", "versions": AnyVersion(), **facts}
    saga = services.change_departure(**who, quote_id=quoted.quote_id, **facts)
    reservation.refresh_from_db()
    return saga


def changing(seats: str = "12A", **conditions: Any) -> Reservation:
    """Bought, and to be changed for a fee, for which the card is asked."""
    reservation = factories.bought(seats, **conditions)
    change(reservation)
    return reservation


def capturing(**conditions: Any) -> Reservation:
    reservation = changing(**conditions)
    tell(PaymentAuthorized, reservation)
    return reservation


def cancel(reservation: Reservation, *, quoted: bool = True) -> Reservation:
    """The customer gives it up, as it was quoted; the staff without a quote."""
    who: dict[str, Any] = {"reservation_id": reservation.pk, "now": NOW}
    customer = "trial" if quoted else None
    quote = services.quote_cancelation(**who, customer_id=customer).quote_id if quoted else None
    canceled = services.cancel_reservation(
        **who, customer_id=customer, versions=AnyVersion(), quote_id=quote
    )
    reservation.refresh_from_db()
    return canceled


def the_change(reservation: Reservation) -> Saga:
    return Saga.objects.filter(reservation=reservation, kind="CHANGING").latest("id")


def answer(kind: type[PaymentEvent], reservation: Reservation, **facts: Any) -> Saga:
    """Payment answers the change, whatever came after it."""
    services.signal_saga(factories.answer(kind, the_change(reservation), **facts), now=NOW)
    reservation.refresh_from_db()
    return the_change(reservation)


def events(reservation: Reservation) -> list[Any]:
    rows: Any = history(str(reservation.pk))
    return [registry.decode(row.type, row.payload) for row in rows]


def told(reservation: Reservation, kind: Any) -> list[Any]:
    return [event for event in events(reservation) if isinstance(event, kind)]


def given_back(reservation: Reservation) -> list[tuple[int, int]]:
    """What is asked for, each with the authorization it is about."""
    refunds = told(reservation, PaymentRefundRequested)
    return [(one.authorization_number, one.amount) for one in refunds]


def seats(reservation: Reservation) -> list[tuple[int, str, str]]:
    own = Seat.objects.filter(reservation=reservation).order_by("departure__date", "number")
    return [(seat.departure.date.day, seat.number, seat.status) for seat in own]


def assert_as_it_was(reservation: Reservation, reason: str) -> None:
    """Confirmed on the first day's seat, and told why it was not changed."""
    assert (reservation.status, reservation.amount) == ("CONFIRMED", factories.PRICE)
    assert reservation.departure.date.day == 11
    assert seats(reservation) == [(11, "12A", "SOLD")]
    [rejected] = told(reservation, ReservationChangeRejected)
    assert (rejected.reason.code, rejected.wanted.departure_date) == (reason, DAY)
    assert rejected.reservation.itinerary.departure_date.day == 11
    assert told(reservation, ReservationChanged) == []
    assert_seats_and_reservations_agree()


# All goes well


def test_the_fee_is_charged_before_the_seats_are_swapped() -> None:
    reservation = changing()
    assert seats(reservation) == [(11, "12A", "SOLD"), (12, "12A", "HELD")]
    assert tell(PaymentAuthorized, reservation).step == "CAPTURING"
    assert seats(reservation) == [(11, "12A", "SOLD"), (12, "12A", "HELD")]
    assert_seats_and_reservations_agree()
    done = tell(PaymentCaptured, reservation)
    assert (done.step, done.live, done.deadline_at) == ("DONE", None, None)
    assert seats(reservation) == [(12, "12A", "SOLD")]
    assert (reservation.departure.date, reservation.amount) == (DAY, factories.PRICE + FEE)
    assert_seats_and_reservations_agree()


def test_what_has_changed_is_told_with_what_it_was_and_costs() -> None:
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    [changed] = told(reservation, ReservationChanged)
    assert changed.reservation.itinerary.departure_date == DAY
    assert changed.previous_itinerary.departure_date.day == 11
    assert changed.previous_passengers == changed.reservation.passengers
    assert changed.price.total == factories.PRICE + FEE == reservation.amount
    assert (changed.settlement.charged, changed.settlement.refunded) == (FEE, 0)
    assert reservation.timeline.latest("id").entry == "changed"


def test_the_authorization_of_a_change_is_another_than_that_which_bought() -> None:
    reservation = capturing()
    asked = told(reservation, PaymentAuthorizeRequested)[-1]
    assert (asked.operation_number, asked.amount) == (3, FEE)
    capture = told(reservation, PaymentCaptureRequested)[-1]
    assert (capture.authorization_number, capture.amount) == (3, FEE)


def test_tickets_stay_valid() -> None:
    reservation = changing("12A 12B")
    before = set(reservation.passengers.values_list("passenger_id", "ticket_number"))
    tell(PaymentAuthorized, reservation)
    tell(PaymentCaptured, reservation)
    assert set(reservation.passengers.values_list("passenger_id", "ticket_number")) == before


def test_a_passenger_who_has_a_birthday_meanwhile_flies_as_what_they_are_then() -> None:
    reservation = factories.bought()
    ReservationPassenger.objects.update(date_of_birth=DAY.replace(year=DAY.year - 12), type="CHILD")
    change(reservation)
    tell(PaymentAuthorized, reservation)
    tell(PaymentCaptured, reservation)
    assert reservation.passengers.get().type == "ADULT"


def test_what_was_changed_can_be_changed_again() -> None:
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    change(reservation, OTHER_DAY)
    tell(PaymentAuthorized, reservation)
    tell(PaymentCaptured, reservation)
    assert seats(reservation) == [(13, "12A", "SOLD")]
    assert reservation.amount == factories.PRICE + 2 * FEE


def test_the_seats_that_were_given_up_sell_again() -> None:
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    other = factories.reserve(customer_id="eva")
    assert other.departure.date.day == 11


# It does not come about


def test_a_declined_card_leaves_it_as_it_was() -> None:
    reservation = changing()
    ended = tell(PaymentDeclined, reservation)
    assert (ended.step, ended.live) == ("COMPENSATED", None)
    assert_as_it_was(reservation, "not_possible")
    assert told(reservation, PaymentVoidRequested) == []


def test_a_charge_that_is_refused_leaves_it_as_it_was_and_is_voided() -> None:
    reservation = capturing()
    assert tell(PaymentCaptureFailed, reservation).step == "VOIDING"
    assert_as_it_was(reservation, "capture_refused")
    [void] = told(reservation, PaymentVoidRequested)
    assert (void.authorization_number, void.amount) == (3, FEE)
    assert tell(PaymentVoided, reservation).step == "COMPENSATED"


def time_out(reservation: Reservation) -> Saga:
    factories.make_due(reservation)
    assert services.end_due_sagas(now=NOW) == 1
    reservation.refresh_from_db()
    return the_change(reservation)


def test_a_card_that_is_not_authorized_in_time_leaves_it_as_it_was() -> None:
    reservation = changing()
    assert time_out(reservation).step == "VOIDING"
    assert_as_it_was(reservation, "payment_timed_out")
    assert told(reservation, PaymentVoidRequested)[0].authorization_number == 3
    assert tell(PaymentAuthorized, reservation).step == "VOIDING"
    assert tell(PaymentVoided, reservation).step == "COMPENSATED"


def test_a_change_is_authorized_within_the_time_of_a_hold(settings: Any) -> None:
    settings.HOLD_MINUTES = 7
    changing()
    saga = Saga.objects.get(kind="CHANGING")
    assert saga.deadline_at == NOW + timedelta(minutes=7)


@pytest.mark.parametrize("status", ["CANCELED", "CLOSED"])
def test_a_wanted_departure_that_does_not_sell_any_more_gives_the_charge_back(
    status: str,
) -> None:
    reservation = capturing()
    Departure.objects.filter(date=DAY).update(status=status)
    assert tell(PaymentCaptured, reservation).step == "REFUNDING"
    assert_as_it_was(reservation, f"departure_{status.lower()}")
    [refund] = told(reservation, PaymentRefundRequested)
    assert (refund.authorization_number, refund.amount) == (3, FEE)
    assert tell(PaymentRefunded, reservation).step == "COMPENSATED"
    assert (reservation.status, seats(reservation)) == ("CONFIRMED", [(11, "12A", "SOLD")])


def test_seats_that_were_held_for_it_sell_again() -> None:
    reservation = changing()
    tell(PaymentDeclined, reservation)
    other = factories.reserve(customer_id="eva", departure_date=DAY)
    assert other.seat_number == "12A"


def test_after_a_rejection_it_can_be_changed_again() -> None:
    reservation = changing()
    tell(PaymentDeclined, reservation)
    change(reservation)
    tell(PaymentAuthorized, reservation)
    assert tell(PaymentCaptured, reservation).step == "DONE"


def test_what_cannot_be_voided_is_refunded() -> None:
    reservation = capturing()
    tell(PaymentCaptureFailed, reservation)
    assert tell(PaymentVoidFailed, reservation).step == "REFUNDING"
    assert told(reservation, PaymentRefundRequested)[0].amount == FEE


# A charge is asked for again


def test_a_deadline_asks_for_the_charge_again_and_then_an_operator() -> None:
    reservation = capturing()
    for _ in range(PATIENCE.attempts):
        stuck = time_out(reservation)
    assert (stuck.step, stuck.stuck_at) == ("CAPTURING", NOW)
    asked = told(reservation, PaymentCaptureRequested)
    assert [one.operation_number for one in asked[1:]] == [4] * PATIENCE.attempts
    assert seats(reservation) == [(11, "12A", "SOLD"), (12, "12A", "HELD")]
    assert tell(PaymentCaptured, reservation).step == "DONE"


def act(reservation: Reservation, what: Any) -> Saga:
    saga: Saga = what(
        saga_id=the_change(reservation).pk, actor="eva", reason="they called", now=NOW
    )
    reservation.refresh_from_db()
    return saga


def test_an_operator_completes_a_charge_that_was_settled_by_hand() -> None:
    reservation = capturing()
    assert act(reservation, services.complete_saga).step == "DONE"
    assert seats(reservation) == [(12, "12A", "SOLD")]


def test_an_operator_has_the_charge_asked_for_again() -> None:
    reservation = capturing()
    act(reservation, services.retry_saga)
    assert len(told(reservation, PaymentCaptureRequested)) == 3


def test_an_operator_who_compensates_cancels_the_reservation_after_the_change() -> None:
    reservation = changing()
    assert act(reservation, services.compensate_saga).step == "VOIDING"
    assert reservation.status == "CONFIRMED"
    answer(PaymentVoided, reservation)
    assert reservation.status == "CANCELED"
    [canceled] = told(reservation, ReservationCanceled)
    assert (canceled.reason.code, canceled.settlement.refunded) == ("operator", factories.PRICE)


def test_a_refund_of_the_difference_that_was_settled_by_hand_is_not_given_back_again(
    fare: Fare,
) -> None:
    fare.amount = 8900
    reservation = factories.bought(refundable=True)
    change(reservation)
    tell(PaymentRefundFailed, reservation)
    assert act(reservation, services.complete_saga).step == "DONE"
    cancel(reservation, quoted=False)
    assert told(reservation, PaymentRefundRequested)[-1].amount == factories.PRICE - 1000


# A cancelation while it is under way


def test_a_cancelation_waits_for_the_end_of_the_change() -> None:
    reservation = changing()
    assert cancel(reservation).status == "CONFIRMED"
    assert the_change(reservation).step == "VOIDING"
    assert_as_it_was(reservation, "reservation_canceled")
    assert told(reservation, PaymentVoidRequested)[0].authorization_number == 3
    answer(PaymentVoided, reservation)
    assert (reservation.status, seats(reservation)) == ("CANCELED", [])
    newest = Saga.objects.filter(reservation=reservation).latest("id")
    assert (newest.kind, newest.step, newest.live) == ("CANCELING", "REFUNDING", reservation.pk)
    [refund] = told(reservation, PaymentRefundRequested)
    assert (refund.authorization_number, refund.amount) == (1, 1500)
    assert tell(PaymentRefunded, reservation).step == "COMPENSATED"


def test_a_cancelation_while_the_fee_is_charged_gives_that_back_first() -> None:
    reservation = capturing()
    cancel(reservation)
    assert the_change(reservation).step == "WITHDRAWING"
    answer(PaymentCaptured, reservation)
    assert reservation.status == "CONFIRMED"
    answer(PaymentRefunded, reservation)
    assert reservation.status == "CANCELED"
    tell(PaymentRefunded, reservation)
    refunds = told(reservation, PaymentRefundRequested)
    assert [(one.authorization_number, one.amount) for one in refunds] == [(3, FEE), (1, 1500)]


def test_a_canceled_departure_cancels_after_the_change_and_gives_everything_back() -> None:
    reservation = changing()
    cancel(reservation)
    Departure.objects.filter(pk=reservation.departure_id).update(status="CANCELED")
    assert services.cancel_those_on_canceled_departures(now=NOW) == 1
    assert services.cancel_those_on_canceled_departures(now=NOW) == 0
    answer(PaymentVoided, reservation)
    [canceled] = told(reservation, ReservationCanceled)
    assert canceled.reason.code == "departure_canceled"
    assert told(reservation, PaymentRefundRequested)[0].amount == factories.PRICE


def test_a_cancelation_that_waits_for_the_charge_gives_way_to_that_of_the_departure() -> None:
    reservation = capturing()
    cancel(reservation)
    Departure.objects.filter(pk=reservation.departure_id).update(status="CANCELED")
    assert services.cancel_those_on_canceled_departures(now=NOW) == 1
    waiting = the_change(reservation)
    assert (waiting.step, waiting.canceled_by) == ("WITHDRAWING", "departure_canceled")


def test_who_cancels_after_the_departure_was_canceled_gets_everything_back_all_the_same() -> None:
    reservation = changing()
    Departure.objects.filter(pk=reservation.departure_id).update(status="CANCELED")
    services.cancel_those_on_canceled_departures(now=NOW)
    cancel(reservation)
    answer(PaymentVoided, reservation)
    assert told(reservation, PaymentRefundRequested)[0].amount == factories.PRICE


def test_what_is_changed_already_is_canceled_once_the_difference_is_back(fare: Fare) -> None:
    """129.00 paid, 10.00 of it given back for a departure at 89.00; of the 119.00 that are left
    the fee of the change, 30.00, stays, and so does nothing else of a refundable fare."""
    fare.amount = 8900
    reservation = factories.bought(refundable=True)
    change(reservation)
    assert cancel(reservation).status == "CONFIRMED"
    assert the_change(reservation).step == "RETURNING"
    answer(PaymentRefunded, reservation)
    assert reservation.status == "CANCELED"
    refunds = told(reservation, PaymentRefundRequested)
    assert [one.amount for one in refunds] == [1000, 8900]


def test_a_cancelation_leaves_a_refund_that_was_refused_to_an_operator(fare: Fare) -> None:
    fare.amount = 8900
    reservation = factories.bought(refundable=True)
    change(reservation)
    tell(PaymentRefundFailed, reservation)
    cancel(reservation)
    waiting = the_change(reservation)
    assert (waiting.step, waiting.stuck_at, waiting.deadline_at) == ("RETURNING", NOW, None)
    act(reservation, services.complete_saga)
    reservation.refresh_from_db()
    assert reservation.status == "CANCELED"


# What is given back is given back over the charges, the newest first


def test_a_cancelation_gives_back_over_both_charges_one_after_the_other() -> None:
    """129.00 and 30.00 were charged, and all of it is given back by the staff."""
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    cancel(reservation, quoted=False)
    first = told(reservation, PaymentRefundRequested)
    assert [(one.authorization_number, one.amount) for one in first] == [(3, FEE)]
    assert tell(PaymentRefunded, reservation).step == "REFUNDING"
    both = told(reservation, PaymentRefundRequested)
    assert [(one.authorization_number, one.amount) for one in both] == [
        (3, FEE),
        (1, factories.PRICE),
    ]
    assert [one.operation_number for one in both] == [5, 6]
    assert tell(PaymentRefunded, reservation).step == "COMPENSATED"


def test_what_was_quoted_is_given_back_of_the_newest_charge_first() -> None:
    """Of 129.00 + 30.00 the taxes, 15.00, come back: less than the last charge."""
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    cancel(reservation)
    [refund] = told(reservation, PaymentRefundRequested)
    assert (refund.authorization_number, refund.amount) == (3, 1500)
    [canceled] = told(reservation, ReservationCanceled)
    assert canceled.settlement.charged == factories.PRICE + FEE - 1500


def test_an_answer_to_an_earlier_refund_that_comes_again_changes_nothing() -> None:
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    cancel(reservation, quoted=False)
    earlier = factories.answer(PaymentRefunded, Saga.objects.latest("id"))
    tell(PaymentRefunded, reservation)
    services.signal_saga(earlier, now=NOW)
    saga = Saga.objects.latest("id")
    assert (saga.step, saga.refund_number) == ("REFUNDING", 6)
    assert reservation.timeline.latest("id").entry == "late answer"
    assert len(told(reservation, PaymentRefundRequested)) == 2


def test_what_a_charge_has_left_is_kept_in_mind() -> None:
    """Of a charge that has given back 10.00 no more than the rest is asked for later."""
    made = factories.bought(refundable=True, change_before_departure=Penalty(allowed=True))
    with pytest.MonkeyPatch.context() as monkeypatch:
        asked_directly(Fare(amount=11900), monkeypatch)
        change(made)
    assert tell(PaymentRefunded, made).step == "DONE"
    buying = Saga.objects.get(kind="BUYING")
    assert (buying.captured_amount, buying.refunded_amount) == (factories.PRICE, 1000)
    cancel(made, quoted=False)
    assert told(made, PaymentRefundRequested)[-1].amount == factories.PRICE - 1000


# Answers that come late


def test_an_authorization_that_comes_after_a_refusal_is_voided_and_not_waited_for() -> None:
    reservation = changing()
    tell(PaymentDeclined, reservation)
    change(reservation, OTHER_DAY)
    old = Saga.objects.filter(kind="CHANGING").earliest("id")
    services.signal_saga(factories.answer(PaymentAuthorized, old), now=NOW)
    old.refresh_from_db()
    assert (old.step, old.live) == ("COMPENSATED", None)
    [void] = told(reservation, PaymentVoidRequested)
    assert void.authorization_number == 3
    assert the_change(reservation).live == reservation.pk


def test_what_is_authorized_after_a_refusal_is_given_up_once_however_often_it_is_told() -> None:
    reservation = changing()
    tell(PaymentDeclined, reservation)
    for contradiction in (PaymentAuthorized, PaymentVoidFailed):
        for _ in range(2):
            assert answer(contradiction, reservation).step == "COMPENSATED"
    assert len(told(reservation, PaymentVoidRequested)) == 1
    assert given_back(reservation) == [(3, FEE)]


def test_what_is_charged_after_a_refusal_is_given_back_once_however_often_it_is_told() -> None:
    reservation = capturing()
    tell(PaymentCaptureFailed, reservation)
    tell(PaymentVoided, reservation)
    for _ in range(2):
        assert answer(PaymentCaptured, reservation).step == "COMPENSATED"
    assert given_back(reservation) == [(3, FEE)]


def test_a_refund_that_was_refused_is_tried_again_as_another_operation() -> None:
    reservation = capturing()
    Departure.objects.filter(date=DAY).update(status="CLOSED")
    tell(PaymentCaptured, reservation)
    tell(PaymentRefundFailed, reservation)
    act(reservation, services.retry_saga)
    first, second = told(reservation, PaymentRefundRequested)
    assert (second.operation_number, second.amount) == (first.operation_number + 1, first.amount)


def test_a_refusal_that_is_told_again_after_it_was_settled_by_hand_changes_nothing() -> None:
    made = factories.bought(refundable=True, change_before_departure=Penalty(allowed=True))
    with pytest.MonkeyPatch.context() as monkeypatch:
        asked_directly(Fare(amount=11900), monkeypatch)
        change(made)
    tell(PaymentRefundFailed, made)
    act(made, services.complete_saga)
    before = len(events(made))
    assert answer(PaymentRefundFailed, made).step == "DONE"
    assert len(events(made)) == before


@pytest.mark.parametrize("kind", [PaymentAuthorized, PaymentCaptured])
def test_what_is_told_again_after_the_change_changes_nothing(kind: type[PaymentEvent]) -> None:
    reservation = capturing()
    tell(PaymentCaptured, reservation)
    before = len(events(reservation))
    assert tell(kind, reservation).step == "DONE"
    assert len(events(reservation)) == before


def test_other_seats_on_the_old_departure_may_be_taken_meanwhile() -> None:
    reservation = changing()
    services.change_seats(
        reservation_id=reservation.pk,
        customer_id="trial",
        versions=AnyVersion(),
        seats={1: "14C"},
        now=NOW,
    )
    assert seats(reservation) == [(11, "14C", "SOLD"), (12, "12A", "HELD")]
    tell(PaymentAuthorized, reservation)
    tell(PaymentCaptured, reservation)
    assert seats(reservation) == [(12, "12A", "SOLD")]
    assert_seats_and_reservations_agree()
