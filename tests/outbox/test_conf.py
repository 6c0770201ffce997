"""The setting `OUTBOX`."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from outbox.conf import Options, options

REQUIRED = {"SOURCE": "shop", "EVENTS": "shop.EVENTS", "BOOTSTRAP_SERVERS": "127.0.0.1:9092"}


def configured(**changes: Any) -> Options:
    """The options under the required settings and these."""
    with override_settings(OUTBOX={**REQUIRED, **changes}):
        return options()


def test_what_is_not_set_has_its_default() -> None:
    assert (configured().retention_days, configured().nudge_listen) == (7, "127.0.0.1")


def test_what_is_set_counts() -> None:
    assert configured(RETENTION_DAYS=30).retention_days == 30


def test_other_settings_are_read_at_once() -> None:
    assert [configured(SOURCE=name).source for name in ("shop", "mill")] == ["shop", "mill"]


@pytest.mark.parametrize("name", ["RETENTION", "retention_days"])
def test_an_unknown_option_is_named(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^OUTBOX has no option {name}$"):
        configured(**{name: 30})


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_option_is_named(name: str) -> None:
    others = {other: value for other, value in REQUIRED.items() if other != name}
    with (
        override_settings(OUTBOX=others),
        pytest.raises(ImproperlyConfigured, match=f"^OUTBOX lacks {name}$"),
    ):
        options()


def test_a_project_that_has_not_configured_it_is_told_what_it_needs(settings: Any) -> None:
    del settings.OUTBOX
    with pytest.raises(ImproperlyConfigured, match="lacks SOURCE, EVENTS, BOOTSTRAP_SERVERS"):
        options()


def test_a_message_is_given_up_well_before_the_lease_it_was_sent_under() -> None:
    assert configured(LEASE_SECONDS=3).message_timeout_ms == 1800
