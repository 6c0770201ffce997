"""What notification's tests share."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from pytest_django import Settings

from notification.channels import Channel
from notification.deliveries import Deliveries
from notification.models import Delivery
from tests.receivers import MailServer, Receiver

LEASE_SECONDS = 0.6


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A login takes no half second of hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def short_leases(settings: Settings) -> None:
    """A dead worker's shards are free soon."""
    settings.OUTBOX = {**settings.OUTBOX, "LEASE_SECONDS": LEASE_SECONDS}


@pytest.fixture
def runner() -> Iterator[Callable[..., Deliveries]]:
    """Starts runners, and closes them after the test."""
    started: list[Deliveries] = []

    def start(channels: Mapping[Delivery.Channel, Channel], *, in_flight: int = 4) -> Deliveries:
        started.append(Deliveries(channels, in_flight=in_flight))
        return started[-1]

    yield start
    for deliveries in started:
        deliveries.close()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """A real SMTP server on a socket, which mails are given to."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        settings.EMAIL_TIMEOUT = 5
        yield server


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A partner's web server, which is on this machine."""
    settings.WEBHOOK_PRIVATE_TARGETS = True
    with Receiver() as partner:
        yield partner
