"""Booking in Django's admin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client, override_settings

from booking.models import AircraftType, Departure, Reservation, Saga, SchedulePeriod
from outbox.admin import ReadOnly
from tests.admin_pages import edits_by_hand, url
from tests.booking import factories
from tests.booking.factories import NOW
from tests.engine import rows_of_the_engine

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
WITHOUT_TRIAL = ["django.contrib.auth.backends.ModelBackend"]


@pytest.fixture
def visitor(client: Client) -> Client:
    """Signed in through the admin's page with the trial login."""
    form = {"username": "admin", "password": "admin", "next": "/admin/"}
    response = client.post("/admin/login/", form)
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    return client


@pytest.fixture
def everything() -> Reservation:
    """A row of every registered model."""
    reservation = factories.pending_reservation()
    Group.objects.create(name="agents")
    reservation.sagas.get().interventions.create(at=NOW, actor="eva", action="retry", reason="x")
    rows_of_the_engine(NOW)
    return reservation


@pytest.mark.django_db
def test_every_page_says_whose_admin_it_is_and_leads_nowhere_else(visitor: Client) -> None:
    page = visitor.get("/admin/").text
    assert "Airline reservations: booking" in page
    assert "View site" not in page


@pytest.mark.django_db
@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_list_and_a_row_of_every_model_render(visitor: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    listed = visitor.get(url(model, "changelist"))
    assert listed.status_code == 200
    shown = visitor.get(url(model, "change", row.pk))
    assert shown.status_code == 200
    assert str(row)[:40].replace("'", "&#x27;") in shown.text


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["record_locator", "id", "passenger_id"])
def test_a_reservation_is_found_by(visitor: Client, everything: Reservation, term: str) -> None:
    wanted = getattr(everything, term)
    found = visitor.get(url(Reservation, "changelist"), {"q": wanted})
    assert everything.record_locator in found.text


@pytest.mark.django_db
def test_a_search_for_what_is_not_there_finds_nothing(
    visitor: Client, everything: Reservation
) -> None:
    found = visitor.get(url(Reservation, "changelist"), {"q": "nobody"})
    assert found.status_code == 200
    assert everything.record_locator not in found.text


@pytest.mark.django_db
def test_a_reservations_page_shows_passengers_saga_and_timeline(
    visitor: Client, everything: Reservation
) -> None:
    page = visitor.get(url(Reservation, "change", everything.pk)).text
    for shown in ("passenger 1 on 12A", "AUTHORIZING", "seat 12A held, payment asked for"):
        assert shown in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "password"), [("admin", ""), ("admin", "Admin"), ("root", "admin"), ("", "")]
)
def test_any_other_login_is_refused(client: Client, username: str, password: str) -> None:
    client.post("/admin/login/", {"username": username, "password": password})
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_the_trial_login_leaves_no_password_behind(client: Client) -> None:
    assert client.login(username="admin", password="admin")
    with override_settings(AUTHENTICATION_BACKENDS=WITHOUT_TRIAL):
        assert not client.login(username="admin", password="admin")


@pytest.mark.django_db
def test_the_trial_session_ends_with_trial(visitor: Client) -> None:
    assert visitor.get("/admin/").status_code == 200
    with override_settings(AUTHENTICATION_BACKENDS=WITHOUT_TRIAL):
        assert visitor.get("/admin/").status_code == 302


ASK_WITHOUT_TRIAL = """
import django
django.setup()
from django.conf import settings
from django.test import Client
print(settings.AUTHENTICATION_BACKENDS)
for method, path in (("get", "reservations"), ("post", "reservations"), ("get", "schema")):
    print(getattr(Client(), method)(f"/api/{path}", secure=True).status_code)
"""


def test_without_trial_there_is_no_such_login_and_no_anonymous_access(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.booking",
        "SECRET_KEY": "a-key-of-this-test-only",
        "ALLOWED_HOSTS": "testserver",
        "BOOKING_DATABASE_URL": f"sqlite:///{tmp_path}/booking.sqlite3",
        "OFFER_SIGNING_KEYS": "a-key-of-this-test-only",
        "FARE_URL": "http://127.0.0.1:1",
        "INTERNAL_KEYS": "a-key-of-this-test-only-of-enough-characters",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK_WITHOUT_TRIAL],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.splitlines() == [str(WITHOUT_TRIAL), "401", "401", "401"]


# Departures


