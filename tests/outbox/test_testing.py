"""The in-memory broker. That it delivers what the real one does is `test_kafka`'s."""

import pytest

from outbox.kafka import BrokerAway
from outbox.models import OutboxEvent
from outbox.relay import Relay
from outbox.testing import InMemoryBroker
from tests.outbox.factories import an_order, appended, placed
from tests.outbox.shop.events import OrderPlaced, OrderShipped

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("state", flat=True))


def test_it_keeps_what_it_is_sent_in_order_with_offsets() -> None:
    order = an_order()
    placed(3, order)
    broker = InMemoryBroker()
    Relay(broker).run_once()
    assert [message.offset for message in broker.topics["shop.events"]] == [0, 1, 2]
    assert broker.sequences(str(order.pk)) == [1, 2, 3]


def test_it_keeps_apart_what_belongs_to_other_keys() -> None:
    one, other = an_order(), an_order()
    placed(1, one)
    placed(2, other)
    broker = InMemoryBroker()
    Relay(broker).run_once()
    assert [broker.sequences(str(order.pk)) for order in (one, other)] == [[1], [1, 2]]
    assert broker.sequences("nobody") == []


def test_it_keeps_the_waves_it_was_sent() -> None:
    placed(2)
    placed(1)
    broker = InMemoryBroker()
    Relay(broker).run_once()
    assert [len(wave) for wave in broker.waves] == [2, 1]


def test_a_type_it_refuses_is_held_while_others_go_on() -> None:
    appended(an_order(), OrderShipped())
    appended(an_order(), OrderPlaced(amount=1))
    relay = Relay(InMemoryBroker(refuses={OrderShipped.type}))
    while relay.run_once():
        pass
    assert states() == ["HELD", "PUBLISHED"]


def test_a_type_for_which_it_is_away_stays_pending_until_it_is_back() -> None:
    appended(an_order(), OrderShipped())
    appended(an_order(), OrderPlaced(amount=1))
    broker = InMemoryBroker(away={OrderShipped.type})
    relay = Relay(broker)
    with pytest.raises(BrokerAway, match="away"):
        relay.run_once()
    assert states() == ["PENDING", "PUBLISHED"]
    broker.away.clear()
    relay.run_once()
    assert states() == ["PUBLISHED", "PUBLISHED"]
