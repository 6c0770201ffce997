"""Mails, given to a real SMTP server."""

import pytest
from pytest_django import Settings

from contracts.booking import (
    ReservationCanceled,
    ReservationConfirmed,
    ReservationExpired,
    TicketsIssued,
)
from notification import letters, services
from notification.channels.email import Mails
from notification.deliveries import Deliveries
from notification.models import Attempt, Contact, Delivery, address_digest
from tests.notification import factories
from tests.notification.factories import ADDRESS, NOW
from tests.notification.working import Runner, nothing_new, nothing_pending, run_until
from tests.receivers import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_leases")]


@pytest.fixture
def mails(runner: Runner) -> Deliveries:
    """A runner that sends mails."""
    return runner({Delivery.Channel.EMAIL: Mails()})


def send_all(mails: Deliveries) -> None:
    run_until(nothing_pending, mails)


def status_of(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.status, delivery.error


def test_a_mail_gets_to_the_contact_once(mails: Deliveries, mail_server: MailServer) -> None:
    delivery = factories.delivery()
    send_all(mails)
    [(recipient, message)] = mail_server.taken
    assert recipient == message["To"] == ADDRESS
    assert status_of(delivery) == ("SENT", "")


def test_every_attempt_has_the_same_message_id(mails: Deliveries, mail_server: MailServer) -> None:
    delivery = factories.delivery()
    send_all(mails)
    services.redeliver(delivery)
    send_all(mails)
    ids = [message["Message-ID"] for _, message in mail_server.taken]
    assert ids == [f"<{delivery.message_id}@airline.example.test>"] * 2


def test_a_passenger_gets_a_mail_of_their_own(mails: Deliveries, mail_server: MailServer) -> None:
    factories.delivery(passengers=(factories.passenger(2, "bo@example.test"),))
    send_all(mails)
    assert sorted(mail_server.recipients) == ["bo@example.test", ADDRESS]
    by_recipient = dict(mail_server.taken)
    body = by_recipient["bo@example.test"].get_body(("plain",))
    assert body is not None
    assert "Hello Bo Berg" in body.get_content()


def test_one_refused_recipient_does_not_stop_the_rest(
    mails: Deliveries, mail_server: MailServer
) -> None:
    mail_server.refuse = {"gone@example.test": "550 no such mailbox"}
    refused = factories.delivery(email="gone@example.test")
    taken = factories.delivery()
    send_all(mails)
    assert mail_server.recipients == [ADDRESS]
    assert status_of(taken) == ("SENT", "")
    assert status_of(refused) == ("UNDELIVERABLE", "550 no such mailbox")


def test_a_recipient_who_is_refused_for_now_is_tried_again(
    mails: Deliveries, mail_server: MailServer
) -> None:
    mail_server.refuse = {ADDRESS: "450 mailbox busy"}
    delivery = factories.delivery()
    run_until(nothing_new, mails)
    assert status_of(delivery) == ("PENDING", "450 mailbox busy")
    mail_server.refuse = {}
    factories.make_due()
    send_all(mails)
    assert mail_server.recipients == [ADDRESS]


@pytest.mark.parametrize(
    ("said", "status"), [("554 no, thank you", "HELD"), ("451 try again", "PENDING")]
)
def test_a_content_that_is_refused_is_held_or_tried_again(
    mails: Deliveries, mail_server: MailServer, said: str, status: str
) -> None:
    mail_server.refuse_data = said
    delivery = factories.delivery()
    run_until(nothing_new, mails)
    assert status_of(delivery) == (status, said)


def test_while_the_server_is_away_mails_wait(
    mails: Deliveries, settings: Settings, mail_server: MailServer
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    delivery = factories.delivery()
    run_until(nothing_new, mails)
    assert status_of(delivery) == (
        "PENDING",
        "ConnectionRefusedError: [Errno 111] Connection refused",
    )
    settings.EMAIL_PORT = port
    factories.make_due()
    send_all(mails)
    assert mail_server.recipients == [ADDRESS]


def test_what_a_server_says_of_an_address_is_kept_without_it(
    mails: Deliveries, mail_server: MailServer
) -> None:
    mail_server.refuse = {ADDRESS: f"550 {ADDRESS} is unknown here"}
    delivery = factories.delivery()
    send_all(mails)
    assert status_of(delivery)[1] == "550 (address) is unknown here"
    assert ADDRESS not in str(Attempt.objects.values().get())


# Nobody to write to


def test_a_contact_without_an_address_is_undeliverable_and_not_retried(
    mails: Deliveries, mail_server: MailServer
) -> None:
    delivery = factories.delivery(email=None)
    send_all(mails)
    assert status_of(delivery) == ("UNDELIVERABLE", "there is no address")
    assert not Attempt.objects.exists()
    assert not mail_server.taken


def test_a_contact_that_was_erased_gets_nothing_more(
    mails: Deliveries, mail_server: MailServer
) -> None:
    delivery = factories.delivery()
    services.erase_contact(ADDRESS, now=NOW)
    send_all(mails)
    assert status_of(delivery)[0] == "UNDELIVERABLE"
    assert not mail_server.taken


def test_an_address_that_is_given_later_is_where_the_mail_goes(
    mails: Deliveries, mail_server: MailServer
) -> None:
    delivery = factories.delivery(email=None)
    send_all(mails)
    Contact.objects.update(email=ADDRESS)
    services.redeliver(delivery)
    send_all(mails)
    assert mail_server.recipients == [ADDRESS]


# What is not wanted


def test_who_has_opted_out_gets_nothing_optional(
    mails: Deliveries, mail_server: MailServer
) -> None:
    services.opt_out(address_digest(ADDRESS.upper()), now=NOW)
    delivery = factories.delivery(ReservationExpired)
    send_all(mails)
    assert status_of(delivery)[0] == "SUPPRESSED"
    assert not mail_server.taken


def test_who_has_chosen_gets_the_one_optional_kind_and_not_the_other(
    mails: Deliveries, mail_server: MailServer
) -> None:
    services.choose_kinds(address_digest(ADDRESS), [ReservationConfirmed.type], now=NOW)
    wanted, unwanted = (
        factories.delivery(kind) for kind in (ReservationConfirmed, ReservationExpired)
    )
    send_all(mails)
    assert (status_of(wanted)[0], status_of(unwanted)[0]) == ("SENT", "SUPPRESSED")
    assert mail_server.recipients == [ADDRESS]


@pytest.mark.parametrize("kind", [TicketsIssued, ReservationCanceled])
def test_who_has_opted_out_still_gets_what_they_have_to_know(
    mails: Deliveries, mail_server: MailServer, kind: type[TicketsIssued]
) -> None:
    services.opt_out(address_digest(ADDRESS), now=NOW)
    factories.delivery(kind)
    send_all(mails)
    assert mail_server.recipients == [ADDRESS]


# What cannot be made


def test_a_template_that_fails_holds_the_mail_with_the_traceback_and_no_other(
    mails: Deliveries, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(letters.TEMPLATES, TicketsIssued.type, "missing")
    broken = factories.delivery(TicketsIssued)
    whole = factories.delivery()
    send_all(mails)
    status, error = status_of(broken)
    assert status == "HELD"
    assert "TemplateDoesNotExist: notification/missing.subject.txt" in error
    assert status_of(whole) == ("SENT", "")


def test_an_address_that_no_mail_can_carry_holds_the_mail(
    mails: Deliveries, mail_server: MailServer
) -> None:
    delivery = factories.delivery(email="eva<@example.test")
    send_all(mails)
    status, error = status_of(delivery)
    assert (status, "Traceback" in error, "eva<@example.test" in error) == ("HELD", True, False)
