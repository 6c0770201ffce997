"""How often somebody may ask."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.test import Client, RequestFactory

from gateway import views
from gateway.routes import Route, Routes
from gateway.throttling import Standing, Throttle, TooMany, address_of, tightest
from tests.gateway.upstreams import Script, Service, answering

Start = Callable[[Script], Service]
Door = Callable[..., Client]
NOW = 1_800_000_015.5  # 15 s into a minute


@pytest.fixture
def cache() -> BaseCache:
    made = LocMemCache("a-test", {})
    made.clear()
    return made


@pytest.fixture
def three(cache: BaseCache) -> Throttle:
    """Three requests in a minute."""
    return Throttle("customer", most=3, cache=cache)


def test_so_many_requests_may_come_in_a_minute(three: Throttle) -> None:
    left = [three.count("eva", at=NOW)[0].left for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(TooMany) as refused:
        three.count("eva", at=NOW)
    assert refused.value.status == 429
    assert refused.value.headers == {
        "Retry-After": "45",
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "45",
    }


def test_the_next_minute_begins_anew(three: Throttle) -> None:
    for _ in range(3):
        three.count("eva", at=NOW)
    assert three.count("eva", at=NOW + 45) == [Standing(3, 2, 60)]


def test_nobody_pays_for_another(three: Throttle, cache: BaseCache) -> None:
    for _ in range(3):
        three.count("eva", at=NOW)
    assert three.count("bo", at=NOW)
    assert Throttle("address", most=3, cache=cache).count("eva", at=NOW)


def test_any_number_is_not_counted(cache: BaseCache) -> None:
    assert Throttle("customer", most=0, cache=cache).count("eva", at=NOW) == []


def test_those_who_ask_at_once_are_all_counted(cache: BaseCache) -> None:
    many = Throttle("customer", most=1000, cache=cache)
    threads = [
        threading.Thread(target=lambda: [many.count("eva", at=NOW) for _ in range(20)])
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert many.count("eva", at=NOW)[0].left == 1000 - 101


def test_a_cache_that_is_away_refuses_nobody(caplog: pytest.LogCaptureFixture) -> None:
    away = RedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 0.2}})
    one = Throttle("customer", most=1, cache=away)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert one.count("eva", at=NOW)[0].left == 1
    assert "requests are not counted" in caplog.text


def test_the_limit_that_is_used_up_first_is_told() -> None:
    told = tightest([Standing(100, 40, 9), Standing(60, 3, 9)])
    assert told["RateLimit-Limit"] == "60"
    assert tightest([]) == {}


# Where a request comes from


def origin(address: str, passed: str | None = None, proxies: int = 0) -> str:
    headers: Any = {} if passed is None else {"X-Forwarded-For": passed}
    request = RequestFactory(REMOTE_ADDR=address).get("/", headers=headers)
    return address_of(request, proxies=proxies)


def test_what_a_client_says_of_its_address_is_not_believed() -> None:
    assert origin("192.0.2.7", "198.51.100.1") == "192.0.2.7"


@pytest.mark.parametrize(
    ("passed", "proxies", "known"),
    [
        ("198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1, 198.51.100.1, 192.0.2.9", 2, "198.51.100.1"),
        ("198.51.100.1", 2, "198.51.100.1"),
        (None, 1, "192.0.2.7"),
        ("nonsense", 1, "unknown"),
    ],
)
def test_what_our_own_proxies_say_is(passed: str | None, proxies: int, known: str) -> None:
    assert origin("192.0.2.7", passed, proxies) == known


def test_addresses_of_one_network_are_one() -> None:
    assert origin("2001:db8:1:2::1") == origin("2001:db8:1:2:ffff::2") == "2001:db8:1:2::/64"
    assert origin("2001:db8:1:3::1") != origin("2001:db8:1:2::1")


# At the door


@pytest.fixture
def counted(service: Start, door: Door, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Booking behind a door that a customer may use twice in a minute, an address four times."""
    caches["default"].clear()
    monkeypatch.setattr(views.by_customer, "_most", 2)
    monkeypatch.setattr(views.by_address, "_most", 4)
    monkeypatch.setattr(time, "time", lambda: NOW)
    booking = service(answering())
    door(booking.url)
    return booking


def ask(**headers: str) -> Any:
    return Client().get("/api/reservations", headers=headers)


def test_every_answer_says_how_much_is_left(counted: Service) -> None:
    first, second, third = ask(), ask(), ask()
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in (first, second, third)] == ["1", "0", "0"]
    assert first["RateLimit-Limit"] == "2"
    assert third["Retry-After"] == "45"
    assert third["Content-Type"] == "application/problem+json"
    assert len(counted.seen) == 2


# What pages ask for


def note_of(web: Service) -> str:
    """What the gateway has told the pages of their visitor."""
    return str(web.seen[-1].headers["x-visitor"])


@pytest.fixture
def web(counted: Service, service: Start, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The pages, behind the same door."""
    web = service(answering())
    routes = Routes(
        [
            Route("/", "web", web.url, is_open=True),
            Route("/api/reservations", "booking", counted.url),
        ]
    )
    monkeypatch.setattr(views, "routes", routes)
    monkeypatch.setattr(views.by_customer, "_most", 0)
    return web


def test_what_pages_ask_for_is_counted_as_their_visitors(web: Service) -> None:
    Client(REMOTE_ADDR="192.0.2.1").get("/")
    left = [ask(x_visitor=note_of(web))["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]  # the page itself was the first
    assert ask(x_visitor=note_of(web)).status_code == 429
    Client(REMOTE_ADDR="192.0.2.2").get("/")
    assert ask(x_visitor=note_of(web)).status_code == 200


def test_a_note_is_good_for_a_minute(web: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    Client(REMOTE_ADDR="192.0.2.1").get("/")
    monkeypatch.setattr(time, "time", lambda: NOW + 120)
    assert ask(x_visitor=note_of(web))["RateLimit-Remaining"] == "3"
    assert ask()["RateLimit-Remaining"] == "2"  # both were counted as 127.0.0.1's


@pytest.mark.parametrize("made_up", ["192.0.2.9", "x" * 5000, signing.dumps("192.0.2.9", key="k")])
def test_nobody_makes_up_a_note(web: Service, made_up: str) -> None:
    assert ask(x_visitor=made_up)["RateLimit-Remaining"] == "3"
    assert ask()["RateLimit-Remaining"] == "2"


def test_no_service_but_the_pages_is_told(web: Service, counted: Service) -> None:
    Client().get("/", headers={"X-Visitor": "made up"})
    assert note_of(web) != "made up"
    ask(x_visitor=note_of(web))
    assert "x-visitor" not in counted.seen[-1].headers


def test_guessing_keys_is_counted(counted: Service) -> None:
    answers = [ask(authorization=f"Bearer airline_{guess}") for guess in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429]
    assert answers[0]["RateLimit-Remaining"] == "3"


def test_health_is_not_counted(counted: Service) -> None:
    for _ in range(6):
        assert Client().get("/health/live").status_code == 200
