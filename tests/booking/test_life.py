"""The whole life of reservations, in any order Hypothesis thinks of; after every step seats,
reservations and sagas agree, and what was taken back stays taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from rest_framework.exceptions import APIException

from booking import services
from booking.models import Reservation, Saga
from booking.preconditions import AnyVersion
from booking.saga.engine import ANSWERED
from booking.services import Traveler
from contracts.payment import PaymentEvent
from tests.booking import factories
from tests.booking.agreement import (
    assert_seats_and_reservations_agree,
    assert_what_ended_is_voided,
)
from tests.booking.factories import NOW

T = TypeVar("T")
SEATS = ["1A", "1B", "1C", "2A", "2B", "2C"]
GROUPS = st.lists(st.sampled_from([*SEATS, None]), min_size=1, max_size=4)
PICK = st.integers(0, 1_000)


class Life(RuleBasedStateMachine):
    """Two small departures, and everything that may be asked of reservations on them."""

    @initialize()
    def begin(self) -> None:
        self.answered: dict[tuple[UUID, str], type[PaymentEvent]] = {}
        self.block = transaction.atomic()
        self.block.__enter__()
        flight = factories.flight()
        for day in (1, 2):
            factories.departure(flight, in_days=day, seats=SEATS)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @rule(
        seats=GROUPS,
        day=st.sampled_from([None, 1, 2]),
        token=st.sampled_from([None, "tok_approve"]),
    )
    def reserve(self, seats: list[str | None], day: int | None, token: str | None) -> None:
        travelers = [Traveler(who, seat) for who, seat in enumerate(seats, 1)]
        date = (NOW + timedelta(days=day)).date() if day else None
        tried(
            lambda: factories.reserve(travelers=travelers, departure_date=date, payment_token=token)
        )

    @rule(pick=PICK, which=st.integers(0, 7))
    def answer(self, pick: int, which: int) -> None:
        """Payment answers what it was asked, however late, and says yes or no to it once."""
        kind = list(ANSWERED)[which]
        operation = ANSWERED[kind]
        asked = Saga.objects.filter(**{f"{operation}__isnull": False}).order_by("id")
        if operation == "authorization_number":
            asked = asked.filter(kind=Saga.Kind.BUYING)
        one = picked(list(asked), pick)
        if one is None or self.answered.setdefault((one.pk, operation), kind) is not kind:
            return
        services.signal_saga(factories.answer(kind, one), now=NOW)

    @rule(pick=PICK)
    def run_out(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            factories.make_due(one)
            services.end_due_sagas(now=NOW)

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.cancel_reservation(
                    reservation_id=one.pk, customer_id="anna", versions=AnyVersion(), now=NOW
                )
            )

    @rule(pick=PICK)
    def pay(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.pay_reservation(
                    reservation_id=one.pk, customer_id="anna", payment_token="tok", now=NOW
                )
            )

    @rule(pick=PICK, seats=st.dictionaries(st.integers(1, 4), st.sampled_from(SEATS), min_size=1))
    def change_seats(self, pick: int, seats: dict[int | None, str]) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.change_seats(
                    reservation_id=one.pk,
                    customer_id="anna",
                    versions=AnyVersion(),
                    seats=seats,
                    now=NOW,
                )
            )

    @invariant()
    def all_agrees(self) -> None:
        assert_seats_and_reservations_agree()
        assert_what_ended_is_voided()


def tried(work: Callable[[], object]) -> None:
    """Do it; a refusal is one, and leaves nothing behind."""
    try:
        with transaction.atomic():
            work()
    except APIException:
        pass


def picked(things: list[T], pick: int) -> T | None:
    """One of some things, or nothing where there are none."""
    return things[pick % len(things)] if things else None


def check(*, examples: int, steps: int, derandomize: bool) -> None:
    """Run the machine."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_seats_and_reservations_agree_after_every_step() -> None:
    check(examples=30 if connection.vendor == "sqlite" else 8, steps=25, derandomize=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.django_db(transaction=True)
def test_seats_and_reservations_agree_in_many_more_lives() -> None:
    check(examples=600 if connection.vendor == "sqlite" else 60, steps=50, derandomize=False)
