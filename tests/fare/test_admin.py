"""Fare in Django's admin."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client

from fare import services
from fare.models import Blackout, Fare, Quote
from outbox.admin import ReadOnly
from tests.admin_pages import edits_by_hand, url
from tests.engine import rows_of_the_engine
from tests.fare import factories
from tests.fare.factories import NOW

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def visitor(client: Client) -> Client:
    """Signed in through the admin's page with the trial login."""
    form = {"username": "admin", "password": "admin", "next": "/admin/"}
    assert client.post("/admin/login/", form).status_code == 302
    return client


@pytest.fixture
def everything() -> Fare:
    """A row of every registered model."""
    fare = factories.stored_fare()
    factories.stored_levy()
    factories.stored_seat_charge()
    Blackout.objects.create(fare=fare, first=date(2040, 5, 1), last=date(2040, 5, 2))
    services.answer_quote_request(factories.requested(), now=NOW)
    Group.objects.create(name="agents")
    rows_of_the_engine(NOW)
    return fare


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_list_and_a_row_of_every_model_render(visitor: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    pages = [visitor.get(url(model, "changelist")), visitor.get(url(model, "change", row.pk))]
    assert [page.status_code for page in pages] == [200, 200]


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


def form(visitor: Client, fare: Fare, **changes: Any) -> dict[str, Any]:
    """A fare's page as it is sent back, with these changes."""
    page: Any = visitor.get(url(Fare, "change", fare.pk))
    fields = page.context["adminform"].form.initial
    sent = {name: value for name, value in fields.items() if not (value is None or value is False)}
    formset = page.context["inline_admin_formsets"][0].formset
    prefix = formset.prefix
    sent |= {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 0}
    return {**sent, f"{prefix}-0-first": "", f"{prefix}-0-last": "", **changes}


def test_a_fare_that_is_edited_is_sold_so_from_the_next_request_on(visitor: Client) -> None:
    fare = factories.stored_fare(amount=7100)
    response = visitor.post(url(Fare, "change", fare.pk), form(visitor, fare, amount=9900))
    assert response.status_code == 302
    services.answer_quote_request(factories.requested(), now=NOW)
    assert Quote.objects.get().amount == 9900


def test_a_fare_that_no_event_could_tell_is_not_saved(visitor: Client) -> None:
    fare = factories.stored_fare(amount=7100)
    page = visitor.post(url(Fare, "change", fare.pk), form(visitor, fare, basis="k light"))
    assert "Capitals and digits" in page.text
    assert Fare.objects.get().basis == "KLIGHT"


def test_a_quote_is_found_by_its_reservation(visitor: Client, everything: Fare) -> None:
    key = str(Quote.objects.get().pk)
    assert "1 quote\n" in visitor.get(url(Quote, "changelist"), {"q": key}).text
    assert "0 quotes\n" in visitor.get(url(Quote, "changelist"), {"q": "nobody"}).text


def test_a_fare_is_found_by_its_market_and_its_basis(visitor: Client, everything: Fare) -> None:
    for text in ("KLIGHT", "ARN", "LHR"):
        assert "1 fare\n" in visitor.get(url(Fare, "changelist"), {"q": text}).text
    assert "0 fares\n" in visitor.get(url(Fare, "changelist"), {"q": "CDG"}).text
