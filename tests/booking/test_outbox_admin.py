"""The outbox in booking's admin: what can be looked at, and what can be done to what is held."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from outbox.cloudevents import DISCARDED
from outbox.models import (
    AuditEntry,
    ConsumerStart,
    HeldMessage,
    InboxMark,
    Lease,
    OutboxEvent,
    Worker,
)
from outbox.registry import HIDDEN
from outbox.relay import BEHIND
from tests.booking import factories
from tests.engine import rows_of_the_engine

pytestmark = pytest.mark.django_db(transaction=True)

State = OutboxEvent.State
TOKEN = "tok_of_a_card"
WHY = "the broker has been mended"


@pytest.fixture
def operator(client: Client) -> Client:
    """Signed in, and allowed to look at everything and to operate."""
    return signed_in(client, "operator", "view", "change")


@pytest.fixture
def onlooker(client: Client) -> Client:
    """Signed in, and allowed to look at everything only."""
    return signed_in(client, "onlooker", "view")


def signed_in(client: Client, username: str, *verbs: str) -> Client:
    """A member of the staff who may do this to the outbox's rows."""
    user = User.objects.create(username=username, is_staff=True)
    mine = Permission.objects.filter(content_type__app_label="outbox")
    for verb in verbs:
        user.user_permissions.add(*mine.filter(codename__startswith=f"{verb}_"))
    client.force_login(user)
    return client


def an_event(**facts: Any) -> OutboxEvent:
    """A row of the outbox."""
    defaults = {
        "shard": 0,
        "topic": "booking.events",
        "type": "booking.ReservationConfirmed.v1",
        "key": "key-1",
        "sequence": OutboxEvent.objects.count() + 1,
        "payload": "{}",
        "created_at": timezone.now(),
    }
    return OutboxEvent.objects.create(**{**defaults, **facts})


def a_held_event(**facts: Any) -> OutboxEvent:
    """A row that the broker has refused."""
    return an_event(state=State.HELD, **facts)


def a_held_message(**facts: Any) -> HeldMessage:
    """A message of payment's that could not be applied; nobody handles its type."""
    sequence = HeldMessage.objects.count() + 1
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": "an id",
        "ce_source": "/payment",
        "ce_type": "payment.Strange.v1",
        "ce_subject": "key-1",
        "ce_sequence": str(sequence),
    }
    defaults = {
        "consumer": "payments",
        "source": "payment",
        "key": "key-1",
        "sequence": sequence,
        "type": "payment.Strange.v1",
        "topic": "payment.events",
        "partition": 0,
        "offset": sequence,
        "message_key": b"key-1",
        "headers": list(attributes.items()),
        "payload": b"{}",
        "reason": HeldMessage.Reason.FAILED,
        "held_at": timezone.now(),
    }
    return HeldMessage.objects.create(**{**defaults, **facts})


def url(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:outbox_{model._meta.model_name}_{page}", args=args)


def listed(client: Client, model: type[Model], **query: str) -> list[Any]:
    """The rows that a model's list shows."""
    response = client.get(url(model, "changelist"), query)
    assert response.status_code == 200, "a filter that cannot be used redirects"
    return list(response.context["cl"].result_list)


def filtered(client: Client, model: type[Model], *, by: str, to: str) -> list[Any]:
    """The rows that the list shows after a click on a choice of one of its filters."""
    shown = client.get(url(model, "changelist")).context["cl"]
    (choices,) = [spec.choices(shown) for spec in shown.filter_specs if spec.title == by]
    (query,) = [one["query_string"] for one in choices if one["display"].lower() == to.lower()]
    return listed(client, model, **dict(parse_qsl(query.removeprefix("?"))))


def offered(client: Client, model: type[Model]) -> list[str]:
    """The actions that a model's list offers."""
    form = client.get(url(model, "changelist")).context["action_form"]
    return [name for name, _ in form.fields["action"].choices if name] if form else []


def act(client: Client, action: str, *rows: Model, reason: str | None = WHY) -> Any:
    """Choose an action for some rows of a list, sorted by id; give the reason if there is one."""
    answer = {} if reason is None else {"confirmed": "yes", "reason": reason}
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], **answer}
    return client.post(url(type(rows[0]), "changelist") + "?o=1", chosen, follow=True)


def told(response: Any) -> list[tuple[str, str]]:
    """What the page says of what was done: how it is marked, and the text."""
    return [(message.level_tag, message.message) for message in response.context["messages"]]


def states() -> list[tuple[str, str]]:
    return list(OutboxEvent.objects.order_by("id").values_list("type", "state"))


# Looking


