"""What fare is asked, and what its answer does."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from booking import orchestrator, selectors, services
from booking.models import Reservation, Saga, Seat, TimelineEntry
from booking.preconditions import AnyVersion
from booking.services import Traveler
from booking.steps.signals import Pay
from contracts.booking import (
    FareQuoteRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    ReservationChanged,
    ReservationConfirmed,
    ReservationCreated,
    ReservationRejected,
    TicketsIssued,
)
from contracts.money import money
from contracts.payment import PaymentCaptured, PaymentDeclined, PaymentRefunded
from contracts.values import Passenger, Reason
from contracts.values import Seat as OnPlane
from outbox import registry
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status
LATER = NOW + timedelta(seconds=30)
# Less than the list price, in another class than was asked for.
QUOTED: dict[str, Any] = {"booking_class": "K", "price": factories.price([9850])}


@pytest.fixture
def quoting() -> Reservation:
    """A reservation whose price is asked for."""
    factories.departure(factories.flight())
    return factories.reserve(offered=False, payment_token="tok_mine")


def said(reservation: Reservation, kind: type[Any]) -> Any:
    """The reservation's event of a kind, if there is one."""
    row = history(str(reservation.pk)).filter(type=kind.type).first()
    return row and registry.decode(row.type, row.payload.encode())


def told(reservation: Reservation) -> list[tuple[str, str]]:
    rows = TimelineEntry.objects.filter(reservation=reservation).order_by("id")
    return list(rows.values_list("entry", "detail"))


# What is asked


def test_who_comes_without_an_offer_waits_for_a_price(quoting: Reservation) -> None:
    waiting = Saga.objects.get()
    assert (waiting.step, waiting.deadline_at) == ("QUOTING", quoting.hold_expires_at)
    types = [row.type for row in history(str(quoting.pk))]
    assert types == [ReservationCreated.type, FareQuoteRequested.type]
    assert said(quoting, ReservationCreated).price is None
    assert (quoting.amount, quoting.quoted_price) == (12900, None)
    assert told(quoting) == [("created", "seat 12A held, price asked for")]


def test_fare_is_told_all_that_its_rules_need() -> None:
    departure = factories.departure(factories.flight(), seats=["12A", "12B", "12C"])
    reservation = factories.reserve(
        offered=False,
        travelers=[Traveler(1, "12A"), Traveler(2, date_of_birth=date(2035, 1, 1))],
        booking_class="K",
    )
    assert said(reservation, FareQuoteRequested) == FareQuoteRequested(
        reservation_id=reservation.pk,
        saga_id=Saga.objects.get().pk,
        asked_at=NOW,
        itinerary=departure.itinerary("ECONOMY", "K"),
        passengers=(
            Passenger(
                passenger_id=1,
                type="ADULT",
                seat=OnPlane(number="12A", characteristics=("WINDOW",)),
            ),
            Passenger(passenger_id=2, type="CHILD"),
        ),
        seats_sold={},
    )


def test_a_seat_in_an_exit_row_is_said_to_be_one() -> None:
    departure = factories.departure(factories.flight())
    departure.aircraft_type.layouts.update(exit_rows=[12])
    asked = said(factories.reserve(offered=False, seat_number="12B"), FareQuoteRequested)
    assert asked.passengers[0].seat.characteristics == ("MIDDLE", "EXIT_ROW")


def test_a_seat_that_the_seat_map_no_longer_has_is_asked_for_without_more() -> None:
    departure = factories.departure(factories.flight())
    departure.aircraft_type.layouts.update(last_row=11)
    asked = said(factories.reserve(offered=False), FareQuoteRequested)
    assert asked.passengers[0].seat == OnPlane(number="12A")


SEATS = ["1A", "1B", "1C", "1D", "1E", "1F", "2A", "2B"]


def sell_some() -> None:
    """Two seats in class K, one in M, one in no class yet; and others elsewhere."""
    flight = factories.flight()
    factories.departure(flight, seats=SEATS)
    pair = [Traveler(1, "1A"), Traveler(2, "1B")]
    factories.confirm(factories.reserve(travelers=pair, booking_class="K"))
    factories.reserve(seat_number="1C", booking_class="M")
    factories.reserve(seat_number="1D", offered=False)
    services.cancel_reservation(
        reservation_id=factories.reserve(seat_number="1E", booking_class="K").pk,
        customer_id=None,
        versions=AnyVersion(),
        now=NOW,
    )
    factories.departure(flight, in_days=2, seats=["9A"])
    factories.reserve(seat_number="9A", booking_class="K")


@pytest.mark.parametrize(
    "travelers",
    [[Traveler(1, "2A")], [Traveler(1)], [Traveler(1, "2A"), Traveler(2)]],
    ids=["named", "given", "both"],
)
def test_the_seats_of_others_are_counted_by_booking_class(travelers: list[Traveler]) -> None:
    sell_some()
    reservation = factories.reserve(offered=False, travelers=travelers, booking_class="K")
    assert said(reservation, FareQuoteRequested).seats_sold == {"K": 2, "M": 1}


