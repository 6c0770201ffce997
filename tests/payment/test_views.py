"""Payments over HTTP: to be looked at, nothing else."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from payment import services
from payment.processors import Approved
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def test_a_payment_is_shown_with_its_operations(client: Client) -> None:
    operation = factories.operation()
    services.record_answer(operation, Approved(reference="ref_1"), now=NOW)
    answer = client.get(f"/api/payments/{operation.payment_id}").json()
    assert answer["reservation_id"] == str(operation.payment_id)
    assert (answer["authorized_amount"], answer["currency"]) == (AMOUNT, "EUR")
    [shown] = answer["operations"]
    assert (shown["number"], shown["kind"], shown["status"]) == (1, "AUTHORIZE", "SUCCEEDED")
    assert (shown["processor_reference"], shown["attempts"]) == ("ref_1", 1)


def test_its_totals_and_operations_are_shown_in_order(client: Client) -> None:
    payment = factories.captured(9000)
    refund = factories.asked("REFUND", payment, number=3, amount=4000)
    services.record_answer(refund, Approved(reference="ref_r"), now=NOW)
    answer = client.get(f"/api/payments/{payment.pk}").json()
    assert (answer["captured_amount"], answer["refunded_amount"], answer["voided_amount"]) == (
        9000,
        4000,
        0,
    )
    shown = [(one["kind"], one["authorization_number"]) for one in answer["operations"]]
    assert shown == [("AUTHORIZE", None), ("CAPTURE", 1), ("REFUND", 1)]


def test_the_cards_token_is_shown_nowhere(client: Client) -> None:
    operation = factories.operation(token="tok_secret")
    for path in ("/api/payments", f"/api/payments/{operation.payment_id}"):
        for accept in ("application/json", "text/html"):
            assert "tok_secret" not in client.get(path, headers={"accept": accept}).text


def test_the_list_has_every_payment_once_newest_first(client: Client) -> None:
    ids = [str(factories.payment().pk) for _ in range(60)][::-1]
    first = client.get("/api/payments").json()
    second = client.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [50, 10]
    assert [p["reservation_id"] for p in first["results"] + second["results"]] == ids
    assert second["next"] is None


def test_a_page_costs_two_queries(client: Client, django_assert_num_queries: Any) -> None:
    factories.operations(10)
    with django_assert_num_queries(2):
        client.get("/api/payments")


def test_an_unknown_payment_is_not_found(client: Client) -> None:
    response = client.get(f"/api/payments/{uuid4()}")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("cursor", ["x", "cD1ub3QtYS11dWlk", "cj0xJnA9MQ=="])
def test_a_cursor_that_was_not_given_out_is_refused(client: Client, cursor: str) -> None:
    factories.operations(2)
    response = client.get("/api/payments", {"cursor": cursor})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_payment_is_made_and_changed_by_events_only(client: Client, method: str) -> None:
    payment = factories.payment()
    for path in ("/api/payments", f"/api/payments/{payment.pk}"):
        response = getattr(client, method)(path, {}, "application/json")
        assert response.status_code == 405
        assert response.headers["Content-Type"] == PROBLEM


def test_the_browsable_pages_render(client: Client) -> None:
    payment = factories.payment()
    for path in ("/api/payments", f"/api/payments/{payment.pk}"):
        response = client.get(path, headers={"accept": "text/html"})
        assert response.status_code == 200
        assert str(payment.pk) in response.text
