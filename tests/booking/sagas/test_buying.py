"""From the card's answer to the tickets, and what answers are refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.test import override_settings
from uuid_utils.compat import uuid7

from booking import orchestrator, selectors, services
from booking.models import Reservation, ReservationPassenger, Saga, Seat, TimelineEntry
from booking.models.inventory import SeatNotHeld
from booking.models.reservation import TicketsExhausted
from booking.services import Traveler
from booking.steps.telling import note
from contracts.booking import (
    PaymentCaptureRequested,
    ReservationConfirmed,
    ReservationRejected,
    TicketsIssued,
)
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentVoided,
)
from contracts.values import Reason, Ticket
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW

LATER = NOW + timedelta(seconds=30)
Answer = Callable[[UUID], PaymentEvent]


@pytest.mark.django_db
def test_an_authorized_card_confirms_the_reservation_and_sells_the_seat() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.updated_at) == (Reservation.Status.CONFIRMED, LATER)
    seat = Seat.objects.get(number="12A")
    assert (seat.status, seat.reservation_id) == (Seat.Status.SOLD, reservation.pk)
    waiting = Saga.objects.get()
    assert (waiting.step, waiting.live) == ("CAPTURING", reservation.pk)


@pytest.mark.django_db
def test_a_confirmation_and_the_charge_are_the_reservations_next_events() -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=LATER)
    _, _, said, asked = history(str(reservation.pk))
    assert [(row.type, row.sequence) for row in (said, asked)] == [
        (ReservationConfirmed.type, 3),
        (PaymentCaptureRequested.type, 4),
    ]
    assert msgspec.json.decode(said.payload, type=ReservationConfirmed) == ReservationConfirmed(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.passengers.all()),
        price=reservation.price(),
    )
    assert msgspec.json.decode(
        asked.payload, type=PaymentCaptureRequested
    ) == PaymentCaptureRequested(
        reservation_id=reservation.pk,
        saga_id=factories.saga_of(reservation.pk),
        operation_number=2,
        authorization_number=1,
        amount=reservation.amount,
        currency=reservation.currency,
    )
    reservation.refresh_from_db()
    assert reservation.payment_operations == 2


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


# What is not an answer to what was asked


@pytest.mark.django_db
def test_an_answer_to_another_saga_is_refused() -> None:
    reservation = factories.pending_reservation()
    foreign = msgspec.structs.replace(factories.authorized(reservation.pk), saga_id=uuid7())
    with pytest.raises(Saga.DoesNotExist):
        services.signal_saga(foreign, now=LATER)
    assert Saga.objects.get().step == "AUTHORIZING"


@pytest.mark.django_db
def test_an_answer_in_the_name_of_anothers_saga_is_refused() -> None:
    first, second = factories.pending_reservation(), factories.reserve(seat_number="12B")
    foreign = msgspec.structs.replace(
        factories.authorized(first.pk), saga_id=factories.saga_of(second.pk)
    )
    with pytest.raises(Saga.DoesNotExist):
        selectors.saga_that_asked(foreign)
    with pytest.raises(Saga.DoesNotExist):
        services.signal_saga(foreign, now=LATER)
    assert set(Saga.objects.values_list("step", flat=True)) == {"AUTHORIZING"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("changes", [{"amount": 1}, {"currency": "USD"}])
def test_an_authorization_of_anything_but_what_was_asked_is_refused(
    changes: dict[str, Any],
) -> None:
    reservation = factories.pending_reservation()
    wrong = msgspec.structs.replace(factories.authorized(reservation.pk), **changes)
    with pytest.raises(orchestrator.UnexpectedEvent, match="was asked for"):
        services.signal_saga(wrong, now=LATER)
    assert Saga.objects.get().step == "AUTHORIZING"
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "changes", [{"operation_number": 1}, {"operation_number": 3}, {"authorization_number": 2}]
)
def test_an_answer_about_another_operation_is_refused(changes: dict[str, int]) -> None:
    reservation = factories.confirmed_reservation()
    with pytest.raises(orchestrator.UnexpectedEvent, match="asked for 2 about 1"):
        factories.tell(PaymentCaptured, reservation, **changes)
    assert Saga.objects.get().step == "CAPTURING"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [PaymentCaptured, PaymentVoided, PaymentRefunded])
def test_an_answer_to_what_was_never_asked_is_refused(kind: type[PaymentEvent]) -> None:
    reservation = factories.pending_reservation()
    with pytest.raises(orchestrator.UnexpectedEvent, match="asked for nothing like it about 1"):
        factories.tell(kind, reservation, operation_number=2, authorization_number=1)
    assert Saga.objects.get().step == "AUTHORIZING"


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_contradicts_the_one_before_is_refused() -> None:
    reservation = factories.ticketed_reservation()
    for kind in (PaymentDeclined, PaymentCaptureFailed):
        with pytest.raises(orchestrator.UnexpectedEvent, match="DONE does not wait for"):
            factories.tell(kind, reservation)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.version) == (Reservation.Status.CONFIRMED, 3)


@pytest.mark.django_db
def test_an_answer_that_is_given_again_is_noted() -> None:
    reservation = factories.ticketed_reservation()
    for kind in (PaymentAuthorized, PaymentCaptured):
        assert factories.tell(kind, reservation).step == "DONE"
    told = TimelineEntry.objects.order_by("id").values_list("entry", flat=True)
    assert list(told) == ["created", "confirmed", "ticketed", "late answer", "late answer"]
    assert history(str(reservation.pk)).count() == 5


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


# Tickets


@pytest.mark.django_db
def test_a_charge_brings_every_passenger_a_ticket_of_their_own() -> None:
    factories.departure(factories.flight())
    travelers = [Traveler(1, "12A"), Traveler(2, "12B")]
    reservation = factories.confirm(factories.reserve(travelers=travelers))
    ended = factories.tell(PaymentCaptured, reservation)
    assert (ended.step, ended.live, ended.deadline_at) == ("DONE", None, None)
    party = list(reservation.passengers.order_by("id"))
    numbers = [passenger.ticket_number for passenger in party]
    assert len(set(numbers)) == 2
    last = history(str(reservation.pk)).last()
    assert last is not None
    assert msgspec.json.decode(last.payload, type=TicketsIssued) == TicketsIssued(
        reservation_id=reservation.pk,
        reservation=reservation.summary(party),
        tickets=tuple(
            Ticket(number=str(passenger.ticket_number), passenger_id=passenger.passenger_id)
            for passenger in party
        ),
        price=reservation.price(),
    )


@pytest.mark.django_db
def test_a_ticketed_reservation_has_another_version_and_says_its_ticket() -> None:
    reservation = factories.ticketed_reservation()
    assert (reservation.status, reservation.version) == (Reservation.Status.CONFIRMED, 3)
    number = reservation.passengers.get().ticket_number
    assert TimelineEntry.objects.latest("id").detail == f"paid, ticket {number} issued"


@override_settings(TICKET_AIRLINE_CODE=117)
@pytest.mark.django_db
def test_a_ticket_number_is_airline_serial_and_the_twelve_digits_modulo_seven() -> None:
    passenger = factories.ticketed_reservation().passengers.get()
    number = str(passenger.ticket_number)
    assert (number[:3], int(number[3:12])) == ("117", passenger.pk)
    assert int(number[12]) == int(number[:12]) % 7


def test_a_serial_has_nine_digits_and_its_check_digit_follows() -> None:
    passenger = ReservationPassenger(pk=123_456_789, passenger_id=1)
    assert passenger.issue_ticket(16).number == "0161234567896"


def test_there_are_no_more_tickets_than_nine_digits_count() -> None:
    last = ReservationPassenger(pk=999_999_999, passenger_id=1)
    assert last.issue_ticket(999).number.startswith("999999999999")
    with pytest.raises(TicketsExhausted):
        ReservationPassenger(pk=1_000_000_000, passenger_id=1).issue_ticket(999)


@pytest.mark.django_db
def test_a_long_story_is_cut_to_what_the_timeline_holds() -> None:
    reservation = factories.pending_reservation()
    note(reservation, "told", "x" * 500, now=NOW)
    assert len(TimelineEntry.objects.get(entry="told").detail) == 200
