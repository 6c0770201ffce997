"""The running service answers as its OpenAPI document says, and never with a 5xx."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import serializers

from dev.processes import PAYMENT
from payment.models import Operation, Payment
from tests.conformance.harness import assert_conforms, database_url, running
from tests.payment import factories


@pytest.fixture
def payments(transactional_db: None, tmp_path: Path) -> list[str]:
    """The ids of some payments, and a file with them for the service's database."""
    for status in Operation.Status:
        factories.in_status(status)
    rows = [*Payment.objects.all(), *Operation.objects.all()]
    (tmp_path / "payments.json").write_text(serializers.serialize("json", rows))
    return [str(payment.pk) for payment in Payment.objects.all()]


@pytest.fixture
def service(request: pytest.FixtureRequest, payments: list[str], tmp_path: Path) -> Iterator[str]:
    """The address of a service that has these payments."""
    database = database_url(PAYMENT, request, tmp_path)
    with running(PAYMENT, database, [["loaddata", f"{tmp_path}/payments.json"]]) as address:
        yield address


def test_every_answer_is_as_documented(service: str, payments: list[str], tmp_path: Path) -> None:
    facts = {"payments_retrieve": [{"path": {"id": payment}} for payment in payments]}
    assert_conforms(service, tmp_path, facts, seed=1, examples=15)