def test_the_list_shows_what_is_pending_and_what_is_published(onlooker: Client) -> None:
    pending, published = an_event(), an_event(state=State.PUBLISHED, published_at=timezone.now())
    assert listed(onlooker, OutboxEvent) == [published, pending]


@pytest.mark.parametrize(
    ("column", "value"),
    [("state", "HELD"), ("topic", "fare.events"), ("type", "booking.ReservationRejected.v1")],
)
def test_events_can_be_filtered_by(onlooker: Client, column: str, value: str) -> None:
    an_event()
    wanted = an_event(**{column: value})
    assert filtered(onlooker, OutboxEvent, by=column, to=value) == [wanted]


@pytest.mark.parametrize(
    ("column", "value"), [("reason", "gap"), ("consumer", "another"), ("type", "payment.Other.v1")]
)
def test_held_messages_can_be_filtered_by(onlooker: Client, column: str, value: str) -> None:
    a_held_message()
    wanted = a_held_message(**{column: value})
    assert filtered(onlooker, HeldMessage, by=column, to=value) == [wanted]


@pytest.mark.parametrize(
    ("age", "count"), [("over 10 seconds", 3), ("over 10 minutes", 2), ("over a day", 1)]
)
def test_events_can_be_filtered_by_age(onlooker: Client, age: str, count: int) -> None:
    for seconds in (0, 11, 601, 86_401):
        an_event(created_at=timezone.now() - timedelta(seconds=seconds))
    assert len(filtered(onlooker, OutboxEvent, by="age", to=age)) == count


@pytest.mark.parametrize("column", ["key", "event_id"])
def test_an_event_is_found_by_its(onlooker: Client, column: str) -> None:
    an_event()
    wanted = an_event(key="key-2")
    assert listed(onlooker, OutboxEvent, q=str(getattr(wanted, column))) == [wanted]


@pytest.mark.parametrize("model", [OutboxEvent, HeldMessage, InboxMark])
def test_a_part_of_a_key_finds_nothing(onlooker: Client, model: type[Model]) -> None:
    an_event(), a_held_message()
    InboxMark.objects.create(consumer="payments", source="payment", key="key-1", sequence=1)
    assert listed(onlooker, model, q="key") == []
    assert len(listed(onlooker, model, q="key-1")) == 1


