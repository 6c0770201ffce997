"""Payment in Django's admin."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client

from outbox.admin import ReadOnly
from payment import services
from payment.models import LedgerEntry, Operation, Payment
from payment.processors import Approved
from tests.admin_pages import edits_by_hand, url
from tests.engine import rows_of_the_engine
from tests.payment import factories
from tests.payment.factories import NOW

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def visitor(client: Client) -> Client:
    """Signed in through the admin's page with the trial login."""
    form = {"username": "admin", "password": "admin", "next": "/admin/"}
    assert client.post("/admin/login/", form).status_code == 302
    return client


@pytest.fixture
def everything() -> Operation:
    """A row of every registered model."""
    operation = factories.operation(token="tok_secret")
    services.record_answer(operation, Approved(reference="ref_1"), now=NOW)
    Group.objects.create(name="agents")
    rows_of_the_engine(NOW)
    return operation


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_list_and_a_row_of_every_model_render(visitor: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    pages = [visitor.get(url(model, "changelist")), visitor.get(url(model, "change", row.pk))]
    assert [page.status_code for page in pages] == [200, 200]
    assert "tok_secret" not in pages[0].text + pages[1].text


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    "model",
    [model for model in MODELS if isinstance(admin.site._registry[model], ReadOnly)],
    ids=lambda model: model._meta.label,
)
def test_what_only_the_engine_writes_is_not_edited_by_hand(
    visitor: Client, model: type[Model]
) -> None:
    assert edits_by_hand(visitor, model) == [403, 403, 403]


def test_a_payments_page_shows_its_operations(visitor: Client, everything: Operation) -> None:
    page = visitor.get(url(Payment, "change", everything.payment_id)).text
    assert "AUTHORIZE" in page
    assert "ref_1" in page


def test_a_payments_page_shows_its_ledger(visitor: Client, everything: Operation) -> None:
    page = visitor.get(url(Payment, "change", everything.payment_id)).text
    for entry in LedgerEntry.objects.filter(operation=everything.pk):
        assert str(entry) in page
    assert "REQUESTED" in page


@pytest.mark.parametrize("model", [Payment, Operation])
def test_it_is_found_by_its_reservation(
    visitor: Client, everything: Operation, model: type[Model]
) -> None:
    key = str(everything.payment_id)
    found = visitor.get(url(model, "changelist"), {"q": key})
    assert f"1 {model._meta.verbose_name}\n" in found.text
    missed = visitor.get(url(model, "changelist"), {"q": "nobody"})
    assert f"0 {model._meta.verbose_name_plural}\n" in missed.text


def test_the_admins_styles_are_served(client: Client) -> None:
    response: Any = client.get("/static/admin/css/base.css")
    body = b"".join(response.streaming_content)
    response.close()
    assert response.status_code == 200
    assert len(body) > 1000
