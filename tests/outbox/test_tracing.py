"""Trace context, from a request to what it appends."""

import threading

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from outbox.tracing import TraceContext, traced, traceparent

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-00"
MALFORMED = ["", "00", TRACE.upper(), f"{TRACE}-02", f" {TRACE}", f"{TRACE}\n", TRACE[:-1]]


def trace_of_a_view(**headers: str) -> str:
    """The trace under which a request with these headers is handled."""
    found: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append(traceparent())
        return HttpResponse()

    TraceContext(view)(RequestFactory().get("/", headers=headers))
    return found[0]


def test_work_is_done_under_a_trace_until_it_ends() -> None:
    with traced(TRACE):
        assert traceparent() == TRACE
    assert traceparent() == ""


def test_an_inner_trace_gives_way_to_the_outer_one_when_it_ends() -> None:
    with traced(TRACE):
        with traced(OTHER):
            assert traceparent() == OTHER
        assert traceparent() == TRACE


def test_a_trace_ends_with_work_that_failed() -> None:
    with pytest.raises(ZeroDivisionError), traced(TRACE):
        raise ZeroDivisionError
    assert traceparent() == ""


@pytest.mark.parametrize("value", MALFORMED)
def test_a_malformed_trace_counts_as_none(value: str) -> None:
    with traced(TRACE), traced(value):
        assert traceparent() == ""


def test_another_thread_has_another_trace() -> None:
    found: list[str] = []
    with traced(TRACE):
        thread = threading.Thread(target=lambda: found.append(traceparent()))
        thread.start()
        thread.join()
    assert found == [""]


@pytest.mark.parametrize(("sent", "found"), [(TRACE, TRACE), ("nonsense", "")])
def test_a_request_is_handled_under_its_trace(sent: str, found: str) -> None:
    assert trace_of_a_view(traceparent=sent) == found
    assert traceparent() == ""


def test_a_request_without_a_trace_is_handled_without_one() -> None:
    assert trace_of_a_view() == ""