@pytest.mark.parametrize(
    ("model", "make"), [(OutboxEvent, an_event), (HeldMessage, a_held_message)]
)
def test_a_longer_list_takes_no_more_queries(
    onlooker: Client, model: type[Model], make: Callable[[], Model]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            listed(onlooker, model)
        return len(captured)

    make()
    few = queries()
    for _ in range(20):
        make()
    assert queries() == few < 12


def test_nobody_is_shown_a_card_token(onlooker: Client) -> None:
    factories.departure(factories.flight())
    factories.reserve(payment_token=TOKEN)
    event = OutboxEvent.objects.get(payload__contains=TOKEN)
    page = onlooker.get(url(OutboxEvent, "change", event.pk)).text
    assert TOKEN not in page
    assert HIDDEN in page
    assert "reservation_id" in page


@pytest.mark.parametrize(
    "payload",
    [f'{{"payment_token": "{TOKEN}"}}', f'{{"payment_token": "{TOKEN}'],
    ids=["no type", "no JSON"],
)
def test_nobody_is_shown_the_secrets_of_a_message_that_cannot_be_read(
    onlooker: Client, payload: str
) -> None:
    message = a_held_message(type="", payload=payload.encode())
    page = onlooker.get(url(HeldMessage, "change", message.pk)).text
    assert TOKEN not in page
    assert HIDDEN in page


# What cannot be done


@pytest.mark.parametrize("model", [AuditEntry, ConsumerStart, InboxMark, Lease, Worker])
def test_what_only_the_engine_writes_can_be_looked_at_and_nothing_else(
    admin_client: Client, model: type[Model]
) -> None:
    rows_of_the_engine(timezone.now())
    assert len(listed(admin_client, model)) == 1
    assert offered(admin_client, model) == []


@pytest.mark.parametrize("make", [an_event, a_held_message])
def test_even_a_superuser_can_only_replay_and_discard(
    admin_client: Client, make: Callable[[], Model]
) -> None:
    row = make()
    assert offered(admin_client, type(row)) == ["replay", "discard"]


@pytest.mark.parametrize("action", ["replay", "discard", "delete_selected"])
@pytest.mark.parametrize("make", [a_held_event, a_held_message])
def test_who_may_only_look_can_do_nothing_to_what_is_held(
    onlooker: Client, make: Callable[[], Model], action: str
) -> None:
    row = make()
    assert offered(onlooker, type(row)) == []
    act(onlooker, action, row)
    assert not AuditEntry.objects.exists()
    assert set(HeldMessage.objects.all()) | set(OutboxEvent.objects.filter(state="HELD")) == {row}


@pytest.mark.parametrize("model", [OutboxEvent, HeldMessage])
def test_staff_that_was_given_no_permission_sees_nothing(
    client: Client, model: type[Model]
) -> None:
    signed_in(client, "new")
    assert client.get(url(model, "changelist")).status_code == 403


@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize("action", ["replay", "discard"])
@pytest.mark.parametrize("make", [a_held_event, a_held_message])
def test_nothing_is_done_without_a_reason(
    operator: Client, make: Callable[[], Model], action: str, reason: str | None
) -> None:
    row = make()
    page = act(operator, action, row, reason=reason).text
    assert 'name="reason" required' in page
    assert str(row) in page
    assert not AuditEntry.objects.exists()
    assert type(row)._default_manager.get() == row


# Replaying and discarding


def test_all_that_is_held_of_a_key_is_sent_again(operator: Client) -> None:
    chosen = [a_held_event(), a_held_event()]
    a_held_event()
    response = act(operator, "replay", *chosen)
    assert [state for _, state in states()] == ["PENDING"] * 3
    assert told(response) == [("info", "key-1: 3 events are sent again")]


def test_an_event_that_is_given_up_goes_out_empty(operator: Client) -> None:
    event = a_held_event(payload='{"given": "up"}')
    response = act(operator, "discard", event)
    event.refresh_from_db()
    assert (event.type, event.payload, event.state) == (DISCARDED, "{}", "PENDING")
    assert [level for level, _ in told(response)] == ["info"]


def test_events_of_a_key_are_given_up_together(operator: Client) -> None:
    refused, behind = a_held_event(error="too large"), a_held_event(error=BEHIND)
    act(operator, "discard", refused, behind)
    assert states() == [(DISCARDED, "PENDING")] * 2


def test_all_that_is_held_of_a_key_is_applied(operator: Client) -> None:
    chosen = [a_held_message(), a_held_message()]
    a_held_message()
    response = act(operator, "replay", *chosen)
    assert not HeldMessage.objects.exists()
    assert InboxMark.objects.get().sequence == 3
    assert told(response) == [("info", "key-1: 3 messages applied")]


def test_messages_of_a_key_are_given_up_together(operator: Client) -> None:
    chosen = [a_held_message(), a_held_message()]
    left = a_held_message()
    act(operator, "discard", *chosen)
    assert InboxMark.objects.get().sequence == 2
    assert HeldMessage.objects.get() == left


@pytest.mark.parametrize("action", ["replay", "discard"])
@pytest.mark.parametrize("make", [a_held_event, a_held_message])
def test_who_did_it_and_why_is_in_the_audit_trail(
    operator: Client, make: Callable[[], Model], action: str
) -> None:
    act(operator, action, make())
    (entry,) = listed(operator, AuditEntry)
    assert (entry.actor, entry.action, entry.reason) == ("operator", action, WHY)
    assert "key-1" in entry.subject


def test_the_audit_trail_keeps_no_secrets(operator: Client) -> None:
    act(operator, "discard", a_held_message(payload=f'{{"payment_token": "{TOKEN}"}}'.encode()))
    assert HIDDEN in AuditEntry.objects.get().detail
    assert TOKEN not in AuditEntry.objects.get().detail


@pytest.mark.parametrize(
    ("action", "make", "refusal"),
    [
        ("replay", an_event, "no outgoing event of key-1 is held"),
        ("discard", an_event, "booking.ReservationConfirmed.v1 key-1#1 is not held"),
        (
            "replay",
            partial(a_held_message, consumer="gone"),
            "OUTBOX has no consumer gone: only under its settings can what it holds be replayed or "
            "discarded",
        ),
    ],
    ids=["replay what is pending", "discard what is pending", "replay for a consumer that is gone"],
)
def test_what_is_refused_is_told(
    operator: Client, action: str, make: Callable[[], Model], refusal: str
) -> None:
    response = act(operator, action, make())
    assert told(response) == [("error", refusal)]
    assert not AuditEntry.objects.exists()


def test_a_message_is_not_given_up_before_an_earlier_one(operator: Client) -> None:
    a_held_message()
    later = a_held_message()
    ((level, text),) = told(act(operator, "discard", later))
    assert (level, HeldMessage.objects.count()) == ("error", 2)
    assert text.endswith("an earlier message of its key is held")
