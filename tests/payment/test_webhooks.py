"""What a processor tells by itself: only when it signs, only once, never against the records."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import msgspec
import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from uuid_utils.compat import uuid7

from outbox.models import OutboxEvent
from payment import selectors, services
from payment.models import IllegalTransition, Operation, Payment
from payment.processors import Approved, Declined, Kind
from payment.processors.wire import SIGNATURE_HEADER, BadSignature, Outcome, sign, verify
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW
from tests.threads import at_once

pytestmark = pytest.mark.django_db

SECRET = "whsec_test"
URL = "/payments/webhooks/http"


@pytest.fixture(autouse=True)
def secrets(settings: Settings) -> None:
    """The processor `http` signs with the secret."""
    settings.WEBHOOK_SECRETS = {"http": SECRET}


def outcome(operation: Operation, status: Any = "approved", **changes: Any) -> Outcome:
    """What the processor tells of an operation."""
    facts = {"reference": "ref_1"} if status == "approved" else {"reason": "Card declined!"}
    told = Outcome(
        idempotency_key=operation.idempotency_key,
        kind=cast(Kind, operation.kind),
        status=status,
        amount=operation.amount,
        currency=operation.currency,
        **(facts if status != "pending" else {}),
    )
    return msgspec.structs.replace(told, **changes)


def post(told: Outcome | bytes, *, secret: str = SECRET, ago: int = 0, url: str = URL) -> Any:
    """The answer to a signed webhook, through all of Django, CSRF checks included."""
    body = told if isinstance(told, bytes) else msgspec.json.encode(told)
    signature = sign(body, secret=secret, at=int(time.time()) - ago)
    return _post(body, signature, url)


def _post(body: bytes, signature: str, url: str = URL) -> HttpResponse:
    client: Any = Client(enforce_csrf_checks=True)
    response: HttpResponse = client.post(
        url, body, content_type="application/json", headers={SIGNATURE_HEADER: signature}
    )
    return response


def test_an_approval_is_recorded_and_told() -> None:
    operation = factories.operation()
    assert post(outcome(operation)).status_code == 204
    operation.refresh_from_db()
    assert (operation.status, operation.processor_reference) == ("SUCCEEDED", "ref_1")
    assert Payment.objects.get().authorized_amount == AMOUNT
    assert OutboxEvent.objects.get().type == "payment.PaymentAuthorized.v1"


def test_a_refusal_is_recorded_with_a_reason_that_the_contracts_allow() -> None:
    operation = factories.operation()
    services.record_unknown(operation, "not decided yet", now=NOW)
    assert post(outcome(operation, "declined")).status_code == 204
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("FAILED", "card_declined")


def test_what_is_pending_changes_nothing() -> None:
    operation = factories.operation()
    assert post(outcome(operation, "pending")).status_code == 204
    operation.refresh_from_db()
    assert operation.status == "REQUESTED"


def test_a_webhook_that_comes_again_changes_nothing() -> None:
    told = outcome(factories.operation())
    assert [post(told, ago=ago).status_code for ago in (60, 60, 0)] == [204, 204, 204]
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT


def test_a_follow_up_is_told_the_same_way() -> None:
    payment = factories.captured()
    refund = factories.asked("REFUND", payment, number=3, amount=700)
    assert post(outcome(refund)).status_code == 204
    assert Payment.objects.get().refunded_amount == 700


def test_a_voids_amount_is_the_authorizations_whatever_was_asked() -> None:
    void = factories.asked("VOID", factories.authorized(), amount=1)
    assert post(outcome(void, amount=AMOUNT)).status_code == 204
    assert Payment.objects.get().voided_amount == AMOUNT


# Contradictions


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (Declined(reason="card_declined"), {"status": "approved"}),
        (Approved(reference="ref_1"), {"status": "declined"}),
        (Approved(reference="ref_1"), {"status": "approved", "reference": "ref_2"}),
    ],
)
def test_another_outcome_than_the_recorded_is_a_conflict(recorded: Any, told: Any) -> None:
    operation = factories.operation()
    services.record_answer(operation, recorded, now=NOW)
    response = post(outcome(operation, **told))
    assert response.status_code == 409
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "urn:problem-type:airline:outcome-contradicted"
    assert OutboxEvent.objects.count() == 1


@pytest.mark.parametrize("other", [{"amount": 1}, {"currency": "SEK"}, {"kind": "CAPTURE"}])
def test_an_outcome_of_something_else_is_a_conflict_and_records_nothing(
    other: dict[str, Any],
) -> None:
    operation = factories.operation()
    assert post(outcome(operation, **other)).status_code == 409
    operation.refresh_from_db()
    assert operation.status == "REQUESTED"


@pytest.mark.parametrize(
    "key", [f"{uuid7()}:1", "nonsense", "x:y", f"{uuid7()}:{10**30}", f"{uuid7()}:-1"]
)
def test_an_outcome_of_nothing_that_was_asked_is_not_found(key: str) -> None:
    told = outcome(factories.operation(), idempotency_key=key)
    assert post(told).status_code == 404


# Who may


def test_who_does_not_know_the_secret_changes_nothing() -> None:
    operation = factories.operation()
    response = post(outcome(operation), secret="guessed")
    assert response.status_code == 401
    assert response.json()["type"] == "urn:problem-type:airline:bad-signature"
    operation.refresh_from_db()
    assert operation.status == "REQUESTED"


@pytest.mark.parametrize("ago", [301, -301])
def test_a_replay_of_an_old_webhook_is_refused(ago: int) -> None:
    operation = factories.operation()
    # A second more than the bound, as one may pass on the way.
    assert post(outcome(operation), ago=ago + (ago // 301)).status_code == 401


def test_a_signature_of_another_body_is_refused() -> None:
    operation = factories.operation()
    signature = sign(b"{}", secret=SECRET, at=int(time.time()))
    assert _post(msgspec.json.encode(outcome(operation)), signature).status_code == 401


@pytest.mark.parametrize("url", ["/payments/webhooks/other", "/payments/webhooks/simulator"])
def test_a_processor_that_is_not_ours_is_not_found(url: str) -> None:
    assert post(outcome(factories.operation()), url=url).status_code == 404


def test_without_a_secret_nobody_may(settings: Settings) -> None:
    settings.WEBHOOK_SECRETS = {"http": ""}
    assert post(outcome(factories.operation()), secret="").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"status":"approved"}',
        b"\xff",
        b'{"reference":"\xff"}',
        b'{"more":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
    ids=["nothing", "cut short", "a list", "not all", "no text", "no text inside", "nested"],
)
def test_a_signed_body_that_is_no_outcome_is_refused(body: bytes) -> None:
    assert post(body).status_code == 400


def test_an_approval_without_a_reference_is_refused() -> None:
    body = msgspec.json.encode(outcome(factories.operation())).replace(b"ref_1", b"")
    assert post(body).status_code == 400


def test_it_is_only_posted() -> None:
    assert Client().get(URL).status_code == 405


AT = 1_700_000_000


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1=" + "0" * 64,
        f"t={AT}",
        f"t={AT},v1=",
        f"t={AT},v1=" + "0" * 64,
        "t=" + "9" * 400 + ",v1=" + "0" * 64,
        sign(b"body", secret="s", at=AT) + "\n",
        sign(b"body", secret="s", at=AT).replace(f"t={AT}", f"t={AT + 1}"),
        sign(b"body", secret="other", at=AT),
    ],
)
def test_what_is_no_signature_of_the_body_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        verify(b"body", signature=signature, secret="s", at=AT)


def test_while_the_secret_changes_one_of_two_signatures_is_enough() -> None:
    old, new = (sign(b"body", secret=secret, at=AT) for secret in ("old", "new"))
    both = f"{old},{new.partition(',')[2]}"
    for secret in ("old", "new"):
        verify(b"body", signature=both, secret=secret, at=AT + 300)


# At once


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_a_worker_overtakes_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = factories.operation()
    told = outcome(operation).transaction()
    read = [selectors.operation_of(operation.payment_id, operation.number)]
    services.record_answer(operation, Approved(reference="ref_1"), now=NOW)
    look = selectors.operation_of
    monkeypatch.setattr(
        selectors, "operation_of", lambda *names: read.pop() if read else look(*names)
    )
    services.receive_outcome(told, now=NOW)
    assert not read
    assert OutboxEvent.objects.count() == 1


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_webhooks_and_a_worker_at_once_record_an_answer_once() -> None:
    operation = factories.operation()
    answer = Approved(reference="ref_1")
    told = partial(services.receive_outcome, outcome(operation).transaction(), now=NOW)
    recorded = partial(services.record_answer, operation, answer, now=NOW)
    race: list[Callable[[], None]] = [recorded, told, told, told]
    worker, *webhooks = at_once(race)
    assert worker is None or isinstance(worker, IllegalTransition)
    assert webhooks == [None, None, None]
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT
