"""MariaDB and Kafka, each behind a proxy that can break the way to it."""

from collections.abc import Mapping
from pathlib import Path

from dev.backings import Servers
from dev.ports import free_ports
from dev.proxy import Proxy


class ProxiedServers(Servers):
    """As `Servers`, but the services are told to come to the proxies.

    Args:
        folder: where their data is kept.
    """

    def __init__(self, folder: Path) -> None:
        # All at once, so that no proxy gets a port that is meant for a server.
        mariadb, kafka, controller, *proxies = free_ports(5)
        self.proxies = {"mariadb": Proxy(mariadb, proxies[0]), "kafka": Proxy(kafka, proxies[1])}
        super().__init__(folder, (mariadb, kafka, controller), advertised_port=proxies[1])

    def settings(self) -> Mapping[str, str]:
        """The addresses of the proxies."""
        direct, way = f":{self.mariadb.port}/", f":{self.proxies['mariadb'].port}/"
        found = {name: value.replace(direct, way) for name, value in super().settings().items()}
        return {**found, "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.proxies['kafka'].port}"}

    def close(self) -> None:
        """End the proxies."""
        for proxy in self.proxies.values():
            proxy.close()
