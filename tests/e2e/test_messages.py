"""Passengers and partners hear of it, each once: from the request to a mail server and a partner's
web server, both real."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from tests.e2e.client import Browser
from tests.e2e.system import WAIT_SECONDS, System
from tests.receivers import MailServer, Posted, Receiver

RUNNER = "notification-run-deliveries"
CONFIRMED, TICKETS = "booking.ReservationConfirmed.v1", "booking.TicketsIssued.v1"


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what} after {WAIT_SECONDS} s"
        time.sleep(0.05)


def mails_about(mail_server: MailServer, locator: str) -> Counter[str]:
    """How often each mail of a reservation came, by its Message-ID."""
    about = (mail for _, mail in list(mail_server.taken) if mail["Subject"].startswith(locator))
    return Counter(mail["Message-ID"] for mail in about)


def locator_of(system: System, reservation: str) -> str:
    answer = Browser().get(f"{system.gateway}/api/reservations/{reservation}")
    return str(answer.json["record_locator"])


def deliveries(system: System) -> list[dict[str, object]]:
    """The newest deliveries."""
    found: list[dict[str, object]] = (
        Browser().get(f"{system.notification}/api/deliveries").json["results"]
    )
    return found


def statuses(system: System, reservation: str) -> list[object]:
    return [one["status"] for one in deliveries(system) if one["reservation_id"] == reservation]


def unsubscribe_link(mail_server: MailServer, locator: str) -> str:
    """Where a reservation's mails lead whoever wants fewer."""
    mail = next(mail for _, mail in mail_server.taken if mail["Subject"].startswith(locator))
    return str(mail["List-Unsubscribe"]).strip().strip("<>")


@pytest.fixture
def partner(system: System) -> Iterator[tuple[Receiver, str]]:
    """A partner's web server, registered, and the secret that it was given."""
    with Receiver() as receiver:
        url = f"{system.gateway}/api/webhooks"
        made = Browser().post_json(url, {"url": receiver.url})
        assert made.status == 201, made.text
        yield receiver, made.json["secret"]
        system.manage(
            "notification",
            "shell",
            "--command",
            "from notification import services; from notification.models import Endpoint; "
            f"services.remove(Endpoint.objects.get(pk='{made.json['id']}'))",
        )


def test_a_confirmed_reservation_is_one_mail_and_one_webhook_for_each_event(
    system: System, mail_server: MailServer, partner: tuple[Receiver, str]
) -> None:
    receiver, secret = partner
    reservation = system.reserve()
    system.wait_for_tickets(reservation)
    locator = locator_of(system, reservation)

    def of_it() -> list[Posted]:
        return [posted for posted in receiver.got if reservation.encode() in posted.body]

    wait_until(lambda: len(of_it()) >= 2, "no two webhooks")
    wait_until(lambda: len(mails_about(mail_server, locator)) >= 2, "no two mails")
    wait_until(lambda: statuses(system, reservation) == ["SENT"] * 4, "not everything is recorded")
    assert set(mails_about(mail_server, locator).values()) == {1}
    told = [Webhook(secret).verify(posted.body, posted.headers) for posted in of_it()]
    assert Counter(one["type"] for one in told) == Counter([CONFIRMED, TICKETS])

    page = Browser().get(unsubscribe_link(mail_server, locator))
    assert (page.status, "<button>" in page.text) == (200, True)


def test_mails_wait_for_a_mail_server_that_is_away_and_come_once(
    system: System, mail_server: MailServer
) -> None:
    mail_server.stop()
    try:
        reservation = system.reserve()
        system.wait_for_tickets(reservation)

        def tried() -> bool:
            of_it = [one for one in deliveries(system) if one["reservation_id"] == reservation]
            return len(of_it) == 2 and all(one["attempts"] for one in of_it)

        wait_until(tried, "the mails were not tried")
    finally:
        mail_server.start()
    wait_until(lambda: statuses(system, reservation) == ["SENT"] * 2, "the mails were not sent")
    mails = mails_about(mail_server, locator_of(system, reservation))
    assert list(mails.values()) == [1, 1]


@pytest.mark.parametrize(
    ("step", "most"),
    [("_submit", 1), ("_send", 1), ("_outcome", 2)],
    ids=["before sending", "at sending", "sent but not recorded"],
)
def test_a_runner_that_is_killed_loses_no_mail(
    system: System, mail_server: MailServer, step: str, most: int
) -> None:
    victim = system.crash_in_place_of(
        RUNNER, "notification", "run_deliveries", f"notification.deliveries:Deliveries.{step}"
    )
    reservation = system.reserve()
    system.wait_for_the_kill(victim)
    system.stack.start_process(RUNNER)
    system.wait_for_tickets(reservation)
    wait_until(lambda: statuses(system, reservation) == ["SENT"] * 2, "the mails were not sent")
    mails = mails_about(mail_server, locator_of(system, reservation))
    assert len(mails) == 2
    assert max(mails.values()) <= most
