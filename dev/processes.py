"""The one list of services, their one-shot commands and their long-running processes.

The demo, `make up`, the tests' stack, lint, and a test that holds docker-compose.yml to it all
read this list. A new process is one line here. Standard library only.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """One process of a service: its web server, or a command of manage.py.

    `arguments` are Python's; `name` is also that of its log and of its container. `niceness` is how
    far it steps back where processors are short, as nice(1) counts.
    """

    name: str
    service: str
    arguments: tuple[str, ...]
    niceness: int = 0


@dataclass(frozen=True)
class Service:
    """One deployable: settings are `config.settings.<name>`, `port` is its documented one.

    Where nobody waits for a service, its `niceness` says so: the others go first.
    """

    name: str
    port: int
    one_shots: tuple[tuple[str, ...], ...] = ()
    commands: tuple[str, ...] = ()
    database: bool = True
    niceness: int = 0

    @property
    def settings_module(self) -> str:
        return f"config.settings.{self.name}"

    def web(self, port: int, host: str = "127.0.0.1") -> Process:
        """The gunicorn that serves this service's HTTP, named like the service."""
        options = ("--config", "config/gunicorn.py", "--bind", f"{host}:{port}")
        arguments = ("-m", "gunicorn", *options, "config.wsgi")
        return Process(self.name, self.name, arguments, self.niceness)

    def preparations(self) -> Iterator[Process]:
        """The one-shots in their order, named like `booking-create-topics`."""
        for arguments in self.one_shots:
            name = f"{self.name}-{arguments[0].replace('_', '-')}"
            yield Process(name, self.name, ("manage.py", *arguments))

    def workers(self, instances: int = 1) -> Iterator[Process]:
        """The long-running commands, each so often, named like `booking-run-outbox-relay`; further
        ones of a kind `booking-run-outbox-relay-2` and so on."""
        for command in self.commands:
            for number in range(1, instances + 1):
                name = f"{self.name}-{command.replace('_', '-')}"
                name += f"-{number}" if number > 1 else ""
                yield Process(name, self.name, ("manage.py", command), self.niceness)


BOOKING = Service(
    "booking",
    4001,
    one_shots=(
        ("migrate", "--no-input"),
        ("create_topics",),
        ("loaddata", "flights"),
        ("plan_departures",),
    ),
    commands=("run_outbox_relay", "consume_payments", "consume_fares", "run_deadlines"),
)
PAYMENT = Service(
    "payment",
    4002,
    one_shots=(("migrate", "--no-input"), ("create_topics",)),
    commands=("run_outbox_relay", "consume_bookings", "run_operations"),
)
FARE = Service(
    "fare",
    4003,
    one_shots=(
        ("migrate", "--no-input"),
        ("create_topics",),
        ("loaddata", "surcharges"),
        ("load_fares", "fare/fixtures/fares.csv"),
    ),
    commands=("run_outbox_relay", "consume_bookings"),
)
NOTIFICATION = Service(
    "notification",
    4004,
    one_shots=(("migrate", "--no-input"), ("create_topics",)),
    commands=("consume_bookings", "run_deliveries"),
    niceness=10,
)
WEB = Service("web", 3001, database=False)
GATEWAY = Service("gateway", 3000, database=False)

SERVICES = (BOOKING, PAYMENT, FARE, NOTIFICATION, WEB, GATEWAY)


def with_database() -> tuple[Service, ...]:
    """The services that own a database."""
    return tuple(service for service in SERVICES if service.database)
