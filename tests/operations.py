"""How a service's operators ask how it stands, for every service's tests of it."""

import time
from typing import Any

import msgspec
from django.conf import settings
from django.test import Client

from contracts.callers import OPS, READ, vouch
from contracts.operations import Backlog, Operations


def operator(*scopes: str) -> Client:
    """Somebody whom the gateway vouches for, with these scopes."""
    keys, service = settings.INTERNAL_KEYS, settings.SERVICE
    return Client(
        headers=vouch("olof", scopes, by="gateway", to=service, keys=keys, at=time.time())
    )


def ask(client: Client | None = None) -> Any:
    """The answer of this service."""
    return (client or operator(OPS)).get(f"/api/ops/{settings.SERVICE}")


def standing() -> Operations:
    """How this service stands."""
    answer = ask()
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    return msgspec.json.decode(answer.content, type=Operations)


def backlog(name: str) -> Backlog:
    """What waits under a name; its page in the admin is there."""
    (found,) = [one for one in standing().backlogs if one.name == name]
    return found


def assert_only_operators_are_told() -> None:
    """Nobody, and nobody without the scope."""
    assert ask(Client()).status_code in {401, 403}
    assert ask(operator(READ)).status_code == 403
    assert ask().status_code == 200


def assert_pages_are_there(staff: Client) -> None:
    """Every link leads to a page of the admin."""
    told = standing()
    pages = [*(one.page for one in told.backlogs), *(one.page for one in told.owners)]
    if told.reservations:
        pages.append(told.reservations.page)
    for page in pages:
        # With a filter that it does not have, the admin answers 302.
        assert staff.get(page).status_code == 200, page
