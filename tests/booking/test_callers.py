"""Who a service takes a caller for."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from config.callers import MayAsk, Vouching
from contracts.callers import OPS, READ, WRITE, vouch

KEYS = ["a-key-of-the-services"]


@pytest.fixture(autouse=True)
def booking(settings: Settings) -> None:
    settings.SERVICE, settings.INTERNAL_KEYS, settings.TRIAL = "booking", KEYS, False


def asked(method: str = "GET", *, authorization: str | None = None) -> Request:
    headers: Any = {} if authorization is None else {"Authorization": authorization}
    made = RequestFactory().generic(method, "/api/reservations", headers=headers)
    return Request(made, authenticators=[Vouching()])


def vouched(*scopes: str, method: str = "GET", to: str = "booking") -> Request:
    header = vouch("eva", scopes, by="gateway", to=to, keys=KEYS, at=time.time())
    return asked(method, authorization=header["Authorization"])


def may(request: Request, **view: Any) -> bool:
    return MayAsk().has_permission(request, type("View", (APIView,), view)())


def test_a_customer_who_is_vouched_for_is_known_by_name() -> None:
    user: Any = vouched(READ).user
    assert (user.get_username(), str(user), user.is_staff) == ("eva", "eva", False)


def test_who_runs_the_airline_is_of_the_staff() -> None:
    assert vouched(OPS).user.is_staff


@pytest.mark.parametrize("authorization", [None, "Bearer abc", "Basic ZXZhOmV2YQ==", "Vouchedabc"])
def test_nobody_is_known_by_what_is_no_vouching(authorization: str | None) -> None:
    request = asked(authorization=authorization)
    assert isinstance(request.user, AnonymousUser)
    assert not may(request)


@pytest.mark.parametrize("token", ["", "abc", "a.b.c"])
def test_what_nobody_vouches_for_is_refused(token: str) -> None:
    with pytest.raises(exceptions.AuthenticationFailed):
        _ = asked(authorization=f"Vouched {token}").user


def test_what_is_for_another_service_is_refused() -> None:
    with pytest.raises(exceptions.AuthenticationFailed, match="it is for payment"):
        _ = vouched(READ, to="payment").user


@pytest.mark.parametrize(
    ("method", "scope"),
    [("GET", READ), ("HEAD", READ), ("OPTIONS", READ), ("POST", WRITE), ("PATCH", WRITE)],
)
def test_reading_takes_one_scope_and_anything_else_another(method: str, scope: str) -> None:
    assert may(vouched(scope, method=method))
    others = {READ, WRITE, OPS} - {scope}
    with pytest.raises(exceptions.PermissionDenied, match=f"This takes the scope {scope}."):
        may(vouched(*others, method=method))


def test_a_view_can_ask_for_another_scope() -> None:
    assert may(vouched(READ, method="POST"), scope=READ)
    with pytest.raises(exceptions.PermissionDenied, match=OPS):
        may(vouched(READ, WRITE), scope=OPS)


@pytest.mark.parametrize("trial", [True, False])
def test_a_trial_lets_everybody_in(settings: Settings, trial: bool) -> None:
    settings.TRIAL = trial
    assert may(asked("POST")) == trial


def test_a_trial_lets_nobody_do_what_they_are_not_vouched_for(settings: Settings) -> None:
    settings.TRIAL = True
    with pytest.raises(exceptions.PermissionDenied):
        may(vouched(READ, method="POST"))
