"""How the whole system stands, put together from what each service says of itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from contracts.operations import Backlog, Confirmations, Operations, Owners
from web.charts import Chart, by_minute
from web.gateway import NoAnswer

SERVICES: Final = ("booking", "payment", "fare", "notification")
# What is still to be published after so long is late: a relay takes a tenth of a second.
LATE_SECONDS: Final = 30

# Gets what is at a path of the API; raises NoAnswer.
Ask = Callable[[str], bytes]


@dataclass(frozen=True)
class Waiting:
    """A backlog, and where one acts on it; nowhere where that is not known."""

    backlog: Backlog
    link: str

    @property
    def kind(self) -> str:
        """How it is: `bad` where an operator has something to do, `waiting` where it is late."""
        if self.backlog.needs_operator and self.backlog.count:
            return "bad"
        is_late = (self.backlog.oldest_seconds or 0) > LATE_SECONDS
        return "waiting" if self.backlog.count and is_late else "good"


@dataclass(frozen=True)
class Working:
    """Who works on a group's shards, and where that is shown."""

    owners: Owners
    link: str

    @property
    def kind(self) -> str:
        """How it is: `bad` where there are shards that nobody works on."""
        return "bad" if self.owners.unowned else "good"


@dataclass(frozen=True)
class Standing:
    """How one service stands; or, if it has not answered, why."""

    service: str
    operations: Operations | None = None
    trouble: str = ""

    @property
    def waiting(self) -> list[Waiting]:
        """What waits."""
        told = self.operations.backlogs if self.operations else ()
        return [Waiting(backlog, self._link(backlog.page)) for backlog in told]

    @property
    def working(self) -> list[Working]:
        """Who works."""
        told = self.operations.owners if self.operations else ()
        return [Working(owners, self._link(owners.page)) for owners in told]

    @property
    def admin(self) -> str:
        """Where its admin is."""
        return self._link("/admin/")

    @property
    def concerns(self) -> list[Waiting]:
        """What an operator has to do."""
        return [one for one in self.waiting if one.kind == "bad"]

    def _link(self, page: str) -> str:
        address = self.operations.admin_url if self.operations else ""
        return f"{address}{page}" if address else ""


@dataclass(frozen=True)
class Overview:
    """How the whole system stands at a moment."""

    at: datetime
    standings: tuple[Standing, ...]

    @property
    def concerns(self) -> int:
        """How many things an operator has to do: what is held and stuck, and who does not
        answer."""
        silent = sum(1 for one in self.standings if one.trouble)
        return silent + sum(
            one.backlog.count for standing in self.standings for one in standing.concerns
        )

    @property
    def unpublished(self) -> Backlog:
        """The events of all services that are not out yet."""
        waiting = [one.backlog for standing in self.standings for one in standing.waiting]
        events = [one for one in waiting if one.name == "events to publish"]
        return Backlog(
            name="events to publish",
            count=sum(one.count for one in events),
            oldest_seconds=max((one.oldest_seconds or 0 for one in events), default=0),
            page="",
        )

    @property
    def chart(self) -> Chart | None:
        """What was sold in the last minutes; nothing where booking does not answer."""
        sold = [one.operations.reservations for one in self.standings if one.operations]
        for reservations in filter(None, sold):
            return by_minute([(one.at, one.statuses) for one in reservations.minutes])
        return None

    @property
    def confirmations(self) -> Confirmations | None:
        """How long reservations took to be confirmed; nothing where booking does not answer."""
        sold = [one.operations.reservations for one in self.standings if one.operations]
        return next((one.confirmations for one in sold if one), None)


def overview(ask: Ask, *, now: datetime) -> Overview:
    """Ask every service, all at once: none has to wait for one that is slow.

    Args:
        ask: gets what is at a path of the API; raises NoAnswer.
        now: when they are asked.
    """
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        standings = pool.map(lambda service: _standing(service, ask), SERVICES)
        return Overview(at=now, standings=tuple(standings))


def _standing(service: str, ask: Ask) -> Standing:
    try:
        answer = ask(f"/api/ops/{service}")
        return Standing(service, msgspec.json.decode(answer, type=Operations))
    except NoAnswer as error:
        return Standing(service, trouble=str(error))
    except msgspec.MsgspecError:
        return Standing(service, trouble="Its answer cannot be read.")