def test_a_hold_that_is_paid_does_not_count_its_own_seats() -> None:
    sell_some()
    reservation = factories.reserve(
        offered=False, travelers=[Traveler(1, "2A")], booking_class="K", payment_token=None
    )
    pay(reservation)
    assert said(reservation, FareQuoteRequested).seats_sold == {"K": 2, "M": 1}


def pay(reservation: Reservation) -> None:
    services.pay_reservation(
        reservation_id=reservation.pk, customer_id="trial", payment_token="tok_mine", now=LATER
    )


def test_a_hold_is_priced_when_it_is_paid() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(offered=False, payment_token=None)
    assert Saga.objects.get().step == "HOLDING"
    assert said(reservation, FareQuoteRequested) is None
    pay(reservation)
    assert Saga.objects.get().step == "QUOTING"
    asked = said(reservation, FareQuoteRequested)
    assert asked.asked_at == LATER
    assert asked.passengers[0].seat == OnPlane(number="12A", characteristics=("WINDOW",))
    assert told(reservation)[-1] == ("price asked for", "")


def test_a_seat_that_was_given_to_a_hold_is_not_charged_for_when_it_is_paid() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(offered=False, travelers=[Traveler(1)], payment_token=None)
    pay(reservation)
    assert said(reservation, FareQuoteRequested).passengers[0].seat is None


def test_a_seat_that_a_hold_was_given_and_changed_is_chosen() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(offered=False, travelers=[Traveler(1)], payment_token=None)
    services.change_seats(
        reservation_id=reservation.pk,
        customer_id=None,
        versions=AnyVersion(),
        seats={None: "12B"},
        now=NOW,
    )
    assert said(reservation, ReservationChanged).price is None
    pay(reservation)
    assert said(reservation, FareQuoteRequested).passengers[0].seat.number == "12B"


def test_a_hold_at_an_offers_price_asks_the_card_at_once() -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(payment_token=None)
    pay(reservation)
    assert Saga.objects.get().step == "AUTHORIZING"
    assert said(reservation, FareQuoteRequested) is None
    assert said(reservation, PaymentAuthorizeRequested).amount == 12900


def test_the_seat_map_is_read_once_a_minute(django_assert_num_queries: Any) -> None:
    departure = factories.departure(factories.flight())
    minute = NOW.replace(second=0)
    with django_assert_num_queries(1):
        for second in (0, 1, 59):
            selectors.seat_at(departure, "12A", minute.replace(second=second))
    with django_assert_num_queries(1):
        selectors.seat_at(departure, "12A", minute + timedelta(minutes=1))


# What fare says


def test_a_quote_is_the_reservations_price_and_exactly_it_is_asked_of_the_card(
    quoting: Reservation,
) -> None:
    factories.quote(quoting, **QUOTED)
    assert (quoting.amount, quoting.currency, quoting.booking_class) == (9850, "EUR", "K")
    assert (quoting.version, quoting.status) == (2, Status.PENDING)
    assert quoting.price() == QUOTED["price"]
    asked = said(quoting, PaymentAuthorizeRequested)
    assert (asked.amount, asked.currency, asked.operation_number) == (9850, "EUR", 1)
    assert asked.payment_token == "tok_mine"
    assert Saga.objects.get().step == "AUTHORIZING"
    assert told(quoting)[-1] == ("quoted", "YFLEX: 98.50 EUR, payment asked for")


def test_a_quoted_reservation_is_confirmed_and_ticketed_at_its_price(quoting: Reservation) -> None:
    factories.quote(quoting, **QUOTED)
    factories.confirm(quoting)
    factories.tell(PaymentCaptured, quoting)
    assert Saga.objects.get().step == "DONE"
    assert said(quoting, PaymentCaptureRequested).amount == 9850
    for kind in (ReservationConfirmed, TicketsIssued):
        event = said(quoting, kind)
        assert event.price == QUOTED["price"]
        assert event.reservation.itinerary.booking_class == "K"


def test_an_authorization_at_the_list_price_does_not_confirm_what_was_quoted(
    quoting: Reservation,
) -> None:
    event = factories.authorized(quoting.pk)
    factories.quote(quoting, **QUOTED)
    with pytest.raises(orchestrator.UnexpectedEvent, match="was asked for"):
        services.signal_saga(event, now=LATER)


def test_a_refusal_rejects_the_reservation_by_its_rule_and_frees_the_seat(
    quoting: Reservation,
) -> None:
    services.signal_saga(factories.refused(quoting), now=LATER)
    quoting.refresh_from_db()
    assert quoting.status == Status.REJECTED
    assert Seat.objects.get(number="12A").status == Seat.Status.FREE
    ended = Saga.objects.get()
    assert (ended.step, ended.live, ended.payment_token) == ("COMPENSATED", None, "")
    assert said(quoting, ReservationRejected).reason == Reason(
        code="class_closed", text="YFLEX has 0 seats left in class Y."
    )
    assert told(quoting)[-1] == ("rejected", "no fare: YFLEX has 0 seats left in class Y.")
    assert said(quoting, PaymentAuthorizeRequested) is None


