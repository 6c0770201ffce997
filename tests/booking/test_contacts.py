"""Whom to tell about a reservation: the one event with personal data."""

from typing import Any

import msgspec
import pytest
from django.test import Client
from pytest_django import Settings

from booking.models import Departure
from contracts.booking import PassengerContactGiven
from contracts.values import Contact, PassengerContact
from outbox.events import history
from tests.booking import factories
from tests.booking.http import post, problem_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def departure() -> Departure:
    """With free seats 12A and 12B."""
    return factories.departure(factories.flight())


def book(client: Client, *passengers: dict[str, Any], **facts: Any) -> Any:
    """A reservation of these, each without a seat of their own choice; of passenger 1 alone."""
    party = [{"passenger_id": who, **said} for who, said in enumerate(passengers or ({},), 1)]
    return post(client, {"flight_number": 1001, "passengers": party, **facts})


def contact_of(answer: Any) -> PassengerContactGiven:
    """What the event says."""
    given = history(answer.json()["id"]).get(type=PassengerContactGiven.type)
    return msgspec.json.decode(given.payload, type=PassengerContactGiven)


def test_a_contact_goes_out_together_with_who_flies(client: Client) -> None:
    contact = {"email": "eva@example.test", "surname": "Berg", "language": "sv"}
    eva = {"given_name": "Eva", "surname": "Berg", "email": "eva@example.test"}
    answer = book(client, eva, contact=contact)
    said = contact_of(answer)
    _, *others = history(answer.json()["id"])
    assert PassengerContactGiven.type in {other.type for other in others}
    assert said.contact == Contact(**contact)
    assert said.passengers == (PassengerContact(passenger_id=1, **eva),)


@pytest.mark.parametrize("name", ["Berg\r\nBcc: eva", "Be\trg", "Be\x1b[1mrg", "Be\u2028rg"])
def test_a_name_is_one_line_of_text(client: Client, name: str) -> None:
    for answer in (book(client, {"surname": name}), book(client, contact={"given_name": name})):
        [error] = problem_of(answer, 400, "invalid-request")["errors"]
        assert error["detail"] == "A name is one line of text."


@pytest.mark.parametrize("contact", [None, {}, {"surname": "Berg"}])
def test_under_trial_who_gives_no_address_has_a_made_up_one(
    client: Client, contact: dict[str, str] | None
) -> None:
    facts = {} if contact is None else {"contact": contact}
    said = contact_of(book(client, {"given_name": "Eva"}, {}, **facts))
    made_up = Contact(language="en", email="passenger-1@example.test", **(contact or {}))
    assert said.contact == made_up
    assert [passenger.email for passenger in said.passengers] == [None]


def test_a_contacts_address_is_not_made_up(client: Client) -> None:
    answer = book(client, contact={"email": "eva@example.test"})
    assert contact_of(answer).contact == Contact(language="en", email="eva@example.test")


def test_where_a_passenger_has_an_address_none_is_made_up(client: Client) -> None:
    said = contact_of(book(client, {}, {"email": "bo@example.test"}))
    assert said.contact == Contact(language="en")
    assert [passenger.email for passenger in said.passengers] == ["bo@example.test"]


def test_the_short_form_has_a_made_up_address_too(client: Client) -> None:
    answer = post(client, {"flight_number": 1001, "passenger_id": 7, "seat_number": "12A"})
    assert contact_of(answer).contact.email == "passenger-7@example.test"


@pytest.mark.parametrize("facts", [{}, {"contact": {}}])
def test_outside_trial_nothing_is_made_up(
    admin_client: Client, settings: Settings, facts: dict[str, Any]
) -> None:
    settings.TRIAL = False
    answer = book(admin_client, payment_token="tok", **facts).json()
    assert not history(answer["id"]).filter(type=PassengerContactGiven.type).exists()


def test_outside_trial_a_contact_without_an_address_stays_so(
    admin_client: Client, settings: Settings
) -> None:
    settings.TRIAL = False
    answer = book(admin_client, payment_token="tok", contact={"surname": "Berg"})
    assert contact_of(answer).contact == Contact(language="en", surname="Berg")


def test_who_somebody_is_is_never_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    contact = {"email": "eva@example.test", "surname": "Berg"}
    book(client, {"surname": "Berg", "email": "eva@example.test"}, contact=contact)
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith("django.db")]
    assert not [line for line in logged if "Berg" in line or "eva@" in line]
