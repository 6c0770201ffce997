"""What a stack stands on: nothing but Python (`Embedded`), or MariaDB and Kafka (`Servers`)."""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.apache_kafka import Kafka
from dev.console import step
from dev.mariadb import MariaDB
from dev.ports import free_ports
from dev.processes import with_database
from dev.supervision import Program


class Embedded:
    """SQLite files and the in-memory broker: needs no program but Python, keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._address = folder / "broker"

    def ports(self) -> Iterable[int]:
        return ()

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def programs(self) -> list[Program]:
        files = (str(self._address), str(self.folder / "env"))
        command = (sys.executable, "-m", "dev.embedded_broker", *files)
        return [Program("broker", command, group="servers", restarts=False)]

    def answers(self, program: str) -> bool:
        return self._address.exists()

    def complete(self) -> None:
        """Nothing: databases and topics appear by themselves."""

    def settings(self) -> Mapping[str, str]:
        urls = {
            f"{service.name.upper()}_DATABASE_URL": f"sqlite:///{self.folder}/{service.name}.sqlite3"
            for service in with_database()
        }
        return {**urls, "KAFKA_BOOTSTRAP_SERVERS": self._address.read_text()}


class Servers:
    """A MariaDB and, unless `kafka` is off, a Kafka broker, with their data below `folder`.

    Without ports, free ones are taken. `databases` are made besides the services' own. Kafka's
    clients are told to come to `advertised_port`, if it is given.
    """

    def __init__(
        self,
        folder: Path,
        ports: tuple[int, int, int] | None = None,
        *,
        databases: Iterable[str] = (),
        kafka: bool = True,
        advertised_port: int | None = None,
    ) -> None:
        database_port, broker_port, controller_port = ports or free_ports(3)
        names = [service.name for service in with_database()]
        self.mariadb = MariaDB(folder / "mariadb", database_port, [*names, *databases])
        self.kafka = (
            Kafka(folder / "kafka", broker_port, controller_port, advertised_port=advertised_port)
            if kafka
            else None
        )

    def ports(self) -> Iterable[int]:
        broker = (self.kafka.port, self.kafka.controller_port) if self.kafka else ()
        return (self.mariadb.port, *broker)

    def prepare(self) -> None:
        step("preparing MariaDB" + (" and Kafka" if self.kafka else ""))
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(self.mariadb.prepare)]
            if self.kafka:
                jobs.append(pool.submit(self.kafka.prepare))
            for job in jobs:
                job.result()

    def programs(self) -> list[Program]:
        broker = [self.kafka.program()] if self.kafka else []
        return [*broker, self.mariadb.program()]

    def answers(self, program: str) -> bool:
        server = self.kafka if program == "kafka" else self.mariadb
        return server is not None and server.answers()

    def complete(self) -> None:
        self.mariadb.create_databases()

    def settings(self) -> Mapping[str, str]:
        urls = {
            f"{name.upper()}_DATABASE_URL": self.mariadb.url(name)
            for name in self.mariadb.databases
        }
        broker = {"KAFKA_BOOTSTRAP_SERVERS": self.kafka.address} if self.kafka else {}
        return {**urls, **broker}
