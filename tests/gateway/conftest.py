"""What the gateway's tests share: services behind it, and the door with short time-outs."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from gateway import views
from gateway.proxy import Proxy
from gateway.routes import Route, Routes
from tests.gateway.upstreams import Script, Service

CONNECT_SECONDS = 0.3
READ_SECONDS = 0.6


@pytest.fixture
def service() -> Iterator[Callable[[Script], Service]]:
    """Starts services that follow a script, and stops them after the test."""
    started: list[Service] = []

    def start(script: Script) -> Service:
        started.append(Service(script))
        return started[-1]

    yield start
    for running in started:
        running.close()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """A client before a gateway with these routes, as `booking=url` or prefix by prefix."""
    opened: list[Proxy] = []

    def open_door(
        booking: str = "http://127.0.0.1:1",
        *,
        routes: dict[str, str] | None = None,
        connections: int = 4,
        read_seconds: float = READ_SECONDS,
    ) -> Client:
        table = routes or {"/api/reservations": booking}
        monkeypatch.setattr(
            views, "routes", Routes(Route(prefix, "booking", url) for prefix, url in table.items())
        )
        proxy = Proxy(
            services=len(table),
            connect_seconds=CONNECT_SECONDS,
            read_seconds=read_seconds,
            connections=connections,
        )
        opened.append(proxy)
        monkeypatch.setattr(views, "proxy", proxy)
        return Client()

    yield open_door
    for proxy in opened:
        proxy.close()
