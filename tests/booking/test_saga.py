"""The saga as data, and what each awaited event does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from booking import saga, services
from booking.models import Reservation, Saga, Seat, TimelineEntry
from booking.models.inventory import SeatNotHeld
from contracts.booking import ReservationConfirmed, ReservationRejected
from contracts.payment import PaymentCaptured, PaymentEvent
from contracts.values import Reason
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW

LATER = NOW + timedelta(seconds=30)
Answer = Callable[[UUID], PaymentEvent]


@pytest.mark.parametrize("kind", sorted(saga.SAGAS))
def test_every_reaction_leads_to_a_step_of_the_same_saga(kind: str) -> None:
    steps = saga.SAGAS[kind]
    targets = {reaction.then for step in steps.values() for reaction in step.awaits.values()}
    assert targets <= set(steps)


@pytest.mark.parametrize("kind", sorted(saga.SAGAS))
def test_every_step_but_the_first_is_reached_and_there_is_an_end(kind: str) -> None:
    steps = saga.SAGAS[kind]
    targets = {reaction.then for step in steps.values() for reaction in step.awaits.values()}
    assert set(steps) - {next(iter(steps))} <= targets
    assert any(not step.awaits for step in steps.values())


def test_every_kind_of_saga_is_described() -> None:
    assert set(saga.SAGAS) == set(Saga.Kind)


@pytest.mark.django_db
def test_an_authorized_card_confirms_the_reservation_and_sells_the_seat() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.updated_at) == (Reservation.Status.CONFIRMED, LATER)
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.SOLD, reservation.pk)
    ended = Saga.objects.get()
    assert (ended.step, ended.live) == ("DONE", None)


@pytest.mark.django_db
def test_a_confirmation_is_the_reservations_third_event() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    last = history(str(reservation.pk)).last()
    assert last is not None
    assert (last.type, last.sequence) == (ReservationConfirmed.type, 3)
    assert msgspec.json.decode(last.payload, type=ReservationConfirmed) == ReservationConfirmed(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.passengers.all()),
        price=reservation.price(),
    )


@pytest.mark.django_db
def test_a_declined_card_rejects_the_reservation_and_frees_the_seat() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.declined(reservation.pk), now=LATER)
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.REJECTED
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.FREE, None)
    ended = Saga.objects.get()
    assert (ended.step, ended.live) == ("COMPENSATED", None)


@pytest.mark.django_db
def test_a_rejection_is_the_reservations_third_event_and_says_why() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.declined(reservation.pk), now=LATER)
    last = history(str(reservation.pk)).last()
    assert last is not None
    assert (last.type, last.sequence) == (ReservationRejected.type, 3)
    assert msgspec.json.decode(last.payload, type=ReservationRejected) == ReservationRejected(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.passengers.all()),
        reason=Reason(code="card_declined"),
    )


@pytest.mark.django_db
def test_a_rejected_reservations_seat_sells_again() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.declined(reservation.pk), now=LATER)
    assert factories.reserve().departure == reservation.departure


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "entry"),
    [(factories.authorized, "confirmed"), (factories.declined, "rejected")],
    ids=["authorized", "declined"],
)
def test_the_timeline_tells_the_end(answer: Answer, entry: str) -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(answer(reservation.pk), now=LATER)
    told = TimelineEntry.objects.order_by("id").values_list("entry", "at")
    assert list(told) == [("created", NOW), (entry, LATER)]


@pytest.mark.django_db
def test_an_event_that_the_step_does_not_wait_for_is_refused() -> None:
    reservation = factories.pending_reservation()
    captured = PaymentCaptured(
        reservation_id=reservation.pk,
        saga_id=factories.saga_of(reservation.pk),
        operation_number=2,
        authorization_number=1,
        amount=reservation.amount,
        currency=reservation.currency,
    )
    with pytest.raises(saga.UnexpectedEvent, match="AUTHORIZING does not wait for"):
        services.signal_saga(captured, now=LATER)
    assert Saga.objects.get().step == "AUTHORIZING"


@pytest.mark.django_db
def test_an_answer_to_another_saga_is_refused() -> None:
    reservation = factories.pending_reservation()
    foreign = msgspec.structs.replace(factories.authorized(reservation.pk), saga_id=uuid7())
    with pytest.raises(Saga.DoesNotExist):
        services.signal_saga(foreign, now=LATER)
    assert Saga.objects.get().step == "AUTHORIZING"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("changes", [{"amount": 1}, {"currency": "USD"}])
def test_an_authorization_of_anything_but_what_was_asked_is_refused(
    changes: dict[str, Any],
) -> None:
    reservation = factories.pending_reservation()
    wrong = msgspec.structs.replace(factories.authorized(reservation.pk), **changes)
    with pytest.raises(saga.UnexpectedEvent, match="was asked for"):
        services.signal_saga(wrong, now=LATER)
    assert Saga.objects.get().step == "AUTHORIZING"
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING


@pytest.mark.django_db
@pytest.mark.parametrize("second", [factories.authorized, factories.declined])
def test_an_event_for_a_saga_that_has_ended_is_refused(second: Answer) -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=NOW)
    with pytest.raises(saga.UnexpectedEvent, match="DONE does not wait for"):
        services.signal_saga(second(reservation.pk), now=LATER)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.version) == (Reservation.Status.CONFIRMED, 2)


@pytest.mark.django_db
def test_an_event_for_an_unknown_reservation_is_refused() -> None:
    with pytest.raises(Saga.DoesNotExist):
        services.signal_saga(factories.authorized(), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_payment_for_a_seat_that_was_given_on_confirms_nothing() -> None:
    reservation = factories.pending_reservation()
    Seat.objects.filter(number="12A").update(status=Seat.Status.FREE, reservation_id=None)
    next_owner = factories.reserve()
    with pytest.raises(SeatNotHeld):
        services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.HELD, next_owner.pk)
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING
    assert Saga.objects.get(live=reservation.pk).step == "AUTHORIZING"
    assert history(str(reservation.pk)).count() == 2


@pytest.mark.django_db
def test_a_long_story_is_cut_to_what_the_timeline_holds() -> None:
    reservation = factories.pending_reservation()
    saga.note(reservation, "told", "x" * 500, now=NOW)
    assert len(TimelineEntry.objects.get(entry="told").detail) == 200
