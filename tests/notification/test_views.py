"""The API of endpoints and deliveries, and the page behind the link in mails."""

from typing import Any, get_args
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from contracts.booking import ReservationConfirmed, ReservationExpired, TicketsIssued
from notification import links
from notification.messages import EventType
from notification.models import OPTIONAL, Delivery, Endpoint, OptOut, address_digest
from notification.services.endpoints import MOST_ENDPOINTS
from tests.notification import factories
from tests.notification.factories import ADDRESS, NOW

pytestmark = pytest.mark.django_db

ENDPOINTS = "/api/webhooks"
BODY = {"url": "https://partner.example/hook", "event_types": [TicketsIssued.type]}


def post(client: Client, path: str, body: Any = None) -> Any:
    content = {} if body is None else body
    return client.post(path, content, content_type="application/json")


def mine(**facts: Any) -> Endpoint:
    """An endpoint of the customer that everybody is in a trial."""
    return factories.endpoint(customer_id="trial", **facts)


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


def test_a_registered_endpoint_gets_its_secret_once(client: Client) -> None:
    made = post(client, ENDPOINTS, BODY)
    assert made.status_code == 201
    told = made.json()
    assert told["secret"] == Endpoint.objects.get().secret
    assert told["secret"].startswith("whsec_")
    assert made.headers["Location"] == f"{ENDPOINTS}/{told['id']}"
    shown = client.get(made.headers["Location"]).json()
    assert shown == {name: value for name, value in told.items() if name != "secret"}


def test_the_event_types_that_can_be_asked_for_are_those_that_are_sent() -> None:
    assert set(get_args(EventType)) == set(OPTIONAL)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalid-request"),
        ({**BODY, "more": 1}, "invalid-request"),
        ({**BODY, "url": 1}, "invalid-request"),
        ({**BODY, "event_types": ["booking.Nothing.v1"]}, "invalid-request"),
        ({**BODY, "url": "http://partner.example/"}, "unfit-url"),
        ({**BODY, "url": "https://user:x@partner.example/"}, "unfit-url"),
    ],
)
def test_an_unfit_registration_is_refused(client: Client, body: Any, kind: str) -> None:
    assert problem(post(client, ENDPOINTS, body)) == (400, kind)
    assert not Endpoint.objects.exists()


def test_there_is_a_limit_to_endpoints(client: Client) -> None:
    Endpoint.objects.bulk_create(
        Endpoint(url="https://partner.example/", customer_id="trial", created_at=NOW)
        for _ in range(MOST_ENDPOINTS)
    )
    assert problem(post(client, ENDPOINTS, BODY)) == (409, "too-many-endpoints")


def test_a_list_shows_no_secret(client: Client) -> None:
    endpoint = mine()
    response = client.get(ENDPOINTS)
    assert response.json()["results"][0]["id"] == str(endpoint.pk)
    assert endpoint.secret not in response.content.decode()


def test_a_secret_is_replaced_by_another(client: Client) -> None:
    endpoint = mine()
    told = post(client, f"{ENDPOINTS}/{endpoint.pk}/secret").json()
    before = endpoint.secret
    endpoint.refresh_from_db()
    assert told["secret"] == endpoint.secret != before
    assert endpoint.previous_secret == before


def test_a_deleted_endpoint_gets_nothing_more(client: Client) -> None:
    endpoint = mine()
    factories.webhook(endpoint)
    assert client.delete(f"{ENDPOINTS}/{endpoint.pk}").status_code == 204
    assert not Delivery.objects.exists()


def test_a_ping_is_on_its_way(client: Client) -> None:
    endpoint = mine()
    response = post(client, f"{ENDPOINTS}/{endpoint.pk}/ping")
    assert response.status_code == 202
    assert response.json()["status"] == "PENDING"
    assert Delivery.objects.get().endpoint == endpoint


def test_everything_since_a_time_is_sent_again(client: Client) -> None:
    endpoint = mine()
    factories.webhook(endpoint)
    Delivery.objects.update(status="SENT", attempts=1, completed_at=NOW)
    path = f"{ENDPOINTS}/{endpoint.pk}/redeliveries"
    response = post(client, path, {"since": NOW.isoformat()})
    assert (response.status_code, response.json()) == (202, {"redelivered": 1})
    assert Delivery.objects.get().status == "PENDING"
    assert problem(post(client, path, {"since": "yesterday"})) == (400, "invalid-request")


def test_an_endpoints_deliveries_are_shown_with_their_log(client: Client) -> None:
    endpoint = mine(event_types=[ReservationConfirmed.type])
    delivery = factories.webhook(endpoint)
    delivery.log.create(at=NOW, duration_ms=12, answer_status=410)
    factories.webhook(mine(), TicketsIssued)
    [shown] = client.get(f"{ENDPOINTS}/{endpoint.pk}/deliveries").json()["results"]
    assert (shown["id"], shown["log"][0]["answer_status"]) == (str(delivery.pk), 410)


