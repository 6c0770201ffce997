"""Quote, then confirm: what a cancelation gives back is agreed on before it is done."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from booking import fares, services
from booking.models import Reservation, Saga
from booking.preconditions import AnyVersion
from booking.services import quotes
from contracts.booking import PaymentRefundRequested, ReservationCanceled
from contracts.payment import PaymentCaptured, PaymentCaptureFailed, PaymentRefunded
from contracts.quotes import CancelationQuote, CancelationQuoteRequest
from contracts.values import Penalty, Settlement
from outbox import registry
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW, tell
from tests.booking.fare import Fare, asked_directly
from tests.booking.http import problem_of

pytestmark = pytest.mark.django_db

# Of 129.00 that are not refundable the taxes come back.
BACK, KEPT = 1500, 11400


@pytest.fixture(autouse=True)
def fare(monkeypatch: pytest.MonkeyPatch) -> Fare:
    """Fare, asked without a socket."""
    made = Fare()
    asked_directly(made, monkeypatch)
    return made


def path(reservation: Reservation, more: str) -> str:
    return f"/api/reservations/{reservation.pk}/{more}"


def ask(client: Client, reservation: Reservation, **headers: str) -> Any:
    where = path(reservation, "cancelation-quotes")
    return client.post(where, {}, "application/json", headers=headers)


def quote_id(client: Client, reservation: Reservation) -> str:
    answer = ask(client, reservation)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["quote_id"])


def cancel(client: Client, reservation: Reservation, **body: Any) -> Any:
    where = path(reservation, "cancelation")
    return client.post(where, body, "application/json", headers={"If-Match": "*"})


def told(reservation: Reservation, kind: Any) -> list[Any]:
    rows: Any = history(str(reservation.pk))
    return [registry.decode(row.type, row.payload) for row in rows if row.type == kind.type]


def newest(reservation: Reservation) -> Saga:
    return Saga.objects.filter(reservation=reservation).latest("id")


# What is quoted


def test_a_quote_says_what_comes_back_and_why(client: Client) -> None:
    """100.00 fare and 14.00 of charges stay, 15.00 of taxes come back."""
    reservation = factories.bought()
    before = timezone.now()
    answer = ask(client, reservation)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    quote = answer.json()
    del quote["quote_id"]
    expires_at = datetime.fromisoformat(quote.pop("expires_at"))
    assert before <= expires_at - timedelta(minutes=10) <= timezone.now()
    assert quote == {
        "currency": "EUR",
        "charged": KEPT,
        "refunded": BACK,
        "lines": [
            {"kind": "BASE", "code": "FARE", "amount": 10000, "passenger_id": None},
            {"kind": "CHARGE", "code": "YQ", "amount": 1400, "passenger_id": None},
        ],
        "reasons": [
            {"code": "not_refundable", "text": quote["reasons"][0]["text"]},
            {"code": "taxes_returned", "text": "Taxes come back: 15.00 EUR."},
        ],
        "returned": [{"kind": "TAX", "code": "GB", "amount": 1500, "passenger_id": None}],
    }


def test_fare_is_told_all_that_its_rules_need(client: Client, fare: Fare) -> None:
    reservation = factories.bought("12A 12B")
    ask(client, reservation)
    [asked] = fare.asked
    assert isinstance(asked, CancelationQuoteRequest)
    assert asked.departs_at == reservation.departure.departs_at
    assert asked.price == factories.fare_price(2 * factories.PRICE)
    assert [one.passenger_id for one in asked.passengers] == [1, 2]


def test_a_quote_writes_nothing(client: Client) -> None:
    reservation = factories.bought()
    quote_id(client, reservation)
    before = reservation.version
    reservation.refresh_from_db()
    assert reservation.version == before


def test_no_quote_outlasts_the_departure(client: Client, settings: Settings) -> None:
    settings.QUOTE_MINUTES = 24 * 60
    reservation = factories.bought()
    later = reservation.departure.departs_at - timedelta(minutes=5)
    quoted = services.quote_cancelation(reservation_id=reservation.pk, customer_id=None, now=later)
    assert quoted.agreed.expires_at == reservation.departure.departs_at


def test_the_same_request_gets_the_first_quote(client: Client, fare: Fare) -> None:
    reservation = factories.bought()
    first = ask(client, reservation, **{"Idempotency-Key": "q-1"})
    assert ask(client, reservation, **{"Idempotency-Key": "q-1"}).content == first.content
    assert len(fare.asked) == 1


@pytest.mark.django_db(transaction=True)
def test_fare_is_asked_outside_of_any_transaction(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    reservation, asking = factories.bought(), fares.cancelation_quote

    def watched(asked: CancelationQuoteRequest) -> CancelationQuote:
        seen.append(connection.in_atomic_block)
        return asking(asked)

    monkeypatch.setattr(fares, "cancelation_quote", watched)
    assert ask(client, reservation, **{"Idempotency-Key": "q-1"}).status_code == 200
    assert ask(client, reservation).status_code == 200
    assert seen == [False, False]


# What is not quoted


def test_what_is_not_paid_or_at_no_fares_price_needs_no_quote(client: Client) -> None:
    pending = factories.at_a_fare(factories.pending_reservation())
    problem_of(ask(client, pending), 409, "quote-not-needed")
    factories.confirm(pending)
    Reservation.objects.update(quoted_price=None)
    problem_of(ask(client, pending), 409, "quote-not-needed")


def test_what_has_ended_is_not_quoted(client: Client) -> None:
    reservation = factories.bought()
    Reservation.objects.update(status="CANCELED")
    problem_of(ask(client, reservation), 409, "reservation-final")


def test_what_has_been_flown_is_not_quoted(client: Client) -> None:
    reservation = factories.bought()
    type(reservation.departure).objects.update(status="DEPARTED")
    problem_of(ask(client, reservation), 409, "departure-departed")


def test_what_the_conditions_do_not_allow_is_refused_by_name(client: Client) -> None:
    reservation = factories.bought(cancel_before_departure=Penalty(allowed=False))
    problem_of(ask(client, reservation), 409, "cancelation-not-allowed")


def test_a_price_without_conditions_is_refused_by_name(client: Client) -> None:
    reservation = factories.bought()
    price = {**(reservation.quoted_price or {}), "conditions": None}
    Reservation.objects.update(quoted_price=price)
    problem_of(ask(client, reservation), 409, "no-conditions")


def test_without_fare_it_is_503_and_try_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.undo()
    settings.FARE_URL = "http://127.0.0.1:9"
    answer = ask(client, factories.bought())
    problem_of(answer, 503, "fare-unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_somebody_elses_reservation_is_not_there(client: Client) -> None:
    reservation = factories.bought()
    Reservation.objects.update(customer_id="eva")
    problem_of(ask(client, reservation), 404, "unknown-reservation")


# Canceling as quoted


def test_a_cancelation_gives_back_what_was_quoted(client: Client) -> None:
    reservation = factories.bought()
    answer = cancel(client, reservation, quote_id=quote_id(client, reservation))
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
    [canceled] = told(reservation, ReservationCanceled)
    assert (canceled.settlement.charged, canceled.settlement.refunded) == (KEPT, BACK)
    assert [line.code for line in canceled.settlement.lines] == ["FARE", "YQ"]
    [refund] = told(reservation, PaymentRefundRequested)
    assert (refund.amount, refund.authorization_number) == (BACK, 1)
    ended = tell(PaymentRefunded, reservation)
    assert (ended.kind, ended.step, ended.live) == ("CANCELING", "COMPENSATED", None)
    assert reservation.timeline.latest("id").detail == "15.00 EUR go back to the card"


def test_where_nothing_comes_back_nothing_is_asked_of_payment(client: Client) -> None:
    reservation = factories.bought(cancel_before_departure=Penalty(allowed=True, fee=99999))
    assert cancel(client, reservation, quote_id=quote_id(client, reservation)).status_code == 200
    assert told(reservation, PaymentRefundRequested) == []
    canceling = newest(reservation)
    assert (canceling.kind, canceling.step, canceling.live) == ("CANCELING", "COMPENSATED", None)


def test_a_charge_that_is_under_way_goes_back_but_for_what_is_kept(client: Client) -> None:
    reservation = factories.at_a_fare(factories.confirmed_reservation())
    cancel(client, reservation, quote_id=quote_id(client, reservation))
    assert newest(reservation).step == "WITHDRAWING"
    assert told(reservation, PaymentRefundRequested) == []
    tell(PaymentCaptured, reservation)
    [refund] = told(reservation, PaymentRefundRequested)
    assert refund.amount == BACK
    assert tell(PaymentRefunded, reservation).step == "COMPENSATED"


def test_a_charge_that_is_under_way_and_all_kept_is_left_alone(client: Client) -> None:
    fee = Penalty(allowed=True, fee=99999)
    confirmed = factories.confirmed_reservation()
    reservation = factories.at_a_fare(confirmed, cancel_before_departure=fee)
    cancel(client, reservation, quote_id=quote_id(client, reservation))
    ended = tell(PaymentCaptured, reservation)
    assert (ended.step, ended.live) == ("COMPENSATED", None)
    assert told(reservation, PaymentRefundRequested) == []


def test_a_charge_that_is_refused_after_the_cancelation_is_voided(client: Client) -> None:
    reservation = factories.at_a_fare(factories.confirmed_reservation())
    cancel(client, reservation, quote_id=quote_id(client, reservation))
    assert tell(PaymentCaptureFailed, reservation).step == "VOIDING"


def test_what_was_confirmed_at_a_fare_is_not_canceled_without_a_quote(client: Client) -> None:
    reservation = factories.bought()
    problem_of(cancel(client, reservation), 409, "quote-required")
    reservation.refresh_from_db()
    assert reservation.status == "CONFIRMED"


def test_what_is_pending_is_canceled_free_without_one(client: Client) -> None:
    reservation = factories.at_a_fare(factories.pending_reservation())
    assert cancel(client, reservation).json()["status"] == "CANCELED"
    [canceled] = told(reservation, ReservationCanceled)
    assert canceled.settlement is None


def test_at_the_list_price_all_of_it_comes_back_without_one(client: Client) -> None:
    reservation = factories.at_list_price(factories.ticketed_reservation())
    assert cancel(client, reservation).status_code == 200
    [refund] = told(reservation, PaymentRefundRequested)
    assert refund.amount == factories.PRICE


def everything() -> Settlement:
    return Settlement(currency="EUR", charged=0, refunded=factories.PRICE)


def test_the_staff_gives_everything_back_without_one() -> None:
    reservation = factories.bought()
    services.cancel_reservation(
        reservation_id=reservation.pk, customer_id=None, versions=AnyVersion(), now=NOW
    )
    [canceled] = told(reservation, ReservationCanceled)
    assert canceled.settlement == everything()


def test_a_canceled_departure_gives_everything_back() -> None:
    reservation = factories.bought()
    type(reservation.departure).objects.update(status="CANCELED")
    assert services.cancel_those_on_canceled_departures(now=NOW) == 1
    [canceled] = told(reservation, ReservationCanceled)
    assert canceled.settlement == everything()
    [refund] = told(reservation, PaymentRefundRequested)
    assert refund.amount == factories.PRICE


# Quotes that do not hold


def refused(client: Client, reservation: Reservation, quoted: Any, status: int, code: str) -> None:
    problem_of(cancel(client, reservation, quote_id=quoted), status, code)
    reservation.refresh_from_db()
    assert reservation.status == "CONFIRMED"


def test_a_quote_that_was_altered_is_nobodys(client: Client) -> None:
    reservation = factories.bought()
    quoted = quote_id(client, reservation)
    other = "B" if quoted[3] != "B" else "C"
    for altered in (quoted[:3] + other + quoted[4:], quoted[:-1], "nonsense", "a:b:c"):
        refused(client, reservation, altered, 400, "quote-invalid")


@pytest.mark.parametrize("quoted", ["", 7, None, "x" * 16_001])
def test_what_cannot_be_a_quote_is_an_invalid_request(client: Client, quoted: Any) -> None:
    refused(client, factories.bought(), quoted, 400, "invalid-request")


def test_a_quote_that_another_key_signed_is_nobodys(client: Client, settings: Settings) -> None:
    reservation = factories.bought()
    quoted = quote_id(client, reservation)
    settings.SECRET_KEY = "another key"
    refused(client, reservation, quoted, 400, "quote-invalid")


def test_what_is_signed_but_no_quote_is_nobodys(client: Client) -> None:
    signed = signing.dumps({"amount": 1}, salt=quotes._salt(quotes.AgreedCancelation))
    refused(client, factories.bought(), signed, 400, "quote-invalid")


def test_a_quote_of_a_change_cancels_nothing(client: Client) -> None:
    reservation = factories.bought()
    day = (NOW + timedelta(days=2)).date().isoformat()
    where = path(reservation, "change-quotes")
    quoted = client.post(where, {"departure_date": day}, "application/json").json()["quote_id"]
    refused(client, reservation, quoted, 400, "quote-invalid")


def test_a_quote_that_has_expired_holds_no_more(client: Client) -> None:
    reservation = factories.bought()
    long_ago = timezone.now() - timedelta(minutes=10, seconds=1)
    quoted = services.quote_cancelation(
        reservation_id=reservation.pk, customer_id=None, now=long_ago
    )
    refused(client, reservation, quoted.quote_id, 409, "quote-expired")


def test_a_quote_of_another_reservation_does_not_hold(client: Client) -> None:
    reservation = factories.bought()
    quoted = quote_id(client, reservation)
    travelers = [services.Traveler(2, "12C")]
    other = factories.at_a_fare(factories.reserve(travelers=travelers))
    factories.confirm(other)
    refused(client, other, quoted, 409, "quote-of-another-reservation")


@pytest.mark.parametrize("changed", ["amount", "departure"])
def test_a_quote_of_another_price_or_departure_holds_no_more(client: Client, changed: str) -> None:
    reservation = factories.bought()
    quoted = quote_id(client, reservation)
    if changed == "amount":
        Reservation.objects.update(amount=1)
    else:
        other = reservation.departure.flight.departures.latest("date")
        Reservation.objects.update(departure=other)
    refused(client, reservation, quoted, 409, "quote-outdated")


def test_other_seats_leave_a_quote_as_it_is(client: Client) -> None:
    reservation = factories.bought()
    quoted = quote_id(client, reservation)
    services.change_seats(
        reservation_id=reservation.pk,
        customer_id=None,
        versions=AnyVersion(),
        seats={1: "14C"},
        now=NOW,
    )
    assert cancel(client, reservation, quote_id=quoted).status_code == 200


def test_a_cancelation_with_a_quote_is_done_once_under_one_key(client: Client) -> None:
    reservation = factories.bought()
    body = {"quote_id": quote_id(client, reservation)}
    headers = {"If-Match": "*", "Idempotency-Key": "c-1"}
    where = path(reservation, "cancelation")
    answers = [client.post(where, body, "application/json", headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == 200
    assert len(told(reservation, ReservationCanceled)) == 1
