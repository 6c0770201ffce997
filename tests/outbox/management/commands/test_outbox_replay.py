"""`manage.py outbox_replay`."""

import pytest
from django.core.management import CommandError

from outbox.models import AuditEntry, HeldMessage, OutboxEvent
from tests.outbox.factories import an_inbox, an_order, effects, messages_of, placed
from tests.outbox.management.output import output_of
from tests.outbox.shop import handlers
from tests.outbox.shop.events import OrderPlaced

pytestmark = pytest.mark.django_db(transaction=True)

WHY = ("--reason", "the broker has been mended")


def held_outgoing(count: int = 1) -> str:
    """The key of an order of which so many events are held."""
    key = placed(count)[0].key
    OutboxEvent.objects.filter(key=key).update(state="HELD", error="too large")
    return key


def held_incoming(count: int = 1, consumer: str = "effects") -> str:
    """The key of an order of which a consumer holds so many messages."""
    order = an_order()
    placed(count, order)
    an_inbox(consumer, placed=fail).apply(messages_of(order))
    return str(order.pk)


def fail(event: OrderPlaced) -> None:
    raise ValueError("not now")


def states() -> set[tuple[str, str]]:
    return set(OutboxEvent.objects.values_list("key", "state"))


def test_a_keys_held_events_are_sent_again() -> None:
    key, other = held_outgoing(2), held_outgoing()
    output = output_of("outbox_replay", *WHY, "--outgoing", key)
    assert output == "2 events to be sent again, 0 messages applied\n"
    assert states() == {(key, "PENDING"), (other, "HELD")}


def test_a_keys_held_messages_are_applied() -> None:
    key, other = held_incoming(2), held_incoming()
    output = output_of("outbox_replay", *WHY, "--incoming", key)
    assert output == "0 events to be sent again, 2 messages applied\n"
    assert effects() == ["placed 1", "placed 2"]
    assert HeldMessage.objects.get().key == other


def test_all_that_is_held_is_replayed_once_for_each_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held_incoming(2), held_incoming()
    held_outgoing(2), held_outgoing()
    output = output_of("outbox_replay", *WHY, "--all")
    assert output == "3 events to be sent again, 3 messages applied\n"
    assert AuditEntry.objects.count() == 4
    assert capsys.readouterr().err == ""


def test_where_nothing_is_held_all_is_nothing() -> None:
    output = output_of("outbox_replay", *WHY, "--all")
    assert output == "0 events to be sent again, 0 messages applied\n"


def test_each_of_the_messages_without_a_readable_key_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = an_order()
    placed(2, order)
    messages = messages_of(order)
    with monkeypatch.context() as then:
        then.setattr("outbox.cloudevents.SPEC_VERSION", "2.0")
        an_inbox().apply(messages)
    assert set(HeldMessage.objects.values_list("reason", "key")) == {("malformed", "")}
    assert "2 messages applied" in output_of("outbox_replay", *WHY, "--all")
    assert effects() == ["placed 1", "placed 2"]


@pytest.mark.parametrize("direction", ["outgoing", "incoming"])
def test_a_key_of_which_nothing_is_held_is_an_error(direction: str) -> None:
    held_outgoing(), held_incoming()
    with pytest.raises(CommandError, match=f"^nothing {direction} of nobody is held$"):
        output_of("outbox_replay", *WHY, f"--{direction}", "nobody")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("everything", [False, True], ids=["a key", "all"])
def test_what_fails_again_is_an_error(everything: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    key = held_incoming(2)
    monkeypatch.setitem(handlers.EFFECTS, OrderPlaced.type, fail)
    with pytest.raises(CommandError, match=r"^2 messages are still held; the admin shows why$"):
        output_of("outbox_replay", *WHY, *(["--all"] if everything else ["--incoming", key]))


def test_the_messages_of_a_consumer_that_is_gone_do_not_keep_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held_incoming(consumer="mailing"), held_incoming(), held_incoming(consumer="stock")
    with pytest.raises(CommandError, match=r"^2 messages are still held"):
        output_of("outbox_replay", *WHY, "--all")
    assert effects() == ["placed 1"]
    told = sorted(capsys.readouterr().err.splitlines())
    assert [line.partition(":")[0] for line in told] == [
        "OUTBOX has no consumer mailing",
        "OUTBOX has no consumer stock",
    ]


def test_who_and_why_are_kept() -> None:
    key = held_outgoing()
    output_of("outbox_replay", *WHY, "--actor", "anna", "--outgoing", key)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == ("anna", "the broker has been mended")
    assert entry.subject == f"outgoing events of {key}"


def test_a_name_that_is_longer_than_the_audit_trail_has_room_for_is_cut() -> None:
    output_of("outbox_replay", *WHY, "--actor", "a" * 151, "--outgoing", held_outgoing())
    assert AuditEntry.objects.get().actor == "a" * 150


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["--all"], "the following arguments are required: --reason"),
        (["--all", "--reason", " "], "argument --reason: say why"),
        ([*WHY], "one of the arguments --outgoing --incoming --all is required"),
        ([*WHY, "--all", "--outgoing", "k"], "argument --outgoing: not allowed with"),
    ],
)
def test_it_must_be_told_what_and_why(arguments: list[str], wrong: str) -> None:
    with pytest.raises(CommandError, match=wrong):
        output_of("outbox_replay", *arguments)
