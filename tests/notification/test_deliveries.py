"""The work of `run_deliveries`: sending outside transactions, many at once, each once."""

import logging
import threading
import time
from collections.abc import Collection
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from contracts.booking import TicketsIssued
from notification.channels import Call, Outcome, Verdict
from notification.models import Attempt, Delivery
from notification.services.outcomes import WAITS
from outbox.models import Lease
from tests.notification import factories
from tests.notification.working import (
    LATER,
    SENT,
    Runner,
    Scripted,
    nothing_new,
    nothing_pending,
    run_until,
)
from tests.threads import PATIENCE_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_leases")]

EMAIL, WEBHOOK = Delivery.Channel.EMAIL, Delivery.Channel.WEBHOOK


def test_what_is_due_is_sent_once_and_recorded(runner: Runner) -> None:
    delivery = factories.delivery()
    channel = Scripted(SENT)
    deliveries = runner({EMAIL: channel})
    run_until(nothing_pending, deliveries)
    deliveries.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("SENT", 1)
    assert delivery.completed_at is not None
    assert channel.sent == [delivery]


def test_what_is_recorded_soon_after_others_were_sent_waits_for_company(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notification.deliveries.GATHER_SECONDS", 1.0)
    batches: list[int] = []
    company: list[Delivery] = []

    class Counted(Scripted):
        def prepare(self, deliveries: Collection[Delivery]) -> list[Call | Outcome]:
            batches.append(len(deliveries))
            return super().prepare(deliveries)

    def meanwhile(seconds: float) -> None:
        if seconds and not company:
            company.append(factories.delivery())
        time.sleep(seconds)

    deliveries = runner({EMAIL: Counted(SENT)})
    factories.delivery()
    run_until(nothing_pending, deliveries)
    factories.delivery()
    monkeypatch.setattr("notification.deliveries.sleep", meanwhile)
    run_until(nothing_pending, deliveries)
    assert batches == [1, 2]


def test_each_attempt_is_in_the_log(runner: Runner) -> None:
    factories.delivery()
    channel = Scripted(LATER, SENT)
    deliveries = runner({EMAIL: channel})
    run_until(nothing_new, deliveries)
    factories.make_due()
    run_until(nothing_pending, deliveries)
    log = Attempt.objects.order_by("id").values_list("answer_status", "error")
    assert list(log) == [(503, "it answered 503"), (204, "")]


def test_no_transaction_is_open_while_something_is_sent(runner: Runner) -> None:
    factories.delivery()
    seen: list[bool] = []
    main = connections["default"]
    channel = Scripted(SENT, meanwhile=lambda _: seen.append(main.in_atomic_block))
    run_until(nothing_pending, runner({EMAIL: channel}))
    assert seen == [False]


def test_what_failed_is_not_tried_before_its_time(runner: Runner) -> None:
    factories.delivery()
    channel = Scripted(LATER)
    deliveries = runner({EMAIL: channel})
    run_until(nothing_new, deliveries)
    for _ in range(3):
        deliveries.run_once()
    assert len(channel.sent) == 1
    assert Delivery.objects.get().error == "it answered 503"


@pytest.mark.parametrize(
    ("channel", "hours"), [(WEBHOOK, (72, 73)), (EMAIL, (23, 25))], ids=lambda value: str(value)
)
def test_the_waits_grow_and_come_to_a_limit(
    channel: Delivery.Channel, hours: tuple[int, int]
) -> None:
    waits = WAITS[channel]
    assert list(waits) == sorted(waits)
    least, most = hours
    assert timedelta(hours=least) <= sum(waits, timedelta()) <= timedelta(hours=most)


def test_after_the_last_attempt_a_delivery_is_held_for_an_operator(runner: Runner) -> None:
    delivery = factories.delivery()
    last = len(WAITS[EMAIL])
    Delivery.objects.update(attempts=last)
    run_until(nothing_pending, runner({EMAIL: Scripted(LATER)}))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("HELD", last + 1)
    assert delivery.error == "it answered 503"


def test_before_the_last_attempt_it_is_not(runner: Runner) -> None:
    factories.delivery()
    attempts = len(WAITS[EMAIL]) - 1
    Delivery.objects.update(attempts=attempts)
    deliveries = runner({EMAIL: Scripted(LATER)})
    run_until(lambda: Delivery.objects.get().attempts > attempts, deliveries)
    assert Delivery.objects.get().status == "PENDING"


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.NOBODY, "UNDELIVERABLE"),
        (Verdict.UNWANTED, "SUPPRESSED"),
        (Verdict.BROKEN, "HELD"),
        (Verdict.GONE, "HELD"),
    ],
)
def test_what_no_repetition_mends_is_not_repeated(
    runner: Runner, verdict: Verdict, status: str
) -> None:
    factories.delivery()
    run_until(nothing_pending, runner({EMAIL: Scripted(Outcome(verdict=verdict, error="no"))}))
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.error) == (status, "no")


