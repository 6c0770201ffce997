"""Django's admin: what operators see and do."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from notification import services
from notification.models import Contact, Delivery, Endpoint, OptOut, address_digest
from tests.admin_pages import edits_by_hand, url
from tests.notification import factories

pytestmark = pytest.mark.django_db


MODELS = (Delivery, Endpoint, Contact, OptOut)


@pytest.fixture
def operator(admin_client: Client) -> Client:
    return admin_client


@pytest.mark.parametrize("model", MODELS)
def test_the_list_and_a_row_of_every_model_render(operator: Client, model: type[Model]) -> None:
    factories.webhook(factories.endpoint())
    factories.delivery()
    services.opt_out(address_digest(factories.ADDRESS), now=factories.NOW)
    row = model._default_manager.first()
    assert row is not None
    pages = [operator.get(url(model, "changelist")), operator.get(url(model, "change", row.pk))]
    assert [page.status_code for page in pages] == [200, 200]


def act(visitor: Client, model: type[Delivery | Endpoint], action: str) -> str:
    """What the page says after an action on every row."""
    chosen = [str(row.pk) for row in model.objects.all()]
    response = visitor.post(
        url(model, "changelist"), {"action": action, "_selected_action": chosen}, follow=True
    )
    return response.content.decode()


def test_operators_find_what_is_held_and_look_at_it(operator: Client) -> None:
    delivery = factories.delivery()
    Delivery.objects.update(status="HELD", error="Traceback")
    delivery.log.create(at=factories.NOW, duration_ms=1, error="no luck")
    listed = operator.get(url(Delivery, "changelist"), {"status__exact": "HELD"})
    assert str(delivery.pk) in listed.content.decode()
    shown = operator.get(url(Delivery, "change", delivery.pk)).content.decode()
    assert "Traceback" in shown
    assert "no luck" in shown


def test_operators_have_deliveries_sent_again(operator: Client) -> None:
    factories.delivery()
    Delivery.objects.update(status="HELD", attempts=9)
    assert "1 are sent again" in act(operator, Delivery, "redeliver")
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("PENDING", 0)


def test_what_is_on_its_way_is_not_sent_again(operator: Client) -> None:
    factories.delivery()
    assert "It is on its way." in act(operator, Delivery, "redeliver")


def test_who_may_only_look_cannot_have_anything_sent(client: Client) -> None:
    visitor = User.objects.create_user("visitor", password="x", is_staff=True)
    visitor.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(visitor)
    factories.delivery()
    Delivery.objects.update(status="HELD")
    act(client, Delivery, "redeliver")
    assert Delivery.objects.get().status == "HELD"


@pytest.mark.parametrize("model", [Delivery, Contact])
def test_nobody_edits_by_hand(operator: Client, model: type[Delivery | Contact]) -> None:
    factories.delivery()
    assert edits_by_hand(operator, model) == [403, 403, 403]


def register(visitor: Client, target: str) -> str:
    response = visitor.post(
        url(Endpoint, "add"),
        {"url": target, "event_types": ["booking.TicketsIssued.v1"], "description": "partner"},
        follow=True,
    )
    return response.content.decode()


def test_operators_register_an_endpoint_and_see_its_secret(operator: Client) -> None:
    register(operator, "https://partner.example/hook")
    endpoint = Endpoint.objects.get()
    assert endpoint.event_types == ["booking.TicketsIssued.v1"]
    assert endpoint.secret in operator.get(url(Endpoint, "change", endpoint.pk)).content.decode()


def test_an_unfit_url_is_refused(operator: Client) -> None:
    assert "only https URLs" in register(operator, "http://partner.example/hook")
    assert not Endpoint.objects.exists()


def test_a_disabled_endpoint_says_why_and_is_enabled_again(operator: Client) -> None:
    endpoint = factories.endpoint()
    endpoint.disable("nothing but failures")
    assert "nothing but failures" in operator.get(url(Endpoint, "changelist")).content.decode()
    assert "gets webhooks again" in act(operator, Endpoint, "enable")
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (True, "")


def test_operators_end_an_endpoint_with_all_that_it_was_sent(operator: Client) -> None:
    factories.webhook(factories.endpoint())
    assert "is gone" in act(operator, Endpoint, "end")
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()


def test_operators_ping(operator: Client) -> None:
    factories.endpoint()
    said = act(operator, Endpoint, "ping")
    assert f"delivery {Delivery.objects.get().pk}" in said


def test_operators_give_out_a_new_secret(operator: Client) -> None:
    endpoint = factories.endpoint()
    act(operator, Endpoint, "rotate")
    before = endpoint.secret
    endpoint.refresh_from_db()
    assert endpoint.previous_secret == before != endpoint.secret
