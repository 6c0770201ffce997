"""The baseline's two databases, by the aliases under which the benchmark looks into them."""

from typing import Any, Final

from config.database import database_settings
from config.environment import read_environment

SERVICES: Final = ("booking", "payment")

DATABASES: Final[dict[str, dict[str, Any]]] = {
    f"baseline_{service}": database_settings(
        read_environment().database(
            f"BASELINE_{service.upper()}_DATABASE_URL", trial="sqlite:///:memory:"
        )
    )
    for service in SERVICES
}
