"""Statements made once. What they find and change, tests/booking/test_prepared.py says."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from outbox.models import Lease
from outbox.prepared import Rows, Select, Update, argument, arguments, numbered
from tests.outbox.factories import an_order
from tests.outbox.shop.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def _locking() -> Rows:
    return Rows(Lease.objects.select_for_update().values_list("shard"))


def test_what_locks_rows_needs_a_transaction_each_time() -> None:
    locking = _locking()
    with transaction.atomic():
        assert locking.all() == []
    with pytest.raises(TransactionManagementError):
        locking.all()


def test_so_many_values_have_a_name_each() -> None:
    first, second, _ = an_order(), an_order(), an_order()
    these = Order.objects.filter(pk__in=arguments(Order, "pk", 2))
    found = Select(these).all(**numbered("pk", [first.pk, second.pk]))
    assert {order.pk for order in found} == {first.pk, second.pk}


def test_a_field_can_be_compared_and_set_under_two_names() -> None:
    order = an_order()
    unchanged = Order.objects.filter(event_sequence=argument(Order, "event_sequence", "read"))
    raising = Update(unchanged, event_sequence=argument(Order, "event_sequence"))
    assert raising.run(read=order.event_sequence + 1, event_sequence=7) == 0
    assert raising.run(read=order.event_sequence, event_sequence=7) == 1
    order.refresh_from_db()
    assert order.event_sequence == 7
