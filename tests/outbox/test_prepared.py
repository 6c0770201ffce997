"""Statements made once. What they find and change, tests/booking/test_prepared.py says."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from outbox.models import Lease
from outbox.prepared import Rows, Select, Update, argument, arguments, numbered, read_together
from outbox.transactions import LostRace
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


def test_an_update_that_must_meet_so_many_rows_or_nothing_is_committed() -> None:
    order = an_order()
    raising = Update(
        Order.objects.filter(event_sequence=argument(Order, "event_sequence", "read")),
        event_sequence=argument(Order, "event_sequence"),
    )
    with transaction.atomic():
        raising.later(1, LostRace("not met"), read=order.event_sequence, event_sequence=7)
    with pytest.raises(LostRace, match="not met"), transaction.atomic():
        raising.later(1, LostRace("met"), read=7, event_sequence=8)
        raising.later(1, LostRace("not met"), read=7, event_sequence=9)
    order.refresh_from_db()
    assert order.event_sequence == 7


def test_an_update_without_expectations_changes_what_there_is() -> None:
    order = an_order()
    raising = Update(Order.objects.all(), event_sequence=argument(Order, "event_sequence"))
    with transaction.atomic():
        raising.later(event_sequence=7)
        order.refresh_from_db()
        assert order.event_sequence == 7


def test_rows_of_several_querysets_are_read_in_turn() -> None:
    order = an_order()
    keys, sequences = (Rows(Order.objects.values_list(name)) for name in ("pk", "event_sequence"))
    expected = [[[order.pk]], [[order.event_sequence]]]
    assert read_together((keys, {}), (sequences, {})) == expected
    with transaction.atomic():
        assert read_together((keys, {}), (sequences, {})) == expected
