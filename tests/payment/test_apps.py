"""What is done before a process has threads."""

import pytest
from django.apps import apps

from outbox import registry
from payment.processors.wire import Outcome, Page


def test_what_threads_decode_of_a_processor_is_learned_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned: list[type] = []
    monkeypatch.setattr(registry, "learn", learned.extend)
    apps.get_app_config("payment").ready()
    assert {Outcome, Page} <= set(learned)
