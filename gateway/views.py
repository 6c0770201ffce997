"""The gateway's views."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase

from contracts.callers import READ, WRITE
from gateway import headers
from gateway.admission import Admission
from gateway.api_keys import ApiKeys
from gateway.bearer_tokens import BearerTokens
from gateway.customers import Customer
from gateway.key_sets import keys_at
from gateway.proxy import Proxy
from gateway.refusals import Refused
from gateway.routes import Route, Routes
from gateway.throttling import Standing, Throttle, address_of, tightest
from gateway.visitors import note, noted

routes = Routes(
    Route(
        prefix,
        service,
        settings.UPSTREAMS[service],
        is_signed=prefix in settings.SIGNED_ROUTES,
        is_open=prefix in settings.OPEN_ROUTES,
    )
    for prefix, service in settings.ROUTES.items()
)
admission = Admission(
    name=settings.SERVICE,
    internal_keys=settings.INTERNAL_KEYS,
    api_keys=ApiKeys(settings.API_KEYS_FILE),
    tokens=BearerTokens(
        issuer=settings.JWT_ISSUER,
        audience=settings.JWT_AUDIENCE,
        keys=keys_at(settings.JWT_KEYS),
        secret=settings.JWT_SECRET,
    ),
    anonymous=Customer(settings.TRIAL_CUSTOMER, frozenset({READ, WRITE}))
    if settings.TRIAL
    else None,
)
by_address = Throttle("address", most=settings.REQUESTS_PER_ADDRESS, cache=cache)
by_customer = Throttle("customer", most=settings.REQUESTS_PER_CUSTOMER, cache=cache)
proxy = Proxy(
    services=len(settings.UPSTREAMS),
    connect_seconds=settings.UPSTREAM_CONNECT_MS / 1000,
    read_seconds=settings.UPSTREAM_READ_MS / 1000,
    connections=settings.UPSTREAM_CONNECTIONS,
)
# Pages ask the gateway in their turn. They never have all of its threads, or none would be left to
# answer them.
pages = Proxy(
    services=len(settings.OPEN_ROUTES),
    connect_seconds=settings.UPSTREAM_CONNECT_MS / 1000,
    read_seconds=settings.UPSTREAM_READ_MS / 1000,
    connections=settings.PAGE_CONNECTIONS,
)


def forward(request: HttpRequest) -> HttpResponseBase:
    """The answer of the service that the request's path belongs to, to who may ask it."""
    request_id = headers.request_id(request.headers.get("X-Request-Id"))
    standings: list[Standing] = []
    try:
        response = _admitted(request, request_id, standings)
    except Refused as refused:
        response = refused.answer()
    response.headers["X-Request-ID"] = request_id
    for name, value in tightest(standings).items():
        response.headers.setdefault(name, value)
    return response


def _admitted(request: HttpRequest, request_id: str, standings: list[Standing]) -> HttpResponseBase:
    """The service's answer; how much is left of the limits is added to `standings`.

    An address is counted before anybody looks at what it signs in with: guessing is bounded, too.
    """
    route = routes.find(request.path_info)
    keys = settings.INTERNAL_KEYS
    address = noted(request, keys=keys) or address_of(request, proxies=settings.TRUSTED_PROXIES)
    standings += by_address.count(address, at=time.time())
    if route.is_open:
        told = note(address, key=keys[0])
        return pages.forward(request, route.url, told, request_id, cookies=True)
    if route.is_signed:
        return proxy.forward(request, route.url, {}, request_id)
    customer = admission.customer(request)
    standings += by_customer.count(customer.name, at=time.time())
    return proxy.forward(request, route.url, admission.vouched(customer, route), request_id)
