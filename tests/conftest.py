"""What every part of the suite shares."""

import os

import pytest


def pytest_report_header() -> str:
    """Which settings these tests run under, and how the other parts are run."""
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "no Django settings")
    return (
        f"{settings}: bare pytest runs booking's tests. Each service's tests run under its own "
        "settings; `make test` runs them all (`python3 dev/test.py PART` for one part)."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a MariaDB where the service's database is another, as for bare pytest.

    `make test` selects by the mark instead, so nothing is skipped there.
    """
    skip = pytest.mark.skip(reason="the database is not MariaDB; `make test` starts one")
    for item in items:
        if item.get_closest_marker("mariadb") and item.get_closest_marker("django_db"):
            from django.db import connection

            if connection.vendor != "mysql":
                item.add_marker(skip)
