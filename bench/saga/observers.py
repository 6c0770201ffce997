"""Who watches: a consumer of both services' events, and a reader of booking's database."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast
from uuid import UUID

from confluent_kafka import Consumer, Message, TopicPartition
from django.db import connection

from contracts.booking import PaymentAuthorizeRequested, ReservationConfirmed
from contracts.payment import PaymentAuthorized
from outbox import pipeline
from outbox.conf import options
from outbox.consumer import configuration

MOMENTS: Final = {
    PaymentAuthorizeRequested.type: "request published",
    PaymentAuthorized.type: "answer published",
    ReservationConfirmed.type: "confirmation published",
}
CONFIRMED: Final = "SELECT id FROM reservation WHERE status = 'CONFIRMED' AND id IN %s"
# How soon after an answer's publication it is looked for, and how often then: to look takes of the
# processors, too. What is CONFIRMED before is seen late, never early.
FIRST_LOOK_SECONDS: Final = 0.003
LOOK_SECONDS: Final = 0.0005
POLL_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 10.0


class Observers:
    """What was seen of each reservation, and when: seconds since 1970 by moment.

    The database is read for those reservations alone that payment has answered about and that have
    not been CONFIRMED yet, so that an idle system stays idle. `not_yet` is when the last look
    began that did not find a reservation CONFIRMED.
    """

    def __init__(self) -> None:
        self.seen: dict[UUID, dict[str, float]] = defaultdict(dict)
        self.not_yet: dict[UUID, float] = {}
        self._kafka = _at_the_end()
        self._under_way: dict[UUID, float] = {}  # and from when on each is looked for
        self._changed = threading.Condition()
        self._stopping = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch during the block."""
        threads = [
            threading.Thread(target=self._until_stopped, args=[look], daemon=True)
            for look in (self._look_at_events, self._look_at_reservations)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._stopping = True
                self._changed.notify_all()
            for thread in threads:
                thread.join()
            self._kafka.close()

    def _until_stopped(self, look: Callable[[], None]) -> None:
        while not self._stopping:
            look()
        connection.close()

    def _look_at_events(self) -> None:
        message = self._kafka.poll(POLL_SECONDS)
        now = time.time()
        if message is None or message.error() is not None:
            return
        moment = MOMENTS.get(_type(message))
        if moment is None:
            return
        reservation_id = UUID((message.key() or b"").decode())
        self.seen[reservation_id].setdefault(moment, now)
        if moment == "answer published":  # it cannot be CONFIRMED before
            with self._changed:
                self._under_way[reservation_id] = now + FIRST_LOOK_SECONDS
                self._changed.notify_all()

    def _look_at_reservations(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._under_way or self._stopping, POLL_SECONDS)
            looked_for = dict(self._under_way)
        if not looked_for:
            return
        began = time.time()
        wanted = {of for of, since in looked_for.items() if since <= began}
        if not wanted:
            time.sleep(max(0.0, min(looked_for.values()) - began))
            return
        # By neither the ORM nor a cursor: the processors are for the system.
        asked = [[str(reservation_id) for reservation_id in wanted]]
        (found,) = pipeline.read(connection, (CONFIRMED, asked))
        confirmed = {UUID(str(reservation_id)) for (reservation_id,) in found}
        if confirmed:
            self._note_confirmed(confirmed)
        for reservation_id in wanted - confirmed:
            self.not_yet[reservation_id] = began
        time.sleep(LOOK_SECONDS)

    def _note_confirmed(self, reservation_ids: set[UUID]) -> None:
        now = time.time()
        for reservation_id in reservation_ids:
            self.seen[reservation_id]["CONFIRMED"] = now
        with self._changed:
            for reservation_id in reservation_ids:
                del self._under_way[reservation_id]


def _at_the_end() -> Consumer:
    """A consumer like the services' own, of no group, that reads what comes from now on."""
    kafka = Consumer(configuration(options(), "bench"))
    places = []
    for topic in (ReservationConfirmed.topic, PaymentAuthorized.topic):
        for number in kafka.list_topics(topic, ANSWER_SECONDS).topics[topic].partitions:
            low_high = kafka.get_watermark_offsets(TopicPartition(topic, number), ANSWER_SECONDS)
            places.append(TopicPartition(topic, number, (low_high or (0, 0))[1]))
    kafka.assign(places)
    return kafka


def _type(message: Message) -> str:
    headers = cast("list[tuple[str, bytes]] | None", message.headers())
    return dict(headers or []).get("ce_type", b"").decode()
