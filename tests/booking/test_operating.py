"""What operators see of sagas, and do with them."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking import services
from booking.models import Reservation, Saga, SagaIntervention, Seat, TimelineEntry
from booking.services import NotPossible
from contracts.booking import PaymentCaptureRequested, PaymentVoidRequested
from contracts.payment import PaymentCaptureFailed, PaymentVoided
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW, tell

pytestmark = pytest.mark.django_db

ACTS = [services.retry_saga, services.compensate_saga, services.complete_saga]
LIST = "/admin/booking/saga/"


def act(on: Saga, what: Any, reason: str = "they called") -> Saga:
    done: Saga = what(saga_id=on.pk, actor="eva", reason=reason, now=NOW)
    return done


def saga_of(reservation: Reservation) -> Saga:
    return Saga.objects.select_related("reservation").get(reservation=reservation)


def stuck(reservation: Reservation) -> Saga:
    Saga.objects.filter(reservation=reservation).update(
        stuck_at=NOW, deadline_at=None, attempts=8, last_error="no answer after 8 attempts"
    )
    return saga_of(reservation)


def types(reservation: Reservation) -> list[str]:
    return [row.type for row in history(str(reservation.pk))]


# What they do


def test_a_retry_asks_again_and_waits_as_patiently_as_at_first() -> None:
    reservation = factories.confirmed_reservation()
    retried = act(stuck(reservation), services.retry_saga)
    assert types(reservation)[-2:] == [PaymentCaptureRequested.type] * 2
    assert (retried.step, retried.attempts, retried.stuck_at) == ("CAPTURING", 1, None)
    assert saga_of(reservation).deadline_at is not None


def test_a_compensation_cancels_the_reservation() -> None:
    reservation = factories.pending_reservation()
    assert act(saga_of(reservation), services.compensate_saga).step == "VOIDING"
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELED
    assert Seat.objects.get(number="12A").status == Seat.Status.FREE
    assert types(reservation)[-1] == PaymentVoidRequested.type


def test_a_charge_that_was_settled_by_hand_brings_the_tickets() -> None:
    reservation = factories.confirmed_reservation()
    done = act(stuck(reservation), services.complete_saga)
    assert (done.step, done.live, done.stuck_at) == ("DONE", None, None)
    assert reservation.passengers.get().ticket_number


def test_a_void_that_was_settled_by_hand_ends_the_saga_and_its_answer_is_late() -> None:
    reservation = factories.confirmed_reservation()
    tell(PaymentCaptureFailed, reservation)
    assert act(stuck(reservation), services.complete_saga).step == "COMPENSATED"
    assert tell(PaymentVoided, reservation).step == "COMPENSATED"
    entries = TimelineEntry.objects.order_by("id").values_list("entry", flat=True)
    assert list(entries)[-2:] == ["settled", "late answer"]


@pytest.mark.parametrize("what", ACTS)
def test_each_act_is_in_the_audit_trail(what: Any) -> None:
    reservation = factories.confirmed_reservation()
    act(saga_of(reservation), what, "they called\n")
    done = SagaIntervention.objects.get()
    assert (done.actor, done.before, done.reason) == ("eva", "CAPTURING", "they called\n")
    assert (done.saga, done.after) == (saga_of(reservation), saga_of(reservation).step)


@pytest.mark.parametrize("what", ACTS)
def test_nothing_is_done_without_a_reason(what: Any) -> None:
    before = saga_of(factories.confirmed_reservation())
    with pytest.raises(ValueError, match="reason"):
        act(before, what, " ")
    assert Saga.objects.get().version == before.version


@pytest.mark.parametrize("what", ACTS)
def test_nothing_is_to_be_done_with_what_has_ended(what: Any) -> None:
    ended = saga_of(factories.ticketed_reservation())
    with pytest.raises(NotPossible, match=r"BUYING DONE, .* CONFIRMED: there is nothing to"):
        act(ended, what)
    assert not SagaIntervention.objects.exists()


@pytest.mark.parametrize("what", [services.retry_saga, services.complete_saga])
def test_an_authorization_is_neither_asked_for_again_nor_invented(what: Any) -> None:
    with pytest.raises(NotPossible):
        act(saga_of(factories.pending_reservation()), what)


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    reservation = factories.confirmed_reservation()

    def break_down(*args: object, **facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(SagaIntervention.objects, "create", break_down)
    with pytest.raises(RuntimeError):
        act(saga_of(reservation), services.compensate_saga)
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED


# The admin


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("eva", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> Client:
    return staff("view_saga", "change_saga", "view_sagaintervention")


def do(client: Client, action: str, on: Saga, **more: str) -> Any:
    form = {"action": action, "_selected_action": str(on.pk), **more}
    return client.post(LIST, form, follow=True)


def test_the_admin_asks_for_a_reason_first(operator: Client) -> None:
    saga = saga_of(factories.confirmed_reservation())
    assert "Reason" in do(operator, "compensate", saga).text
    do(operator, "compensate", saga, confirmed="yes", reason=" ")
    assert Saga.objects.get().version == saga.version


@pytest.mark.parametrize(
    ("action", "step"),
    [("retry", "CAPTURING"), ("compensate", "WITHDRAWING"), ("force_complete", "DONE")],
)
def test_the_admin_does_it_with_a_reason(operator: Client, action: str, step: str) -> None:
    saga = saga_of(factories.confirmed_reservation())
    page = do(operator, action, saga, confirmed="yes", reason="they called")
    assert f"it is at {step}" in page.text
    assert Saga.objects.get().step == step
    done = SagaIntervention.objects.get()
    assert (done.actor, done.action, done.reason) == (
        "eva",
        action.replace("_", "-"),
        "they called",
    )
    assert "they called" in operator.get(f"{LIST}{saga.pk}/change/").text


def test_the_admin_tells_what_cannot_be_done(operator: Client) -> None:
    saga = saga_of(factories.ticketed_reservation())
    page = do(operator, "retry", saga, confirmed="yes", reason="they called")
    assert "there is nothing to retry here" in page.text


@pytest.mark.parametrize("action", ["retry", "compensate", "force_complete"])
def test_who_may_only_look_can_do_nothing(action: str) -> None:
    saga = saga_of(factories.confirmed_reservation())
    onlooker = staff("view_saga")
    assert saga.reservation.record_locator in onlooker.get(LIST).text
    do(onlooker, action, saga, confirmed="yes", reason="they called")
    assert Saga.objects.get().version == saga.version
    assert not SagaIntervention.objects.exists()


def listed(client: Client, **query: str) -> set[str]:
    page = client.get(LIST, query)
    return {saga.reservation.seat_number for saga in page.context["cl"].queryset}


def test_the_list_shows_those_that_are_stuck_live_ended_or_slow(operator: Client) -> None:
    factories.departure(factories.flight(), seats=["1A", "1B", "1C", "1D"])
    ended, waiting, slow, lost = (factories.reserve(seat_number=f"1{x}") for x in "ABCD")
    for reservation in (ended, waiting, slow, lost):
        factories.confirm(reservation)
    services.compensate_saga(saga_id=saga_of(ended).pk, actor="eva", reason="x", now=NOW)
    services.complete_saga(saga_id=saga_of(ended).pk, actor="eva", reason="x", now=NOW)
    Saga.objects.filter(reservation=slow).update(entered_at=timezone.now() - timedelta(minutes=11))
    stuck(lost)
    assert listed(operator, state="stuck") == {"1D"}
    assert listed(operator, state="live") == {"1B", "1C", "1D"}
    assert listed(operator, state="ended") == {"1A"}
    assert listed(operator, slow="10m") == {"1C"}
    assert listed(operator, slow="1h") == set()
    assert listed(operator) == {"1A", "1B", "1C", "1D"}


# The command


def printed() -> str:
    output = StringIO()
    call_command("sagas", stdout=output)
    return output.getvalue()


def test_the_command_says_that_there_is_nothing() -> None:
    factories.ticketed_reservation()
    assert printed() == "no saga is running\n"


def test_the_command_counts_by_step_with_the_oldest_age() -> None:
    factories.departure(factories.flight(), seats=["1A", "1B", "1C"])
    for seat in ("1A", "1B", "1C"):
        factories.reserve(seat_number=seat)
    first = Reservation.objects.get(seat_number="1A")
    Saga.objects.update(entered_at=timezone.now() - timedelta(seconds=7.5))
    factories.confirm(first)
    Saga.objects.filter(reservation=first).update(
        entered_at=timezone.now() - timedelta(seconds=2.5)
    )
    rows = [line.split() for line in printed().splitlines()]
    assert [row[:4] for row in rows[1:]] == [
        ["BUYING", "AUTHORIZING", "2", "0"],
        ["BUYING", "CAPTURING", "1", "0"],
    ]
    assert [int(row[4]) for row in rows[1:]] == pytest.approx([8, 3], abs=2)


def test_the_command_names_those_that_are_stuck() -> None:
    saga = stuck(factories.confirmed_reservation())
    locator = saga.reservation.record_locator
    told = f"stuck since 2040-01-10 12:00:00: {locator} BUYING CAPTURING ({saga.pk}): "
    assert told + "no answer after 8 attempts\n" in printed()


def test_the_command_does_not_list_hundreds() -> None:
    numbers = [f"{row}A" for row in range(1, 23)]
    factories.departure(factories.flight(), seats=numbers)
    for number in numbers:
        stuck(factories.reserve(seat_number=number))
    lines = printed().splitlines()
    assert (len(lines), lines[-1]) == (2 + 20 + 1, "and 2 more; the admin lists them")
