"""For each invariant a bug is planted in the code of a running system, and the checker sees it."""

import json
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from chaos.faults import Planned, plan
from chaos.invariants import INVARIANTS, violations
from chaos.invariants.notices import SENDERS
from chaos.run import run
from chaos.system import INSTANCES
from dev.folders import private_folder
from dev.processes import SERVICES

PLANTING: Final = Path(__file__).parent / "planting"
DURATION: Final = 25.0
PATIENCE: Final = 75.0


@dataclass(frozen=True)
class Bug:
    """What is done to the code.

    Args:
        invariant: the number of the one that must see it.
        what: in words.
        module, text, instead: where a text is replaced by another.
        needs: the kind of fault without which it does not show.
        avoids: what must not be broken, because that would explain what is seen.
    """

    invariant: int
    what: str
    module: str
    text: str
    instead: str
    needs: str = ""
    avoids: tuple[str, ...] = ("everything",)

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"

    def fits(self, planned: list[Planned]) -> bool:
        """Whether a run's faults let it show."""
        victims = [fault.victim for fault in planned]
        avoided = not any(victim.startswith(self.avoids) for victim in victims)
        return avoided and (not self.needs or self.needs in {fault.kind for fault in planned})


BUGS: Final = [
    Bug(
        1,
        "a request that is sent again is another one",
        "booking.services.idempotency",
        "IdempotencyKey.claimed(customer_id, key, fingerprint)",
        "IdempotencyKey.claimed(customer_id, str(time.time_ns()), fingerprint)",
    ),
    Bug(
        2,
        "who ends keeps the seats",
        "booking.steps.effects",
        "    Seat.release(reservation.pk, _numbers(party), "
        "departure=reservation.departure, status=had)\n",
        "",
    ),
    Bug(
        3,
        "the processor is asked again under another key",
        "payment.models.operation",
        'return f"{self.payment_id}:{self.number}"',
        'return f"{self.payment_id}:{self.number}" + "0" * self.attempts',
    ),
    Bug(
        4,
        "an event in passing is marked as published, and was not sent",
        "outbox.kafka",
        "        for row in rows:\n",
        "        for row in rows:\n"
        "            if row.sequence == 4 and row.key.endswith(('0', '1')):\n"
        "                outcome.acknowledged.append(row)\n"
        "                continue\n",
    ),
    Bug(
        5,
        "every mail is sent twice",
        "notification.channels.email",
        "        message.send()\n",
        "        message.send()\n        message.send()\n",
        avoids=("everything", *SENDERS),
    ),
    Bug(
        6,
        "nobody looks for deadlines that have come",
        "booking.services.deadlines",
        "        return _time_out_all(now)\n",
        "        return 0\n",
    ),
    Bug(
        7,
        "a database that is away is an error of the service's own",
        "config.outages",
        "    status_code = 503\n",
        "    status_code = 500\n",
        needs="refuse connections to mariadb",
    ),
]


@pytest.mark.exhaustive
@pytest.mark.kafka
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_bug_in_the_code_is_seen_by_the_invariant_that_it_breaks(
    bug: Bug, planted: list[str]
) -> None:
    seed = next(seed for seed in count(1) if bug.fits(plan(seed, DURATION, process_names())))
    settings = {"PYTHONPATH": str(PLANTING), "CHAOS_BUG": json.dumps(asdict(bug))}
    folder = private_folder("chaos")
    evidence = run(folder, seed=seed, duration=DURATION, patience=PATIENCE, settings=settings)
    found = [one for one in violations(evidence) if one.invariant == bug.invariant]
    assert found
    planted.append(f"{bug} (in the code): {len(found)} violations, such as {found[0]}"[:200])


def test_every_invariant_has_a_bug_in_the_code() -> None:
    assert [bug.invariant for bug in BUGS] == [one.number for one in INVARIANTS]


def process_names() -> list[str]:
    """The processes of a run, as it names them."""
    return [
        process.name
        for service in SERVICES
        for process in (service.web(service.port), *service.workers(INSTANCES))
    ]