def test_one_of_an_endpoints_deliveries_is_sent_again(client: Client) -> None:
    endpoint = mine()
    delivery = factories.webhook(endpoint)
    path = f"{ENDPOINTS}/{endpoint.pk}/deliveries/{delivery.pk}/redelivery"
    assert problem(post(client, path)) == (409, "not-redeliverable")
    Delivery.objects.update(status="HELD", attempts=3)
    assert post(client, path).json()["status"] == "PENDING"


def test_another_endpoints_delivery_is_not_there(client: Client) -> None:
    delivery = factories.webhook(mine())
    path = f"{ENDPOINTS}/{mine().pk}/deliveries/{delivery.pk}/redelivery"
    assert post(client, path).status_code == 404


@pytest.mark.parametrize("status", ["SENT", "HELD", "UNDELIVERABLE"])
def test_a_delivery_that_is_over_is_sent_again(client: Client, status: str) -> None:
    delivery = factories.delivery()
    Delivery.objects.update(status=status, attempts=3, completed_at=NOW)
    response = post(client, f"/api/deliveries/{delivery.pk}/redelivery")
    assert response.status_code == 202
    told = response.json()
    assert (told["status"], told["attempts"], told["completed_at"]) == ("PENDING", 0, None)


@pytest.mark.parametrize("status", ["PENDING", "SUPPRESSED"])
def test_what_is_on_its_way_or_not_wanted_is_not(client: Client, status: str) -> None:
    delivery = factories.delivery()
    Delivery.objects.update(status=status)
    response = post(client, f"/api/deliveries/{delivery.pk}/redelivery")
    assert problem(response) == (409, "not-redeliverable")


def test_a_delivery_is_shown_with_its_log_and_names_nobody(client: Client) -> None:
    delivery = factories.delivery()
    delivery.log.create(at=NOW, duration_ms=12, answer_status=250)
    shown = client.get(f"/api/deliveries/{delivery.pk}")
    assert shown.json()["log"][0]["answer_status"] == 250
    assert ADDRESS not in shown.content.decode()
    assert client.get("/api/deliveries").json()["results"] == [shown.json()]


@pytest.mark.parametrize("path", [ENDPOINTS, "/api/deliveries"])
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    assert client.get(f"{path}/{uuid4()}").status_code == 404


# Unsubscribing


def link() -> str:
    return "/" + links.unsubscribe_link(ADDRESS).partition("//")[2].partition("/")[2]


def test_looking_at_the_page_changes_nothing(client: Client) -> None:
    response = client.get(link())
    assert response.status_code == 200
    assert "<button>" in response.content.decode()
    assert not OptOut.objects.exists()


def test_a_mail_programs_button_opts_out_with_one_click(settings: Settings) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(link(), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert OptOut.objects.get().digest == address_digest(ADDRESS)


def test_the_page_marks_what_is_always_sent_and_lets_the_rest_be_chosen(client: Client) -> None:
    page = client.get(link()).content.decode()
    for kind, is_optional in OPTIONAL.items():
        box = f'value="{kind}" checked'
        assert (f"{box}>" if is_optional else f"{box} disabled>") in page
    assert page.count("(always sent)") == list(OPTIONAL.values()).count(False)


def test_kinds_are_chosen_one_by_one_and_the_page_shows_the_choice(client: Client) -> None:
    answer = client.post(link(), {"choose": "1", "kind": [ReservationExpired.type]})
    assert "Done." in answer.content.decode()
    assert OptOut.objects.get().event_types == [ReservationConfirmed.type]
    for page in (answer, client.get(link())):
        text = page.content.decode()
        assert f'value="{ReservationExpired.type}" checked>' in text
        assert f'value="{ReservationConfirmed.type}">' in text


def test_who_chooses_everything_again_gets_it(client: Client) -> None:
    client.post(link())
    client.post(link(), {"choose": "1", "kind": list(OPTIONAL)})
    assert not OptOut.objects.exists()


def test_who_chooses_nothing_gets_what_has_to_be_said(client: Client) -> None:
    client.post(link(), {"choose": "1"})
    assert OptOut.objects.get().event_types == [ReservationConfirmed.type, ReservationExpired.type]


def test_one_click_after_a_choice_leaves_nothing_optional(client: Client) -> None:
    client.post(link(), {"choose": "1", "kind": [ReservationExpired.type]})
    client.post(link(), {"List-Unsubscribe": "One-Click"})
    assert OptOut.objects.get().event_types == []
    assert "disabled" in (page := client.get(link()).content.decode())
    assert "checked>" not in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_was_not_made_here_is_nothing(client: Client, method: str) -> None:
    forged = f"/unsubscribe/{address_digest(ADDRESS)}:{'x' * 43}"
    assert getattr(client, method)(forged).status_code == 404
    assert not OptOut.objects.exists()


def test_the_page_speaks_the_visitors_language(client: Client) -> None:
    assert "Klart." in client.post(link(), headers={"Accept-Language": "sv-SE"}).content.decode()
    assert "Done." in client.post(link(), headers={"Accept-Language": "de"}).content.decode()
