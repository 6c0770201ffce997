"""The whole life of reservations and their departures, in any order Hypothesis thinks of; after
every step seats, reservations and sagas agree, and what was taken back stays taken back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
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

from booking import departures, services
from booking.models import Departure, IllegalDeparture, Reservation, Saga
from booking.orchestrator import ANSWERED
from booking.preconditions import AnyVersion
from booking.services import Answer, Traveler
from contracts.payment import PaymentDeclined, PaymentEvent, PaymentVoidFailed
from dev.packages import is_ci
from tests.booking import factories
from tests.booking.agreement import (
    assert_payment_operations_are_numbered,
    assert_seats_and_reservations_agree,
    assert_what_ended_is_voided,
    assert_what_is_kept_is_owed,
)
from tests.booking.factories import NOW
from tests.booking.fare import Fare, asked_directly

T = TypeVar("T")
SEATS = ["1A", "1B", "1C", "2A", "2B", "2C"]
GROUPS = st.lists(st.sampled_from([*SEATS, None]), min_size=1, max_size=4)
DAY = st.sampled_from([None, 1, 2])
PICK = st.integers(0, 1_000)


class Life(RuleBasedStateMachine):
    """Two small departures, and everything that may be asked of reservations on them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.keys = 0

    @initialize()
    def begin(self) -> None:
        self.answered: dict[tuple[UUID, int], type[PaymentEvent]] = {}
        self.block = transaction.atomic()
        self.block.__enter__()
        flight = factories.flight()
        for day in (1, 2):
            factories.departure(flight, in_days=day, seats=SEATS)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def make(self, seats: list[str | None], day: int | None, token: str | None) -> Reservation:
        travelers = [Traveler(who, seat) for who, seat in enumerate(seats, 1)]
        date = (NOW + timedelta(days=day)).date() if day else None
        made = factories.reserve(
            travelers=travelers, departure_date=date, payment_token=token, now=self.now
        )
        return factories.at_a_fare(made, refundable=True) if len(seats) % 2 else made

    @rule(seats=GROUPS, day=DAY, token=st.sampled_from([None, "tok_approve"]))
    def reserve(self, seats: list[str | None], day: int | None, token: str | None) -> None:
        tried(lambda: self.make(seats, day, token))

    @rule(seats=GROUPS, day=DAY)
    def ask_twice_under_one_key(self, seats: list[str | None], day: int | None) -> None:
        """The second gets the first's answer, and has no effect."""
        self.keys += 1
        send = partial(
            services.answer_once,
            customer_id="trial",
            key=str(self.keys),
            fingerprint="the same",
            work=lambda: Answer(201, self.make(seats, day, "tok_approve").pk.bytes),
            refusal=refused,
        )
        first, before = send(), Reservation.objects.count()
        assert send() == first
        assert Reservation.objects.count() == before

    @rule(hours=st.sampled_from([1, 5, 11]))
    def let_time_pass(self, hours: int) -> None:
        """Departures close, and leave."""
        self.now += timedelta(hours=hours)
        departures.advance_departures(now=self.now)

    @rule(pick=PICK)
    def cancel_a_departure(self, pick: int) -> None:
        """What is reserved on it is canceled a few at a time, while the other rules go on."""
        with suppress(IllegalDeparture):
            one = picked(list(Departure.objects.order_by("id")), pick)
            departures.cancel_departure(departure_id=one.pk if one else 0)

    @rule()
    def cancel_what_is_on_canceled_departures(self) -> None:
        """And nothing else."""
        others = Reservation.objects.exclude(departure__status=Departure.Status.CANCELED)
        before = list(others.order_by("id").values_list("id", "version"))
        services.cancel_those_on_canceled_departures(now=self.now)
        assert list(others.order_by("id").values_list("id", "version")) == before

    @rule(pick=PICK, which=st.integers(0, 7))
    def answer(self, pick: int, which: int) -> None:
        """Payment answers what it was asked, however late, and says yes or no to it once."""
        kind = list(ANSWERED)[which]
        operation = ANSWERED[kind]
        asked = Saga.objects.filter(**{f"{operation}__isnull": False}).order_by("id")
        if operation == "authorization_number":
            asked = asked.filter(amount__gt=0)  # others have that of the charge they give back
        one = picked(list(asked), pick)
        if one is None or self._contradicts(kind, one):
            return
        if self.answered.setdefault((one.pk, getattr(one, operation)), kind) is not kind:
            return
        services.signal_saga(factories.answer(kind, one), now=self.now)

    def _contradicts(self, kind: type[PaymentEvent], one: Saga) -> bool:
        """Whether payment has said something else already: a void is refused of what was charged,
        and no charged card is declined."""
        said = self.answered.get((one.pk, one.void_number or 0))
        return kind is PaymentDeclined and said is PaymentVoidFailed

    @rule(pick=PICK)
    def run_out(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            factories.make_due(one)
            services.end_due_sagas(now=self.now)

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.cancel_reservation(
                    reservation_id=one.pk, customer_id="trial", versions=AnyVersion(), now=self.now
                )
            )

    @rule(pick=PICK)
    def cancel_as_quoted(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(lambda: self._cancel_as_quoted({"reservation_id": one.pk}))

    def _cancel_as_quoted(self, which: dict[str, Any]) -> None:
        which |= {"customer_id": "trial", "now": self.now}
        with asking(Fare()):
            quote_id = services.quote_cancelation(**which).quote_id
        services.cancel_reservation(**which, versions=AnyVersion(), quote_id=quote_id)

    @rule(pick=PICK, day=st.sampled_from([1, 2]), amount=st.sampled_from([8900, 12900, 19900]))
    def change(self, pick: int, day: int, amount: int) -> None:
        """To another departure, that is cheaper, costs as much, or more."""
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(lambda: self._change({"reservation_id": one.pk}, day, amount))

    def _change(self, which: dict[str, Any], day: int, amount: int) -> None:
        which |= {"customer_id": "trial", "now": self.now}
        date = (NOW + timedelta(days=day)).date()
        with asking(Fare(amount=amount)):
            told = services.quote_change(**which, departure_date=date, seats={})
        services.change_departure(
            **which, versions=AnyVersion(), quote_id=told.quote_id, payment_token="tok"
        )

    @rule(pick=PICK)
    def pay(self, pick: int) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.pay_reservation(
                    reservation_id=one.pk, customer_id="trial", payment_token="tok", now=self.now
                )
            )

    @rule(pick=PICK, seats=st.dictionaries(st.integers(1, 4), st.sampled_from(SEATS), min_size=1))
    def change_seats(self, pick: int, seats: dict[int | None, str]) -> None:
        if one := picked(list(Reservation.objects.order_by("id")), pick):
            tried(
                lambda: services.change_seats(
                    reservation_id=one.pk,
                    customer_id="trial",
                    versions=AnyVersion(),
                    seats=seats,
                    now=self.now,
                )
            )

    @invariant()
    def all_agrees(self) -> None:
        assert_seats_and_reservations_agree()
        assert_what_ended_is_voided()
        assert_payment_operations_are_numbered()
        assert_what_is_kept_is_owed()


@contextmanager
def asking(fare: Fare) -> Iterator[None]:
    """This fare is asked."""
    with pytest.MonkeyPatch.context() as patch:
        asked_directly(fare, patch)
        yield


def tried(work: Callable[[], object]) -> None:
    """Do it; a refusal is one, and leaves nothing behind."""
    try:
        with transaction.atomic():
            work()
    except APIException:
        pass


def refused(error: Exception) -> Answer:
    """The answer that a refusal is; anything else is an error."""
    if not isinstance(error, APIException):
        raise error
    return Answer(error.status_code, str(error.detail).encode())


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
    check(examples=22 if connection.vendor == "sqlite" else 8, steps=25, derandomize=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.django_db(transaction=True)
def test_seats_and_reservations_agree_in_many_more_lives() -> None:
    # What CI says is about a change: chance draws elsewhere.
    examples = 100 if connection.vendor == "sqlite" else 20
    check(examples=examples, steps=50, derandomize=is_ci())
