"""The same request, however often it comes, has one effect and one answer."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client

from booking import services
from booking.models import IdempotencyKey, Reservation, Seat
from booking.models.idempotency import KEPT
from contracts.booking import ReservationCreated
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.http import REQUEST, post, post_reservation, problem_of, with_key
from tests.threads import at_once, results

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bookable_seats() -> None:
    """The same request could book again and again."""
    flight = factories.flight()
    for day in (1, 2, 3):
        factories.departure(flight, in_days=day)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a request that is under way."""
    monkeypatch.setattr("booking.services.idempotency.WAIT_SECONDS", 0.1)


def headers(response: Any) -> dict[str, str]:
    return {name: response.headers[name] for name in ("Content-Type", "Location", "ETag")}


def test_a_repeated_request_gets_the_first_answer_byte_for_byte(client: Client) -> None:
    first, second = with_key(client), with_key(client)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert headers(first) == headers(second)
    assert Reservation.objects.count() == 1
    assert OutboxEvent.objects.filter(type=ReservationCreated.type).count() == 1


def test_the_answer_is_the_one_that_is_given_without_a_key(client: Client) -> None:
    with_one, without = with_key(client), post_reservation(client)
    assert set(with_one.json()) == set(without.json())
    assert set(headers(with_one)) == set(headers(without))


def test_the_answer_stays_though_the_reservation_goes_on(client: Client) -> None:
    first = with_key(client)
    factories.confirm(Reservation.objects.get())
    assert with_key(client).content == first.content


def test_another_key_is_another_request(client: Client) -> None:
    assert with_key(client, "a").json()["id"] != with_key(client, "b").json()["id"]


def test_a_key_is_the_customers_own(client: Client, admin_client: Client) -> None:
    assert with_key(client).json()["id"] != with_key(admin_client).json()["id"]


def test_a_key_with_another_body_is_refused(client: Client) -> None:
    with_key(client)
    problem_of(with_key(client, passenger_id=2), 422, "idempotency-key-reused")
    assert Reservation.objects.count() == 1


def test_a_key_at_another_address_is_refused(client: Client) -> None:
    made = with_key(client).json()
    for path in (f"/api/reservations/{made['id']}/cancelation", "/api/reservations?hold=true"):
        again = client.post(path, REQUEST, "application/json", headers={"idempotency-key": "k-1"})
        problem_of(again, 422, "idempotency-key-reused")


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "k" * 201])
def test_what_is_no_key_is_refused(client: Client, key: str) -> None:
    problem_of(with_key(client, key), 400, "malformed-idempotency-key")
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"seat_number": "x"}, 400), ({"flight_number": 4711}, 404), ({"seat_number": "31K"}, 404)],
)
def test_a_refusal_is_replayed_too(client: Client, changes: dict[str, Any], status: int) -> None:
    first, second = with_key(client, **changes), with_key(client, **changes)
    assert first.status_code == second.status_code == status
    assert first.content == second.content
    assert first.headers["Content-Type"] == second.headers["Content-Type"]


def test_a_refusal_is_the_answer_even_if_the_seat_has_become_free(client: Client) -> None:
    Seat.objects.update(status=Seat.Status.BLOCKED)
    first = with_key(client)
    Seat.objects.update(status=Seat.Status.FREE)
    assert with_key(client).content == first.content


def test_a_body_that_is_not_json_is_refused_with_a_key_as_without(client: Client) -> None:
    assert post(client, "{", headers={"idempotency-key": "k"}).status_code == 400


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError(2002, "no server"), 503), (RuntimeError("a bug"), 500)],
)
def test_an_error_of_ours_is_no_answer_and_the_next_request_is_the_first(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def break_down(**kwargs: Any) -> None:
        raise error

    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("booking.services.create_reservation", break_down)
        assert with_key(client).status_code == status
    assert with_key(client).status_code == 201


def test_the_answer_and_the_effect_are_stored_together_or_not_at_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyKey, "answer", break_down)
        assert with_key(client).status_code == 500
    assert not Reservation.objects.exists()
    assert not OutboxEvent.objects.exists()