def test_a_price_that_does_not_come_while_the_hold_lasts_expires_it(quoting: Reservation) -> None:
    factories.make_due(quoting)
    services.end_due_sagas(now=LATER)
    quoting.refresh_from_db()
    assert quoting.status == Status.EXPIRED
    assert Saga.objects.get().step == "COMPENSATED"
    assert quoting.payment_operations == 0


def test_who_cancels_before_there_is_a_price_owes_nothing(quoting: Reservation) -> None:
    services.cancel_reservation(
        reservation_id=quoting.pk, customer_id=None, versions=AnyVersion(), now=LATER
    )
    assert Saga.objects.get().step == "COMPENSATED"
    assert said(quoting, PaymentAuthorizeRequested) is None


@pytest.mark.parametrize("answer", [factories.quoted, factories.refused])
def test_an_answer_that_comes_too_late_is_noted(quoting: Reservation, answer: Any) -> None:
    late = answer(quoting)
    factories.make_due(quoting)
    services.end_due_sagas(now=LATER)
    services.signal_saga(late, now=LATER)
    quoting.refresh_from_db()
    assert (quoting.status, quoting.quoted_price) == (Status.EXPIRED, None)
    what = "fare quoted" if answer is factories.quoted else "fare refused"
    assert told(quoting)[-1] == ("late answer", f"{what}: it changes nothing")


def test_a_quote_that_comes_again_changes_nothing(quoting: Reservation) -> None:
    again = factories.quoted(quoting, price=factories.price([1]))
    factories.quote(quoting, **QUOTED)
    services.signal_saga(again, now=LATER)
    quoting.refresh_from_db()
    assert (quoting.amount, quoting.version) == (9850, 2)
    assert told(quoting)[-1][0] == "late answer"
    asked = history(str(quoting.pk)).filter(type=PaymentAuthorizeRequested.type)
    assert asked.count() == 1


def test_a_refusal_after_a_quote_is_refused(quoting: Reservation) -> None:
    factories.quote(quoting, **QUOTED)
    with pytest.raises(orchestrator.UnexpectedEvent, match=r"does not wait for fare\.FareRefused"):
        services.signal_saga(factories.refused(quoting), now=LATER)


def test_an_answer_to_another_saga_is_refused(quoting: Reservation) -> None:
    other = factories.reserve(seat_number="12B", offered=False)
    foreign = msgspec.structs.replace(
        factories.quoted(quoting), saga_id=factories.saga_of(other.pk)
    )
    with pytest.raises(Saga.DoesNotExist):
        services.signal_saga(foreign, now=LATER)
    assert set(Saga.objects.values_list("step", flat=True)) == {"QUOTING"}


def test_a_quote_that_nobody_asked_for_is_refused() -> None:
    factories.departure(factories.flight())
    held = factories.reserve(offered=False, payment_token=None)
    with pytest.raises(orchestrator.UnexpectedEvent, match="HOLDING does not wait for"):
        factories.quote(held)


# The card's token


def test_the_cards_token_is_kept_until_the_card_is_asked(quoting: Reservation) -> None:
    assert Saga.objects.get().payment_token == "tok_mine"
    factories.quote(quoting)
    assert Saga.objects.get().payment_token == ""


def test_no_token_is_kept_where_the_card_is_asked_at_once() -> None:
    factories.pending_reservation()
    assert Saga.objects.get().payment_token == ""


@pytest.mark.parametrize("how", ["refused", "expired", "canceled"])
def test_the_token_of_what_has_ended_is_forgotten(quoting: Reservation, how: str) -> None:
    if how == "refused":
        services.signal_saga(factories.refused(quoting), now=LATER)
    elif how == "expired":
        factories.make_due(quoting)
        services.end_due_sagas(now=LATER)
    else:
        services.cancel_reservation(
            reservation_id=quoting.pk, customer_id=None, versions=AnyVersion(), now=LATER
        )
    assert Saga.objects.get().payment_token == ""


def test_a_signal_does_not_show_the_token() -> None:
    assert "tok_mine" not in repr(Pay("tok_mine", at=NOW))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (9850, "EUR", "98.50 EUR"),
        (5, "EUR", "0.05 EUR"),
        (900, "JPY", "900 JPY"),
        (1, "KWD", "0.001 KWD"),
    ],
)
def test_money_is_told_in_the_currencys_own_unit(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize("kind", [PaymentDeclined, PaymentRefunded])
def test_payment_has_nothing_to_say_while_fare_is_asked(
    quoting: Reservation, kind: type[Any]
) -> None:
    with pytest.raises(orchestrator.UnexpectedEvent, match="asked for nothing like it"):
        factories.tell(kind, quoting, operation_number=1, authorization_number=1)
