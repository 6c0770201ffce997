"""No figure is taken on settings that may lose what was committed or acknowledged."""

from collections.abc import Mapping
from typing import Final

from django.db import connection

from dev.console import RefusalError
from outbox.conf import options
from outbox.kafka import producer_configuration

OF_DATABASE: Final[Mapping[str, object]] = {"innodb_flush_log_at_trx_commit": "1"}
OF_PRODUCER: Final[Mapping[str, object]] = {"acks": "all", "enable.idempotence": True}
REQUIRED: Final[Mapping[str, object]] = {**OF_DATABASE, **OF_PRODUCER}
ALSO_SHOWN: Final = ("innodb_doublewrite", "log_bin", "innodb_buffer_pool_size", "version")


def settings_in_force() -> dict[str, object]:
    """What the server says of itself, and how the relay's producer is configured."""
    names = [*OF_DATABASE, *ALSO_SHOWN]
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL VARIABLES WHERE variable_name IN %s", [names])
        server = dict(cursor.fetchall())
    producer = producer_configuration(options())
    return {**server, **{name: producer[name] for name in OF_PRODUCER}}


def require(found: Mapping[str, object]) -> None:
    """Refuse to measure without durable settings.

    Raises:
        RefusalError: one of `REQUIRED` is otherwise.
    """
    for name, wanted in REQUIRED.items():
        if found.get(name) != wanted:
            raise RefusalError(
                f"{name} is {found.get(name)!r}, not {wanted!r}: nothing is measured on settings "
                "that lose data"
            )
