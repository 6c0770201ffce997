"""Races, each decided by real connections on a real database."""

from functools import partial

import pytest
from django.db import transaction

from fare import selectors, services
from fare.loading import Loaded, load_fares
from fare.models import Blackout, Fare, Quote
from outbox.models import OutboxEvent
from tests.fare import factories
from tests.fare.factories import NOW
from tests.fare.test_loading import csv
from tests.threads import at_once, results

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def test_one_question_handled_by_several_consumers_at_once_has_one_quote() -> None:
    factories.stored_fare()
    answer = partial(services.answer_quote_request, factories.requested(), now=NOW)
    assert at_once([answer] * 6) == [None] * 6
    events = OutboxEvent.objects.order_by("sequence")
    assert [one.sequence for one in events] == [1, 2, 3, 4, 5, 6]
    assert len({one.payload for one in events}) == 1
    assert Quote.objects.get().event_sequence == 6


def test_one_file_loaded_by_several_at_once_is_there_once() -> None:
    factories.airports()
    factories.family()
    content = csv({}, {"fare_basis": "YFLEX"})
    loaded = results(at_once([partial(load_fares, content=content)] * 4))
    assert sorted(one.new for one in loaded) == [0, 0, 0, 2]
    assert loaded.count(Loaded(new=0, changed=0, unchanged=2)) == 3
    assert (Fare.objects.count(), Blackout.objects.count()) == (2, 4)


def amount() -> int:
    """What pricing takes the only fare to cost."""
    (fare,) = selectors.rules_for(origin="ARN", destination="LHR", cabin="ECONOMY").fares
    return fare.amount


def test_a_change_is_priced_by_from_its_commit_on_and_not_before() -> None:
    fare = factories.stored_fare()
    before = amount()
    with transaction.atomic():
        fare.amount += 1
        fare.save()
        assert at_once([amount]) == [before]
    assert at_once([amount]) == [before + 1]


def test_whoever_asks_after_a_change_never_gets_a_price_of_before_it() -> None:
    fare = factories.stored_fare()
    fare.amount = committed = 1
    fare.save()

    def change() -> None:
        nonlocal committed
        for dearer in range(2, 102):
            fare.amount = dearer
            fare.save()
            committed = dearer

    def ask() -> None:
        while (least := committed) < 101:
            assert amount() >= least

    assert at_once([change, ask, ask, ask]) == [None] * 4