def act(visitor: Client, departure: Departure, action: str, **form: str) -> str:
    form = {"action": action, "_selected_action": str(departure.pk), **form}
    return visitor.post(url(Departure, "changelist"), form, follow=True).text


CONFIRMED = {"confirmed": "yes", "reason": "fog"}


@pytest.mark.django_db
@pytest.mark.parametrize(("action", "status"), [("close", "CLOSED"), ("cancel", "CANCELED")])
def test_a_departure_is_closed_or_canceled_with_a_reason_that_is_kept(
    visitor: Client, everything: Reservation, action: str, status: str
) -> None:
    departure = everything.departure
    asked = act(visitor, departure, action)
    assert Departure.objects.get().status == "OPEN"
    assert "reason" in asked
    told = act(visitor, departure, action, **CONFIRMED)
    assert Departure.objects.get().status == status
    assert f"ZQ1001 ARN-LHR on 2040-01-11 is {status.lower()}" in told
    assert "fog" in visitor.get(url(Departure, "history", departure.pk)).text


@pytest.mark.django_db
def test_a_departure_that_has_left_is_not_canceled(
    visitor: Client, everything: Reservation
) -> None:
    Departure.objects.update(status="DEPARTED")
    told = act(visitor, everything.departure, "cancel", **CONFIRMED)
    assert "DEPARTED → CANCELED" in told
    assert Departure.objects.get().status == "DEPARTED"


@pytest.mark.django_db
def test_who_may_only_look_at_departures_cancels_none(
    client: Client, everything: Reservation
) -> None:
    user = get_user_model().objects.create_user("clerk", password="clerk", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_departure"))
    client.force_login(user, backend=WITHOUT_TRIAL[0])
    assert client.get(url(Departure, "changelist")).status_code == 200
    act(client, everything.departure, "cancel", **CONFIRMED)
    assert Departure.objects.get().status == "OPEN"


@pytest.mark.django_db
def test_what_has_been_planned_of_a_period_is_not_edited_but_for_its_end(
    visitor: Client, everything: Reservation
) -> None:
    period = SchedulePeriod.objects.get()
    address = url(SchedulePeriod, "change", period.pk)
    assert 'name="days"' in visitor.get(address).text
    period.mark_planned(NOW.date())
    page = visitor.get(address).text
    assert 'name="days"' not in page
    assert 'name="valid_to"' in page
    assert visitor.post(url(SchedulePeriod, "delete", period.pk)).status_code == 403


@pytest.mark.django_db
@pytest.mark.usefixtures("everything")
def test_a_seat_map_with_a_seat_that_is_not_there_is_refused(visitor: Client) -> None:
    aircraft = AircraftType.objects.exclude(code="32N").get()
    layout = aircraft.layouts.get()
    form = {
        "name": aircraft.name,
        "layouts-TOTAL_FORMS": "1",
        "layouts-INITIAL_FORMS": "1",
        "layouts-0-id": str(layout.pk),
        "layouts-0-aircraft_type": aircraft.pk,
        "layouts-0-cabin": "ECONOMY",
        "layouts-0-first_row": "1",
        "layouts-0-last_row": "30",
        "layouts-0-letters": "ABC DEF",
        "layouts-0-exit_rows": "[10]",
        "layouts-0-missing_seats": "[]",
        "layouts-0-blocked_seats": '["31A"]',
    }
    address = url(AircraftType, "change", aircraft.pk)
    assert "a list of the cabin&#x27;s seats" in visitor.post(address, form).text
    answer = visitor.post(address, {**form, "layouts-0-blocked_seats": '["30A"]'})
    assert answer.status_code == 302
    layout.refresh_from_db()
    assert (layout.blocked_seats, layout.exit_rows) == (["30A"], [10])


# Sagas


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["saga", "reservation"])
def test_the_cards_token_that_waits_for_a_price_is_shown_to_nobody(
    visitor: Client, page: str
) -> None:
    factories.departure(factories.flight())
    reservation = factories.reserve(offered=False, payment_token="tok_of_mine")
    pk = Saga.objects.get().pk if page == "saga" else reservation.pk
    shown = visitor.get(f"/admin/booking/{page}/{pk}/change/")
    assert shown.status_code == 200
    assert "QUOTING" in shown.text
    assert "tok_of_mine" not in shown.text


def test_pages_have_our_styles_after_djangos(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    assert page.index("admin/css/base.css") < page.index("/static/airline/admin.css")
