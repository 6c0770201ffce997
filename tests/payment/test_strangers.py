"""No operation of payment's shows what is another customer's."""

import pytest
from django.test import Client

from payment import services
from payment.models import Payment
from tests.payment import factories
from tests.payment.factories import NOW
from tests.strangers import Asked, assert_shown_nothing, operations, stranger

pytestmark = pytest.mark.django_db

EXPECTED = {
    "GET /api/ops/payment": ("/api/ops/payment", 200),  # figures alone; in a trial everybody's
    "GET /api/payments": ("/api/payments", 200),
    "GET /api/payments/{id}": ("/api/payments/{}", 404),
}


def seen(client: Client) -> list[str]:
    return [one["reservation_id"] for one in client.get("/api/payments").json()["results"]]


def test_every_operation_is_asked_by_a_stranger() -> None:
    assert set(EXPECTED) == operations("payment")


@pytest.mark.parametrize("operation", sorted(operations("payment")))
@pytest.mark.parametrize("owner", ["somebody-else", None])
def test_a_stranger_is_shown_nothing(operation: str, owner: str | None) -> None:
    theirs = factories.operation(customer_id=owner).payment
    path, status = EXPECTED[operation]
    asked = Asked(path.format(theirs.pk), status)
    assert_shown_nothing(operation, asked, stranger("payment"), of={str(theirs.pk)})


def test_a_customer_sees_their_own_payment_and_it_alone() -> None:
    mine, _ = factories.payment(customer_id="eva"), factories.payment(customer_id="bo")
    eva = stranger("payment", "eva")
    assert seen(eva) == [str(mine.pk)]
    assert eva.get(f"/api/payments/{mine.pk}").status_code == 200


def test_the_staff_sees_every_payment(admin_client: Client) -> None:
    payments = [factories.payment(customer_id="eva"), factories.operation(customer_id=None).payment]
    assert set(seen(admin_client)) == {str(one.pk) for one in payments}


def test_a_payment_that_a_void_made_becomes_its_customers_with_the_authorization() -> None:
    event = factories.requested(customer_id="eva")
    reservation = event.reservation_id
    services.request_follow_up(factories.follow_up("VOID", reservation), now=NOW)
    assert Payment.objects.get(pk=reservation).customer_id == ""
    services.request_authorization(event, now=NOW)
    assert Payment.objects.get(pk=reservation).customer_id == "eva"


def test_a_payment_stays_its_customers() -> None:
    mine = factories.payment(customer_id="eva")
    for number, other in ((2, "bo"), (3, None)):
        again = factories.requested(mine.pk, number=number, customer_id=other)
        services.request_authorization(again, now=NOW)
    assert Payment.objects.get(pk=mine.pk).customer_id == "eva"
