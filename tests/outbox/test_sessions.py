"""What workers ask of their database sessions."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction

from outbox.sessions import limited_silence
from tests.outbox.factories import an_order
from tests.outbox.shop.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


def longest_silence() -> int | None:
    """The limit of this session in seconds, 0 for none; nothing where there is no such thing."""
    if connection.vendor != "mysql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@idle_transaction_timeout")
        return int(cursor.fetchone()[0])


@pytest.mark.mariadb
def test_a_worker_that_is_stopped_inside_a_transaction_lets_go_of_its_locks() -> None:
    order, has_locked, may_go_on = an_order(), threading.Event(), threading.Event()
    failures: list[Exception] = []

    def stop_inside_a_transaction() -> None:
        try:
            with transaction.atomic():
                Order.objects.select_for_update().get(pk=order.pk)
                has_locked.set()
                may_go_on.wait(20)
                Order.objects.update(event_sequence=99)
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    with limited_silence(1):
        worker = threading.Thread(target=stop_inside_a_transaction)
        worker.start()
        assert has_locked.wait(20)
    begun = time.monotonic()
    Order.objects.filter(pk=order.pk).update(event_sequence=7)
    assert time.monotonic() - begun < 5
    may_go_on.set()
    worker.join()
    assert len(failures) == 1
    assert Order.objects.get().event_sequence == 7


def test_only_connections_made_meanwhile_are_limited() -> None:
    connection.close()
    with limited_silence(1):
        connection.ensure_connection()
        assert longest_silence() in {1, None}
    connection.close()
    assert longest_silence() in {0, None}
