"""The parts of the test suite: which folder runs under which settings, on which servers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dev.processes import GATEWAY, SERVICES, with_database

OUTBOX_DATABASE = "outbox_tests"
# Those that run the whole system on real servers.
OF_THE_WHOLE = ("e2e", "browser")
SYSTEMS = ("dev", "bench", *OF_THE_WHOLE)


@dataclass(frozen=True)
class Part:
    """One run of pytest.

    `settings` is the settings module, if it needs one. `on_mariadb`: its databases are MariaDB's,
    and tests marked `mariadb` are in; else they are SQLite's, and those are out. `variables` maps
    the part's environment variables to the databases they name.
    """

    folder: str
    settings: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    on_mariadb: bool = False

    @property
    def name(self) -> str:
        if not self.variables:
            return self.folder
        return f"{self.folder} on {'MariaDB' if self.on_mariadb else 'SQLite'}"

    @property
    def needs_servers(self) -> bool:
        """Whether all of it needs MariaDB and Kafka."""
        return self.on_mariadb or self.folder in OF_THE_WHOLE

    @property
    def is_system(self) -> bool:
        """Whether it starts systems of its own, whose answers it mostly waits for."""
        return self.folder in SYSTEMS

    def wants_the_machine(self, *, slow: bool) -> bool:
        """Whether it has a system under load while its servers are broken."""
        breaks_servers = self.folder == "chaos" or (self.folder == "outbox" and self.on_mariadb)
        return slow and breaks_servers

    def marks(self, *, slow: bool, servers: bool) -> str:
        """The expression for pytest's -m; `servers`: MariaDB and Kafka can be had."""
        terms = ["slow" if slow else "not slow", "not exhaustive"]
        if not servers or (self.variables and not self.on_mariadb):
            terms.append("not mariadb")
        if not servers:
            terms.append("not kafka")
        return " and ".join(terms)


def parts() -> Iterator[Part]:
    """Every part, the quick ones first."""
    yield Part("contracts")
    yield Part("config", GATEWAY.settings_module)  # any would do that needs no database
    yield Part("dev")
    yield Part("bench", "bench.outbox.settings")
    for service in SERVICES:
        if not service.database:
            yield Part(service.name, service.settings_module)
    settings = {service.name: service.settings_module for service in with_database()}
    databases = {name: {f"{name.upper()}_DATABASE_URL": name} for name in settings}
    settings["outbox"] = "tests.outbox.settings"
    databases["outbox"] = {"OUTBOX_DATABASE_URL": OUTBOX_DATABASE}
    for on_mariadb in (False, True):
        for name, module in settings.items():
            yield Part(name, module, databases[name], on_mariadb)
    yield Part("chaos")
    yield from map(Part, OF_THE_WHOLE)
