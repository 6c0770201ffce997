"""Pages ask the gateway while it waits for them: there have to be threads for both."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.gateway.upstreams import Exchange, Service, answering, gateway_process

THREADS = 4


class Web(Service):
    """Pages that ask for something through the gateway before they answer."""

    def __init__(self) -> None:
        self.gateway = ""
        super().__init__(self._asking)

    def _asking(self, exchange: Exchange) -> None:
        while exchange.request():
            with urlopen(f"{self.gateway}/api/reservations", timeout=30) as answer:  # noqa: S310
                exchange.answer(answer.read())


@pytest.fixture
def gateway() -> Iterator[str]:
    """The address of a gateway with few threads."""
    web, booking = Web(), Service(answering())
    variables = {"WEB_THREADS": str(THREADS), "PAGE_CONNECTIONS": "2", "UPSTREAM_READ_MS": "30000"}
    with gateway_process(booking.url, WEB_URL=web.url, **variables) as (host, port):
        web.gateway = f"http://{host}:{port}"
        yield web.gateway
    web.close()
    booking.close()


def status(address: str) -> int:
    try:
        with urlopen(address, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_as_many_pages_as_there_are_threads_do_not_wait_for_each_other_for_ever(
    gateway: str,
) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(status, [f"{gateway}/"] * THREADS))
    assert 200 in answers
    assert set(answers) <= {200, 503}
