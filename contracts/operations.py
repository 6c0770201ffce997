"""How a service stands, as its operators see it: what GET /api/ops/<service> answers.

Whoever shows it needs to know no service: what waits is named and counted, and says where an
operator acts on it. Readers ignore fields they do not know.
"""

from datetime import datetime

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the answer."""


class Backlog(Told, frozen=True, kw_only=True):
    """Work that waits.

    `oldest_seconds` is the age of the oldest of it, where it is known. `needs_operator`: it goes
    on by nobody's doing but an operator's, so that any is too much. `page` is where the admin
    shows it: a path, and below `admin_url` an address.
    """

    name: str
    count: int
    page: str
    oldest_seconds: float | None = None
    needs_operator: bool = False


class Owners(Told, frozen=True, kw_only=True):
    """Who works on the shards of a group: by worker, how many; and how many nobody has."""

    group: str
    workers: dict[str, int]
    unowned: int
    page: str


class Lag(Told, frozen=True, kw_only=True):
    """How many messages a consumer has not committed yet; none where Kafka did not answer."""

    consumer: str
    messages: int | None


class Minute(Told, frozen=True, kw_only=True):
    """The reservations that were made in the minute from `at` on, by their status now."""

    at: datetime
    statuses: dict[str, int]


class Confirmations(Told, frozen=True, kw_only=True):
    """How long the newest reservations took from PENDING to CONFIRMED.

    The percentiles are in milliseconds, and none where nothing was confirmed; `count` is of how
    many they are.
    """

    count: int
    p50_ms: int | None = None
    p99_ms: int | None = None


class Reservations(Told, frozen=True, kw_only=True):
    """What was sold in the last minutes, the oldest first."""

    minutes: tuple[Minute, ...]
    confirmations: Confirmations
    page: str


class Operations(Told, frozen=True, kw_only=True):
    """How a service stands at a moment.

    `admin_url` is where its admin is for operators; nothing where no setting says so.
    """

    service: str
    at: datetime
    admin_url: str
    backlogs: tuple[Backlog, ...]
    owners: tuple[Owners, ...]
    lags: tuple[Lag, ...]
    reservations: Reservations | None = None
