"""Webhooks, posted to a real web server and verified by the specification's own library."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from contracts.booking import TicketsIssued
from notification import services
from notification.channels.webhook import Webhooks
from notification.deliveries import Deliveries
from notification.models import PING, Attempt, Delivery, Endpoint
from notification.models.endpoint import LASTING, new_secret
from tests.notification import factories
from tests.notification.working import Runner, nothing_new, nothing_pending, run_until
from tests.receivers import Posted, Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_leases")]


@pytest.fixture
def webhooks(runner: Runner, receiver: Receiver, settings: Settings) -> Deliveries:
    """A runner that posts; it waits half a second for an answer."""
    settings.WEBHOOK_READ_MS = 500
    return runner({Delivery.Channel.WEBHOOK: Webhooks()})


def verified(posted: Posted, secret: str) -> object:
    """What was posted, if it is signed as the specification says."""
    return Webhook(secret).verify(posted.body, posted.headers)


def post_one(
    webhooks: Deliveries, receiver: Receiver, *, kind: type[TicketsIssued] = TicketsIssued
) -> Delivery:
    """Record one webhook to a new endpoint, and try it once."""
    delivery = factories.webhook(factories.endpoint(receiver.url), kind)
    run_until(nothing_new, webhooks)
    delivery.refresh_from_db()
    return delivery


def test_a_webhook_is_signed_after_the_specification(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    delivery = post_one(webhooks, receiver)
    [posted] = receiver.got
    assert delivery.endpoint is not None
    body = verified(posted, delivery.endpoint.secret)
    assert isinstance(body, dict)
    assert body["type"] == TicketsIssued.type
    assert body["data"] == json.loads(delivery.payload)
    assert posted.headers["webhook-id"] == delivery.message_id
    assert (posted.path, posted.headers["content-type"]) == ("/hook", "application/json")
    assert delivery.status == "SENT"


def test_another_secret_does_not_verify_it(webhooks: Deliveries, receiver: Receiver) -> None:
    post_one(webhooks, receiver)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.got[0], new_secret())


def test_while_a_secret_is_replaced_both_verify(webhooks: Deliveries, receiver: Receiver) -> None:
    endpoint = factories.endpoint(receiver.url)
    before = endpoint.secret
    after = services.rotate_secret(endpoint).secret
    factories.webhook(endpoint)
    run_until(nothing_pending, webhooks)
    assert before != after
    for secret in (before, after):
        verified(receiver.got[0], secret)


def test_after_two_rotations_the_first_secret_is_out(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    endpoint = factories.endpoint(receiver.url)
    before = endpoint.secret
    for _ in range(2):
        services.rotate_secret(endpoint)
    factories.webhook(endpoint)
    run_until(nothing_pending, webhooks)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.got[0], before)


def test_every_attempt_has_the_same_id_and_body(webhooks: Deliveries, receiver: Receiver) -> None:
    receiver.answer = lambda number: (503, b"later") if number == 0 else (204, b"")
    post_one(webhooks, receiver)
    factories.make_due()
    run_until(nothing_pending, webhooks)
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_an_attempt_is_logged_with_request_answer_and_duration(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    receiver.answer = lambda number: (503, b"not now")
    delivery = post_one(webhooks, receiver)
    attempt = Attempt.objects.get()
    assert delivery.endpoint is not None
    assert attempt.request.startswith(f"POST {receiver.url}\n")
    assert delivery.message_id in attempt.request
    assert delivery.endpoint.secret not in attempt.request
    assert "v1," not in attempt.request
    assert (attempt.answer_status, attempt.answer) == (503, "not now")
    assert attempt.error == "it answered 503"
    assert attempt.duration_ms < 5000


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_whatever_is_no_yes_is_tried_again_and_no_redirect_is_followed(
    webhooks: Deliveries, receiver: Receiver, status: int
) -> None:
    receiver.headers = {"Location": receiver.url}
    receiver.answer = lambda number: (status, b"no")
    delivery = post_one(webhooks, receiver)
    assert (delivery.status, delivery.error) == ("PENDING", f"it answered {status}")
    assert len(receiver.got) == 1


def test_a_receiver_that_says_nothing_in_time_is_tried_again(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    receiver.delay_seconds = 0.8
    delivery = post_one(webhooks, receiver)
    assert delivery.status == "PENDING"
    assert "imed out" in delivery.error


def test_a_receiver_that_answers_byte_by_byte_does_not_hold_anybody_up(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    receiver.trickle = True
    receiver.answer = lambda number: (200, b"x" * 600)  # half a minute
    delivery = post_one(webhooks, receiver)
    assert (delivery.status, delivery.attempts) == ("PENDING", 1)
    assert Attempt.objects.get().duration_ms < 5000


def test_of_a_large_answer_only_a_part_is_read(webhooks: Deliveries, receiver: Receiver) -> None:
    receiver.answer = lambda number: (200, b"x" * 10_000_000)
    assert post_one(webhooks, receiver).status == "SENT"
    assert len(Attempt.objects.get().answer) == 2000


def test_nobody_at_the_address_is_tried_again(webhooks: Deliveries, receiver: Receiver) -> None:
    delivery = factories.webhook(factories.endpoint("http://127.0.0.1:1/hook"))
    run_until(nothing_new, webhooks)
    delivery.refresh_from_db()
    assert delivery.status == "PENDING"
    assert "refused" in delivery.error


def test_a_private_target_is_refused_and_not_asked(
    webhooks: Deliveries, receiver: Receiver, settings: Settings, runner: Runner
) -> None:
    settings.WEBHOOK_PRIVATE_TARGETS = False
    port = receiver.url.partition("127.0.0.1:")[2]
    delivery = factories.webhook(factories.endpoint(f"https://127.0.0.1:{port}"))
    run_until(nothing_pending, runner({Delivery.Channel.WEBHOOK: Webhooks()}))
    delivery.refresh_from_db()
    assert (delivery.status, receiver.got) == ("HELD", [])
    assert "127.0.0.1, which is not a public address" in delivery.error


# Endpoints that fail


def test_an_endpoint_that_fails_for_long_is_disabled_and_says_why(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    receiver.answer = lambda number: (500, b"")
    endpoint = factories.endpoint(receiver.url, failing_since=timezone.now() - LASTING)
    factories.webhook(endpoint)
    run_until(nothing_new, webhooks)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert endpoint.disabled_reason.startswith("nothing but failures since")
    assert endpoint.disabled_reason.endswith("it answered 500")


def test_an_endpoint_that_fails_for_less_is_not(webhooks: Deliveries, receiver: Receiver) -> None:
    receiver.answer = lambda number: (500, b"")
    since = timezone.now() - LASTING + timedelta(minutes=1)
    endpoint = factories.endpoint(receiver.url, failing_since=since)
    factories.webhook(endpoint)
    run_until(nothing_new, webhooks)
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    assert endpoint.failing_since == since


def test_one_success_makes_up_for_failures(webhooks: Deliveries, receiver: Receiver) -> None:
    endpoint = factories.endpoint(receiver.url, failing_since=factories.NOW)
    factories.webhook(endpoint)
    run_until(nothing_pending, webhooks)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.failing_since) == (True, None)


def test_the_first_failure_is_noted(webhooks: Deliveries, receiver: Receiver) -> None:
    receiver.answer = lambda number: (500, b"")
    delivery = post_one(webhooks, receiver)
    assert delivery.endpoint is not None
    assert delivery.endpoint.failing_since is not None


def test_an_endpoint_that_is_gone_is_disabled_at_once(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    receiver.answer = lambda number: (410, b"")
    delivery = post_one(webhooks, receiver)
    endpoint = Endpoint.objects.get()
    assert (delivery.status, endpoint.is_enabled) == ("HELD", False)
    assert "410" in endpoint.disabled_reason


def test_what_waits_for_a_disabled_endpoint_is_held_and_comes_when_it_is_redelivered(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    endpoint = factories.endpoint(receiver.url)
    delivery = factories.webhook(endpoint)
    endpoint.disable("somebody said so")
    run_until(nothing_pending, webhooks)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == ("HELD", "the endpoint is disabled")
    assert not receiver.got
    services.enable(endpoint)
    assert services.redeliver_since(endpoint, since=factories.NOW) == 1
    run_until(nothing_pending, webhooks)
    assert len(receiver.got) == 1


def test_only_what_came_since_the_time_is_redelivered(
    webhooks: Deliveries, receiver: Receiver
) -> None:
    endpoint = factories.endpoint(receiver.url)
    early, late = factories.webhook(endpoint), factories.webhook(endpoint)
    other = factories.webhook(
        factories.endpoint(receiver.url, event_types=[TicketsIssued.type]), TicketsIssued
    )
    run_until(nothing_pending, webhooks)
    Delivery.objects.filter(pk=early.pk).update(created_at=factories.NOW - timedelta(hours=1))
    Delivery.objects.filter(event_id=other.event_id).exclude(pk=other.pk).delete()
    del receiver.got[:]
    assert services.redeliver_since(endpoint, since=factories.NOW) == 1
    run_until(nothing_pending, webhooks)
    assert [posted.headers["webhook-id"] for posted in receiver.got] == [late.message_id]


def test_a_ping_is_a_webhook_like_any(webhooks: Deliveries, receiver: Receiver) -> None:
    endpoint = factories.endpoint(receiver.url, event_types=[TicketsIssued.type])
    services.ping(endpoint, now=factories.NOW)
    run_until(nothing_pending, webhooks)
    body = verified(receiver.got[0], endpoint.secret)
    assert isinstance(body, dict)
    assert (body["type"], body["data"]) == (PING, {"endpoint_id": str(endpoint.pk)})
