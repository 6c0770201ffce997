"""How soon a mail is at the mail server after its event was published, when nothing else is."""

import logging
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from typing import Final
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from confluent_kafka import Producer
from uuid_utils.compat import uuid7

from bench.children import child
from bench.report import Bound, Figure
from contracts.booking import BookingEvent, PassengerContactGiven, ReservationConfirmed
from contracts.values import (
    Contact,
    Itinerary,
    Passenger,
    Price,
    PriceLine,
    ReservationSummary,
    Seat,
)
from dev.console import RefusalError, step
from dev.ports import free_ports
from outbox import registry
from outbox.conf import options
from outbox.kafka import producer_configuration

PATIENCE_SECONDS: Final = 60
REST_SECONDS: Final = 0.3
ATTEMPTS: Final = 5  # a topic that was made a moment ago may not have its leaders yet
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
DEPARTS: Final = datetime(2040, 1, 10, 6, 40, tzinfo=UTC)
ARRIVES: Final = datetime(2040, 1, 10, 9, 25, tzinfo=UTC)


class MailServer:
    """Takes every mail, and says when the last one came."""

    def __init__(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells every line it hears
        [self.port] = free_ports(1)
        self.came = threading.Event()
        self.at = 0.0

    async def handle_DATA(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take one."""
        self.at = time.monotonic()
        self.came.set()
        return "250 OK"


class Mails:
    """Rounds of so many events, one after the other.

    Args:
        count: how many each round.
    """

    def __init__(self, *, count: int) -> None:
        self._count = count
        self._medians: list[float] = []
        self._worst: list[float] = []

    def round(self) -> None:
        """With a consumer, a runner and a mail server of its own."""
        server = MailServer()
        controller = Controller(server, hostname="127.0.0.1", port=server.port)
        controller.start()
        variables = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}
        try:
            with (
                child("manage.py", "consume_bookings"),
                child("manage.py", "run_deliveries", variables=variables),
            ):
                self._measure(server)
        finally:
            controller.stop()
        step(f"  p50 {self._medians[-1]:.0f} ms, the longest {self._worst[-1]:.0f} ms")

    def figures(self) -> Iterator[Figure]:
        """The row of the table."""
        yield Figure(
            name="ReservationConfirmed → mail server, idle, p50",
            unit="ms",
            rounds=self._medians,
            bound=Bound(value=150, at_most=True),
            notes={"longest": self._worst},
        )

    def _measure(self, server: MailServer) -> None:
        kafka = Producer(producer_configuration(options()))
        self._one(kafka, server)  # the group's first join takes seconds
        taken = [self._one(kafka, server) for _ in range(self._count)]
        self._medians.append(median(taken))
        self._worst.append(max(taken))

    def _one(self, kafka: Producer, server: MailServer) -> float:
        """How many milliseconds passed from the broker's acknowledgement to the mail."""
        time.sleep(REST_SECONDS)
        reservation = uuid7()
        publish(kafka, contact(reservation), 1)
        server.came.clear()
        publish(kafka, confirmed(reservation), 2)
        published = time.monotonic()
        if not server.came.wait(PATIENCE_SECONDS):
            raise RefusalError("a mail did not come")
        return max(0.0, server.at - published) * 1000


def publish(kafka: Producer, event: BookingEvent, sequence: int) -> None:
    """Put an event on its topic as booking's relay would; returns when it is acknowledged.

    Raises:
        RefusalError: the broker does not take it.
    """
    key = str(event.reservation_id)
    headers: dict[str, str | bytes | None] = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_source": f"/{event.source}",
        "ce_type": event.type,
        "ce_subject": key,
        "ce_sequence": str(sequence),
    }
    failures: list[object] = []
    for _ in range(ATTEMPTS):
        kafka.produce(
            event.topic,
            registry.encode(event),
            key,
            headers=headers,
            on_delivery=lambda error, _: failures.append(error),
        )
        kafka.flush()
        if failures[-1] is None:
            return
    raise RefusalError(f"the broker does not take an event: {failures[-1]}")


def contact(reservation: UUID) -> PassengerContactGiven:
    """Somebody with an address."""
    return PassengerContactGiven(
        reservation_id=reservation, contact=Contact(language="en", email="eva@example.test")
    )


def confirmed(reservation: UUID) -> ReservationConfirmed:
    """A seat for one."""
    return ReservationConfirmed(
        reservation_id=reservation,
        reservation=ReservationSummary(
            record_locator="".join(random.choices(LETTERS.replace("I", ""), k=6)),  # noqa: S311
            customer_id="bench",
            passengers=(Passenger(passenger_id=1, type="ADULT", seat=Seat(number="12A")),),
            itinerary=Itinerary(
                carrier="ZQ",
                flight_number=1001,
                origin="ARN",
                destination="LHR",
                departure_date=DEPARTS.date(),
                departs_at=DEPARTS,
                arrives_at=ARRIVES,
                origin_zone="Europe/Stockholm",
                destination_zone="Europe/London",
                cabin="ECONOMY",
            ),
        ),
        price=Price(
            total=12900,
            currency="EUR",
            lines=(PriceLine(kind="BASE", code="LIST", amount=12900),),
        ),
    )
