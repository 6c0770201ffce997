"""The page that shows the API, in a browser."""

import pytest

from tests.browser.conftest import Open

pytestmark = pytest.mark.slow


def test_the_page_of_the_api_lists_operations_and_keeps_to_its_policy(visit: Open) -> None:
    reader = visit()
    reader.page.goto("/api/docs")
    reader.page.get_by_text("/api/reservations", exact=True).first.wait_for()
    assert reader.complaints == []
