"""Two connections held at the point where a guard decides, so that the race always happens."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection

from booking import selectors, services
from booking.models import Reservation, Saga, Seat
from booking.preconditions import AnyVersion
from booking.selectors import SeatTaken
from booking.services import Traveler
from booking.services.versions import StaleVersion
from contracts.payment import PaymentAuthorized, PaymentCaptured
from tests.booking import factories
from tests.booking.agreement import assert_seats_and_reservations_agree
from tests.booking.factories import NOW
from tests.booking.fare import Fare, asked_directly
from tests.mutation import Patch, without
from tests.threads import FirstCallsTogether, at_once

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

MEET_SECONDS = 0.5

ONE_BY_ONE: Patch = without(
    Seat.take,
    """cls._taking(len(wanted)).run(
        departure=departure.pk, owner=owner, status=status, **numbered("number", wanted)
    )""",
    """sum(
        cls.objects.filter(departure=departure, number=number, status=cls.Status.FREE)
        .update(status=status, reservation_id=owner)
        for number in numbers
    )""",
)


def kinds(outcomes: list[Any]) -> Counter[type]:
    return Counter(type(outcome) for outcome in outcomes)


def read_together(monkeypatch: pytest.MonkeyPatch, name: str) -> FirstCallsTogether[Any]:
    """The first two calls of a selector both return what they have read before either goes on."""
    together = FirstCallsTogether(getattr(selectors, name), 2)
    monkeypatch.setattr(selectors, name, together)
    return together


def group(*numbers: str) -> Callable[[], Reservation]:
    """Somebody who asks for these seats on the only date."""
    travelers = [Traveler(who, number) for who, number in enumerate(numbers, 1)]
    day = NOW.date().replace(day=11)
    return lambda: factories.reserve(travelers=travelers, departure_date=day)


def meeting(work: Callable[[], Any], meet: threading.Barrier, seen: list[Any]) -> Callable[[], Any]:
    """The work, which waits for the other after each statement on seats, if the other can come; and
    what the database said to it is seen."""

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        try:
            done = execute(sql, *rest)
        except OperationalError as error:
            seen.append(error.args[0])
            raise
        if sql.startswith("UPDATE `seat`"):
            with suppress(threading.BrokenBarrierError):
                meet.wait(MEET_SECONDS)
        return done

    def run() -> Any:
        with connection.execute_wrapper(watch):
            return work()

    return run


def opposite_groups() -> tuple[list[Any], list[Any]]:
    """What became of two groups that want the same seats the other way round, and what the database
    said to them."""
    factories.departure(factories.flight())
    meet, seen = threading.Barrier(2), list[Any]()
    groups = [group("12A", "12B"), group("12B", "12A")]
    return at_once([meeting(work, meet, seen) for work in groups]), seen


def test_of_two_who_have_found_one_seat_free_one_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.departure(factories.flight())
    read_together(monkeypatch, "selection")
    assert kinds(at_once([group("12A"), group("12A")])) == {Reservation: 1, SeatTaken: 1}
    assert_seats_and_reservations_agree()


def test_groups_that_want_the_same_seats_the_other_way_round_meet_no_deadlock() -> None:
    outcomes, seen = opposite_groups()
    assert kinds(outcomes) == {Reservation: 1, SeatTaken: 1}
    assert seen == []
    assert_seats_and_reservations_agree()


def test_a_deadlock_reaches_no_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seats taken one by one, as they must not be, make one; the loser begins again."""
    ONE_BY_ONE(monkeypatch)
    outcomes, seen = opposite_groups()
    assert seen == [1213]
    assert kinds(outcomes) == {Reservation: 1, SeatTaken: 1}
    assert_seats_and_reservations_agree()


def test_who_loses_a_reservation_begins_again_and_finds_it_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reservation = factories.pending_reservation()
    read_together(monkeypatch, "saga_that_asked")
    confirm = partial(services.signal_saga, factories.authorized(reservation.pk), now=NOW)
    assert kinds(at_once([confirm, confirm])) == {type(None): 2}
    told = reservation.timeline.values_list("entry", flat=True)
    assert sorted(told) == ["confirmed", "created", "late answer"]
    assert_seats_and_reservations_agree()