def test_a_bug_in_a_channel_holds_the_delivery_with_its_traceback(
    runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    factories.delivery()
    with caplog.at_level(logging.ERROR):
        run_until(nothing_pending, runner({EMAIL: Scripted(ZeroDivisionError("no such luck"))}))
    delivery = Delivery.objects.get()
    assert delivery.status == "HELD"
    assert "Traceback" in delivery.error
    assert "no such luck" in delivery.error


def test_one_channel_that_hangs_does_not_keep_the_other_waiting(runner: Runner) -> None:
    factories.delivery()
    endpoint = factories.endpoint()
    factories.webhook(endpoint)
    go_on = threading.Event()
    hanging = Scripted(SENT, meanwhile=lambda _: go_on.wait(PATIENCE_SECONDS))
    deliveries = runner({EMAIL: hanging, WEBHOOK: Scripted(SENT)}, in_flight=1)

    def webhook_sent() -> bool:
        return Delivery.objects.filter(channel=WEBHOOK, status="SENT").exists()

    run_until(webhook_sent, deliveries)
    go_on.set()
    run_until(nothing_pending, deliveries)


def test_one_endpoint_that_hangs_does_not_keep_the_others_waiting(runner: Runner) -> None:
    hanging = factories.endpoint(event_types=[TicketsIssued.type])
    for _ in range(5):
        factories.webhook(hanging, TicketsIssued)
    quick = factories.endpoint()
    factories.webhook(quick)
    go_on = threading.Event()
    channel = Scripted(
        SENT,
        meanwhile=lambda delivery: (
            delivery.endpoint_id != hanging.pk or go_on.wait(PATIENCE_SECONDS)
        ),
    )
    deliveries = runner({WEBHOOK: channel}, in_flight=4)

    def quick_sent() -> bool:
        return Delivery.objects.filter(endpoint=quick, status="SENT").exists()

    run_until(quick_sent, deliveries)
    go_on.set()
    run_until(nothing_pending, deliveries)


def test_several_runners_send_each_delivery_once(runner: Runner) -> None:
    for _ in range(20):
        factories.delivery()
    channel = Scripted(SENT)
    runners = [runner({EMAIL: channel}) for _ in range(2)]
    for deliveries in runners:
        deliveries.leases.heartbeat()
    run_until(nothing_pending, *runners)
    assert len({delivery.pk for delivery in channel.sent}) == len(channel.sent) == 20


def test_a_runner_whose_leases_have_run_out_sends_nothing(runner: Runner) -> None:
    factories.delivery()
    channel = Scripted(SENT)
    deliveries = runner({EMAIL: channel})
    deliveries.leases.heartbeat()
    call = channel.prepare([Delivery.objects.get()])[0]
    assert callable(call)
    deliveries.leases._valid_until = 0.0
    assert deliveries._send(call) is None
    assert not channel.sent


def test_what_a_runner_did_not_send_is_still_to_be_sent(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.delivery()
    channel = Scripted(SENT)
    deliveries = runner({EMAIL: channel})
    monkeypatch.setattr(deliveries, "_send", lambda call: None)
    for _ in range(3):
        deliveries.run_once()
    assert Delivery.objects.get().status == "PENDING"
    monkeypatch.undo()
    run_until(nothing_pending, deliveries)
    assert len(channel.sent) == 1


def test_a_runner_that_died_after_sending_leaves_it_to_another_under_the_same_id(
    runner: Runner,
) -> None:
    delivery = factories.delivery()
    channel = Scripted(SENT)
    dying = runner({EMAIL: channel})
    dying.leases.heartbeat()
    dying._start(EMAIL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not channel.sent:
        assert time.monotonic() < deadline
    dying._calls.clear()  # nothing is recorded
    Lease.objects.update(expires_at=timezone.now() - timedelta(days=1))
    run_until(nothing_pending, runner({EMAIL: channel}))
    assert [sent.message_id for sent in channel.sent] == [delivery.message_id] * 2


def test_a_runner_finishes_what_is_under_way_and_gives_its_shards_back(runner: Runner) -> None:
    factories.delivery()
    channel = Scripted(SENT, meanwhile=lambda _: time.sleep(0.05))
    deliveries = runner({EMAIL: channel})
    deliveries.leases.heartbeat()
    deliveries._start(EMAIL)
    deliveries.close()
    assert Delivery.objects.get().status == "SENT"
    assert not Lease.objects.exclude(owner="").exists()


def test_what_retention_is_over_for_is_forgotten_by_the_runner(runner: Runner) -> None:
    factories.delivery()
    Delivery.objects.update(status="SENT", completed_at=factories.NOW)
    runner({EMAIL: Scripted(SENT)}).run_once()
    assert not Delivery.objects.exists()


def test_a_delivery_that_is_recorded_wakes_the_runners(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("notification.models.delivery.nudge_on_commit", woken.append)
    with transaction.atomic():
        factories.delivery()
    assert "deliveries" in woken