# While the first is under way


def under_way(**changes: Any) -> None:
    """The first request has begun: it is claimed, and not answered."""
    IdempotencyKey.objects.update(status=None, **changes)


@pytest.mark.usefixtures("impatient")
def test_a_request_under_way_is_waited_for_and_then_a_conflict(client: Client) -> None:
    with_key(client)
    under_way(claimed_until=Now() + timedelta(seconds=30))
    response = with_key(client)
    problem_of(response, 409, "request-in-flight")
    assert response.headers["Retry-After"] == "1"
    assert Reservation.objects.count() == 1


def test_a_request_whose_worker_has_died_is_done_by_who_asks_again(client: Client) -> None:
    with_key(client)
    under_way(claimed_until=Now() - timedelta(seconds=1))
    assert with_key(client).status_code == 201
    assert Reservation.objects.count() == 2


def test_who_was_taken_for_dead_has_no_effect(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept in its transaction until another request took its claim over."""
    make = services.create_reservation

    def sleepy(**facts: Any) -> Reservation:
        IdempotencyKey.objects.update(claim="0198f5a0-0000-7000-8000-000000000000")
        return make(**facts)

    monkeypatch.setattr("booking.services.create_reservation", sleepy)
    problem_of(with_key(client), 409, "request-in-flight")
    assert not Reservation.objects.exists()


def together(count: int, send: Callable[[], Any]) -> list[Any]:
    return results(at_once([send] * count))


@pytest.mark.mariadb
@pytest.mark.parametrize("count", [2, 12])
def test_requests_at_the_same_instant_have_one_effect_and_one_answer(count: int) -> None:
    answers = together(count, lambda: with_key(Client()))
    assert Counter(answer.status_code for answer in answers) == {201: count}
    assert len({answer.content for answer in answers}) == 1
    assert Reservation.objects.count() == 1
    assert Seat.objects.filter(status=Seat.Status.HELD).count() == 1


@pytest.mark.mariadb
def test_different_requests_under_one_key_at_the_same_instant_leave_one() -> None:
    sent = [lambda who=who: with_key(Client(), passenger_id=who) for who in range(1, 9)]
    answers = results(at_once(sent))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 7}
    assert Reservation.objects.count() == 1


@pytest.mark.parametrize("statement", ["create", "get_or_create"])
def test_who_meets_a_deadlock_over_a_key_begins_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    first = with_key(client) if statement == "get_or_create" else None
    manager, deadlocks = IdempotencyKey.objects, iter([OperationalError(1213, "Deadlock")])
    execute = getattr(manager, statement)

    def deadlocked_once(*args: Any, **kwargs: Any) -> Any:
        if error := next(deadlocks, None):
            raise error
        return execute(*args, **kwargs)

    monkeypatch.setattr(manager, statement, deadlocked_once)
    answer = with_key(client)
    assert answer.status_code == 201
    assert next(deadlocks, None) is None
    assert not first or answer.content == first.content


# After a day


def age(by: timedelta) -> None:
    IdempotencyKey.objects.update(created_at=Now() - by)


def test_a_key_is_kept_for_a_day(client: Client) -> None:
    first = with_key(client)
    age(KEPT - timedelta(minutes=1))
    services.purge_keys()
    assert with_key(client).content == first.content


def test_a_key_that_is_older_than_a_day_is_new(client: Client) -> None:
    first = with_key(client)
    age(KEPT + timedelta(minutes=1))
    assert with_key(client).json()["id"] != first.json()["id"]
    assert IdempotencyKey.objects.count() == 1


def test_old_keys_are_purged_and_others_stay(client: Client) -> None:
    with_key(client, "old")
    age(KEPT + timedelta(minutes=1))
    with_key(client, "young")
    assert services.purge_keys() == 1
    assert IdempotencyKey.objects.get().key == "young"