def test_a_saga_that_has_read_other_passengers_is_not_confirmed_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.departure(factories.flight(), seats=["1A", "1B"])
    reservation = factories.reserve(seat_number="1A")
    look = selectors.saga_that_asked
    looks: list[list[str]] = []

    def read_before_others_change(event: Any) -> Saga:
        saga = look(event)
        looks.append([one.seat_number for one in saga.reservation.party])
        if len(looks) == 1:
            reseating = threading.Thread(target=reseat)
            reseating.start()
            reseating.join()
        return saga

    def reseat() -> None:
        services.change_seats(
            reservation_id=reservation.pk,
            customer_id="trial",
            versions=AnyVersion(),
            seats={None: "1B"},
            now=NOW,
        )
        connection.close()

    monkeypatch.setattr(selectors, "saga_that_asked", read_before_others_change)
    services.signal_saga(factories.authorized(reservation.pk), now=NOW)
    assert looks == [["1A"], ["1B"]]
    sold = Seat.objects.filter(status=Seat.Status.SOLD).values_list("number", flat=True)
    assert list(sold) == ["1B"]
    assert_seats_and_reservations_agree()


def test_of_two_changes_that_were_decided_on_one_version_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.departure(factories.flight(), seats=["1A", "1B", "1C"])
    reservation = factories.reserve(seat_number="1A")
    read_together(monkeypatch, "reservation_of")

    def reseat(number: str) -> Reservation:
        return services.change_seats(
            reservation_id=reservation.pk,
            customer_id="trial",
            versions={1},
            seats={None: number},
            now=NOW,
        )

    outcomes = at_once([partial(reseat, "1B"), partial(reseat, "1C")])
    assert kinds(outcomes) == {Reservation: 1, StaleVersion: 1}
    assert_seats_and_reservations_agree()


def change_of(reservation: Reservation, versions: Any) -> Callable[[], Saga]:
    """The confirmation of a change to the next day, in the seat of the same number."""
    who: dict[str, Any] = {"reservation_id": reservation.pk, "customer_id": "trial", "now": NOW}
    seats = {1: reservation.seat_number}
    day = reservation.departure.date + timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        asked_directly(Fare(), patch)
        told = services.quote_change(**who, departure_date=day, seats=seats)
    return partial(
        services.change_departure,
        **who,
        versions=versions,
        quote_id=told.quote_id,
        payment_token="tok",
    )


def test_of_a_change_and_a_buyer_who_have_found_one_seat_free_one_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reservation = factories.bought()
    change, day = change_of(reservation, AnyVersion()), NOW.date().replace(day=12)
    buy = partial(factories.reserve, customer_id="eva", departure_date=day)
    read_together(monkeypatch, "selection")
    outcomes = kinds(at_once([change, buy]))
    assert outcomes in ({Saga: 1, SeatTaken: 1}, {SeatTaken: 1, Reservation: 1})
    assert_seats_and_reservations_agree()


def test_of_two_confirmations_of_one_change_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    reservation = factories.bought()
    change = change_of(reservation, {reservation.version})
    read_together(monkeypatch, "reservation_of")
    assert kinds(at_once([change, change])) == {Saga: 1, StaleVersion: 1}
    assert_seats_and_reservations_agree()


def test_a_cancelation_that_meets_the_charge_of_a_change_follows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever comes first: the change is made or given up, and then the reservation canceled."""
    reservation = factories.bought()
    change_of(reservation, AnyVersion())()
    factories.tell(PaymentAuthorized, reservation)
    charged = factories.answer(PaymentCaptured, Saga.objects.latest("id"))
    read_together(monkeypatch, "live_saga")
    cancel = partial(
        services.cancel_reservation,
        reservation_id=reservation.pk,
        customer_id=None,
        versions=AnyVersion(),
        now=NOW,
    )
    monkeypatch.setattr(selectors, "saga_that_asked", meet_at_live_saga(reservation))
    both: list[Callable[[], Any]] = [cancel, partial(services.signal_saga, charged, now=NOW)]
    outcomes = at_once(both)
    assert kinds(outcomes) == {Reservation: 1, type(None): 1}
    assert_seats_and_reservations_agree()
    live = Saga.objects.exclude(live=None).get()
    assert (live.kind, live.step) in {("CHANGING", "REFUNDING"), ("CANCELING", "REFUNDING")}


def meet_at_live_saga(reservation: Reservation) -> Callable[[Any], Saga]:
    """Who brings the answer has read the saga when the other has."""

    def read(event: Any) -> Saga:
        selectors.live_saga(reservation.pk)
        return selectors.saga(event.saga_id)

    return read
