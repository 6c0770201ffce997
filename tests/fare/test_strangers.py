"""No operation of fare's shows what is another customer's."""

import pytest
from uuid_utils.compat import uuid7

from tests.strangers import Asked, assert_shown_nothing, operations, stranger

pytestmark = pytest.mark.django_db

# What is asked for prices has nothing of anybody's; what booking was told is for the staff.
EXPECTED = {
    # Figures alone, and in a trial everybody's.
    "GET /api/ops/fare": Asked("/api/ops/fare", 200),
    "POST /api/offers": Asked("/api/offers", 400, {}),
    "POST /api/cancelation-quotes": Asked("/api/cancelation-quotes", 400, {}),
    "POST /api/change-quotes": Asked("/api/change-quotes", 400, {}),
    "GET /api/quotes": Asked("/api/quotes", 403),
    "GET /api/quotes/{id}": Asked(f"/api/quotes/{uuid7()}", 403),
}


def test_every_operation_is_asked_by_a_stranger() -> None:
    assert set(EXPECTED) == operations("fare")


@pytest.mark.parametrize("operation", sorted(operations("fare")))
def test_a_stranger_is_shown_nothing(operation: str) -> None:
    asked = EXPECTED[operation]
    assert_shown_nothing(operation, asked, stranger("fare"), of={"reservation_id", "total"})
