"""Who stands before the door."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contracts.callers import SCOPES, SERVICE_PREFIX

# What a service keeps of a customer has so many characters, and none that a log or a header would
# stumble over.
NAME: Final = re.compile(r"[\x21-\x7e]{1,150}")


@dataclass(frozen=True)
class Customer:
    """A customer of the API, and what they may do.

    Args:
        name: as reservations are kept under it.
        scopes: of `contracts.callers.SCOPES`.
    """

    name: str
    scopes: frozenset[str]


def checked(name: str, scopes: Collection[str]) -> Customer:
    """A customer; scopes that are none of ours say nothing here.

    Raises:
        ValueError: no customer is called that.
    """
    if not NAME.fullmatch(name) or name.startswith(SERVICE_PREFIX):
        raise ValueError(
            "a customer's name has 1 to 150 visible ASCII characters and is no service's"
        )
    return Customer(name, frozenset(scopes) & frozenset(SCOPES))
