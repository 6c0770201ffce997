"""What is done before a process has threads."""

import pytest
from django.apps import apps

from fare.departures import Departure, Results
from fare.messages import OffersRequest
from outbox import registry


def test_what_threads_decode_of_a_request_or_of_booking_is_learned_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned: list[type] = []
    monkeypatch.setattr(registry, "learn", learned.extend)
    apps.get_app_config("fare").ready()
    assert {OffersRequest, Departure, Results} <= set(learned)
