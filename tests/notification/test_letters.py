"""What mails say, in both languages."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from contracts.booking import (
    ReservationCanceled,
    ReservationChanged,
    ReservationConfirmed,
    ReservationEvent,
    ReservationExpired,
    TicketsIssued,
)
from contracts.values import Reason
from notification.letters import Letter
from notification.models import OPTIONAL, Contact, Delivery
from notification.presenting import money
from tests.notification import factories
from tests.notification.factories import LOCATOR

pytestmark = pytest.mark.django_db


def letter(delivery: Delivery) -> EmailMessage:
    """The mail of a delivery to its contact."""
    contact = Contact.objects.get()
    message = Letter.to(delivery, contact, contact.addressee("contact")).message()
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    """The text of the mail's body of a kind: `plain` or `html`."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def attached(message: EmailMessage, ending: str) -> Any:
    """An attachment's content."""
    [found] = [
        file.get_content()
        for file in message.iter_attachments()
        if (file.get_filename() or "").endswith(ending)
    ]
    return found


def write(kind: type[ReservationEvent] = ReservationConfirmed, **facts: Any) -> EmailMessage:
    return letter(factories.delivery(kind, **facts))


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("kind", factories.MORE)
@pytest.mark.parametrize("form", ["plain", "html"])
def test_every_mail_has_locator_flight_and_seats_as_text_and_as_html(
    kind: type[ReservationEvent], language: str, form: str
) -> None:
    text = part(write(kind, language=language), form)
    for told in (LOCATOR, "ZQ1001", "ARN", "LHR", "12A", "12B"):
        assert told in text


@pytest.mark.parametrize("kind", factories.MORE)
def test_the_subject_has_the_locator(kind: type[ReservationEvent]) -> None:
    assert LOCATOR in write(kind)["Subject"]


def test_times_are_those_of_the_airports_clocks() -> None:
    text = part(write(), "plain")
    assert "Tuesday 10 January 2040 07:40 (ARN)" in text
    assert "Tuesday 10 January 2040 09:25 (LHR)" in text


def test_where_the_destinations_zone_is_not_known_the_time_is_utc_and_says_so() -> None:
    there = factories.itinerary(destination_zone=None)
    reservation = factories.summary(itinerary=there)
    text = part(write(changes={"reservation": reservation}), "plain")
    assert "09:25 UTC" in text


def test_swedish_is_swedish_to_the_day_of_the_week_and_the_money() -> None:
    message = write(TicketsIssued, language="sv")
    text = part(message, "plain")
    assert message["Subject"] == f"{LOCATOR}: dina biljetter"
    for told in ("Hej Eva Berg,", "tisdag 10 januari 2040 07:40", "Summa: 129,00\xa0€"):
        assert told in text


def test_a_language_that_nobody_writes_here_is_answered_in_english() -> None:
    assert "Hello Eva Berg," in part(write(language="de-CH"), "plain")


def test_a_price_is_broken_down() -> None:
    text = part(write(TicketsIssued), "plain")
    for line in ("FARE: €110.00", "GB: €19.00", "Total: €129.00"):
        assert line in text


def test_a_currency_without_minor_units_has_none() -> None:
    assert money(12900, "JPY", language="en") == "JP¥12,900"


def test_tickets_name_the_passengers() -> None:
    names = (factories.passenger(1, name="Ann"), factories.passenger(2))
    text = part(write(TicketsIssued, passengers=names), "plain")
    assert "Ann Berg, seat 12A, ticket 0000000000011" in text
    assert "Bo Berg, seat 12B, ticket 0000000000022" in text


def test_a_name_is_text_in_html_and_nothing_else() -> None:
    names = (factories.passenger(1, name="<script>alert(1)</script>"),)
    message = write(TicketsIssued, passengers=names)
    assert "<script>" not in part(message, "html")
    assert "<script>" not in attached(message, ".html")
    assert "<script>alert(1)</script> Berg" in part(message, "plain")


def test_a_cancelation_says_what_comes_back() -> None:
    text = part(write(ReservationCanceled), "plain")
    assert "Kept or charged: €29.00" in text
    assert "Given back: €100.00" in text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("customer", "as you asked"),
        ("departure_canceled", "your flight is canceled"),
        ("capture_refused", "could not be charged"),
    ],
)
def test_a_cancelation_says_why(code: str, told: str) -> None:
    text = part(write(ReservationCanceled, changes={"reason": Reason(code=code)}), "plain")
    assert told in text


def test_a_change_says_what_was_before() -> None:
    assert "Before the change: ZQ1003" in part(write(ReservationChanged), "plain")


# Attachments


def calendar_of(message: EmailMessage) -> tuple[Any, Any]:
    """The attached calendar and its only entry."""
    calendar = Calendar.from_ical(attached(message, ".ics"))
    [event] = calendar.walk("VEVENT")
    return calendar, event


@pytest.mark.parametrize(
    ("kind", "method"),
    [(TicketsIssued, "PUBLISH"), (ReservationChanged, "PUBLISH"), (ReservationCanceled, "CANCEL")],
)
def test_a_calendar_gets_the_flight_and_loses_a_canceled_one(
    kind: type[ReservationEvent], method: str
) -> None:
    calendar, event = calendar_of(write(kind))
    there = factories.itinerary()
    assert calendar["METHOD"] == method
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (there.departs_at, there.arrives_at)
    assert event["SUMMARY"] == "ZQ1001 ARN-LHR"


def test_later_calendar_entries_of_a_reservation_revise_the_earlier_ones() -> None:
    delivery = factories.delivery(TicketsIssued)
    entries = []
    for _ in range(2):
        entries.append(calendar_of(letter(delivery))[1])
        delivery.created_at += timedelta(minutes=1)
    assert entries[0]["UID"] == entries[1]["UID"]
    assert entries[0]["SEQUENCE"] < entries[1]["SEQUENCE"]


def test_only_what_is_flown_has_a_calendar_entry() -> None:
    assert not list(write(ReservationExpired).iter_attachments())


def test_the_receipt_has_tickets_and_price() -> None:
    receipt = attached(write(TicketsIssued), ".html")
    for told in ("Receipt", LOCATOR, "0000000000011", "€129.00"):
        assert told in receipt


# What says how not to get it


@pytest.mark.parametrize("kind", factories.MORE)
def test_what_is_optional_has_a_link_and_what_is_not_has_none(
    kind: type[ReservationEvent],
) -> None:
    text = part(write(kind), "plain")
    assert ("/unsubscribe/" in text) == OPTIONAL[kind.type]


def test_a_mail_programs_own_button_has_where_to_post() -> None:
    message = write()
    assert re.fullmatch(
        r"<http://127\.0\.0\.1:3000/unsubscribe/[^>]+>", message["List-Unsubscribe"].strip()
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_link_does_not_name_the_address() -> None:
    assert "eva" not in write()["List-Unsubscribe"]


def test_a_mail_says_that_a_program_has_sent_it() -> None:
    assert write()["Auto-Submitted"] == "auto-generated"
