"""What the tests of the pages share."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.web.api import Api
from web import visitors
from web.gateway import Gateway


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API that the pages ask."""
    api = Api()
    gateway = Gateway(api.service.url, connect_seconds=5, read_seconds=10)
    monkeypatch.setattr(visitors, "gateway", gateway)
    yield api
    api.service.close()


@pytest.fixture
def visitor() -> "Visitor":
    """Somebody with a browser."""
    return Visitor()


class Visitor:
    """Looks at pages, and remembers the one that came last."""

    def __init__(self) -> None:
        self.client = Client()
        self.status = 0
        self.page = ""
        self.location = ""

    def get(self, path: str, **headers: str) -> str:
        """Open a page."""
        return self._see(self.client.get(path, headers=headers))

    def post(self, path: str, **fields: Any) -> str:
        """Send a form."""
        return self._see(self.client.post(path, fields))

    def _see(self, answer: Any) -> str:
        self.status, self.location = answer.status_code, answer.get("Location", "")
        self.page = re.sub(r"\s+", " ", answer.content.decode())
        return self.page

    def value(self, name: str) -> str:
        """What stands in a field."""
        found = re.search(rf'<input[^>]* name="{name}"[^>]*>', self.page)
        assert found, f"no field {name}"
        value = re.search(r' value="([^"]*)"', found[0])
        return html.unescape(value[1]) if value else ""

    def error(self, name: str) -> str:
        """What is told beside a field."""
        found = re.search(rf'id="id_{name}_error">([^<]*)<', self.page)
        return html.unescape(found[1]) if found else ""

    def text(self) -> str:
        """What can be read."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.page)))
