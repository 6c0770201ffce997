"""How each kind of database is opened: one place, so that no service differs."""

from typing import Any, Final

MARIADB: Final = "config.mariadb"
# By what an URL is read as.
ENGINES: Final = {
    "django.db.backends.mysql": MARIADB,
    "django.db.backends.sqlite3": "django.db.backends.sqlite3",
}


def database_settings(url: dict[str, Any]) -> dict[str, Any]:
    """Django's `DATABASES["default"]` for a parsed database URL."""
    engine = ENGINES[url["ENGINE"]]
    options = _mariadb() if engine == MARIADB else _sqlite()
    return {
        **url,
        "ENGINE": engine,
        "OPTIONS": options,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"},
    }


def _mariadb() -> dict[str, Any]:
    """Sessions in UTC, so that the database's clock means what ours means; READ COMMITTED, so that
    a locking read blocks no insert beside it; strict, so that nothing is cut short silently; and a
    row's lock is not waited for longer than a caller waits for an answer."""
    return {
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "isolation_level": "read committed",
        "init_command": "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', "
        "innodb_lock_wait_timeout = 3",
        "connect_timeout": 3,
        "read_timeout": 30,
        "write_timeout": 30,
    }


def _sqlite() -> dict[str, Any]:
    """WAL, so that readers do not wait for the writer; IMMEDIATE, so that two writers queue at
    BEGIN instead of failing at their first write."""
    return {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
    }
