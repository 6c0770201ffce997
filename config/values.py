"""Values of settings: text in, a checked value out, or a ValueError that says what is wrong.

What is wrong is said without the value wherever it may hold a password.
"""

import re
from collections.abc import Callable
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import environ

# Room for as many as ask in two minutes: what is too much is dropped.
OWN_CACHE: Final[dict[str, Any]] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
DATABASE_SCHEMES: Final = ("mysql", "sqlite")
MAIL_PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
MAIL_SCHEMES: Final = (*MAIL_PORTS, "filemail")
HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


def words(value: str) -> list[str]:
    """Comma-separated words, at least one."""
    found = [part.strip() for part in value.split(",") if part.strip()]
    if not found:
        raise ValueError(f"{value!r} names nothing")
    return found


def flag(value: str) -> bool:
    """Yes or no."""
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def whole_number(value: str) -> int:
    """A number in ASCII digits."""
    if not re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def listen_address(value: str) -> str:
    """An IPv4 address of this machine, or nothing for `off`."""
    return "" if value == "off" else str(IPv4Address(value))


def host_ports(value: str) -> str:
    """Comma-separated addresses, each a host and a port."""
    for address in words(value):
        if not HOST_PORT.fullmatch(address):
            raise ValueError(f"{address!r} is not host:port")
    return value


def http_address(value: str) -> str:
    """An http or https address: a scheme, a host, perhaps a port, and nothing else."""
    if not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|[^/?#@:\s]+)(:[0-9]+)?/?", value):
        raise ValueError("it is not http://host:port or https://host:port")
    address = urlsplit(value.rstrip("/"))
    _port_of(address.netloc)
    return address.geturl()


def file(value: str, fit: Callable[[Path], object]) -> str:
    """The path of a file that is fit for what it is read for."""
    try:
        fit(Path(value))
    except OSError as error:
        raise ValueError(f"{value} cannot be read: {error.strerror}") from error
    return value


def url_or_file(value: str, fit: Callable[[Path], object]) -> str:
    """An http or https address, perhaps with a path, or the path of a file that is fit."""
    if not value.startswith(("http://", "https://")):
        return file(value, fit)
    address = urlsplit(value)
    if not address.hostname or address.username:
        raise ValueError("it is not http://host/path or https://host/path")
    _port_of(address.netloc)
    return value


def dotted_path(value: str) -> str:
    """The path of a module's member; the module is looked for, not imported."""
    module, dot, member = value.rpartition(".")
    try:
        found = dot and member.isidentifier() and find_spec(module)
    except (ModuleNotFoundError, ValueError):
        found = None
    if not found:
        raise ValueError(f"there is no {value}")
    return value


def mail_server(value: str) -> dict[str, Any]:
    """A mail server's address as Django's settings: `smtp://user:password@host:port`, `smtp+tls`
    with STARTTLS, `smtp+ssl` with TLS from the start, or `filemail:////folder` for none."""
    scheme, _, rest = value.partition("://")
    if scheme not in MAIL_SCHEMES or not rest:
        raise ValueError(f"it is not one of {', '.join(MAIL_SCHEMES)}, and a place")
    login, _, place = rest.rpartition("@")
    if re.search(r"[/?#\[\]@]", login):
        raise ValueError("its password has characters that must be %-escaped")
    if scheme != "filemail":
        _port_of(place.partition("/")[0])
    parsed: dict[str, Any] = dict(environ.Env.email_url_config(value))
    if not parsed["EMAIL_FILE_PATH" if scheme == "filemail" else "EMAIL_HOST"]:
        raise ValueError("it names no place")
    return {**parsed, "EMAIL_PORT": parsed["EMAIL_PORT"] or MAIL_PORTS.get(scheme)}


def mail_address(value: str) -> str:
    """An e-mail address, perhaps with a name before it: `Airline <no-reply@example.com>`."""
    address = parseaddr(value)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not value.isprintable():
        raise ValueError(f"{value!r} is not an e-mail address")
    return value


def database(value: str) -> dict[str, Any]:
    """A database's address in Django's form; special characters of a password are %-escaped."""
    scheme, colon, rest = value.partition("://")
    if not colon:
        raise ValueError("it is not the address of a database")
    if scheme not in DATABASE_SCHEMES:
        raise ValueError(f"its scheme is {scheme!r}, not one of {', '.join(DATABASE_SCHEMES)}")
    if scheme == "mysql":
        _mysql(rest)
    parsed: dict[str, Any] = dict(environ.Env.db_url_config(value))
    if not parsed.get("NAME"):
        raise ValueError("it names no database")
    if scheme == "sqlite" and parsed["NAME"] != ":memory:":
        _make_folder(Path(parsed["NAME"]).parent)
    return parsed


def cache(value: str) -> dict[str, Any]:
    """A cache's address in Django's form: a Redis, or what speaks its language. It is asked on
    every request, so that nobody waits long for it."""
    address = urlsplit(value)
    if address.scheme not in ("redis", "rediss") or not address.hostname:
        raise ValueError("it is not redis://host:port/number or rediss://host:port/number")
    waits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), 0.2)
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"BACKEND": backend, "LOCATION": value, "OPTIONS": waits}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} cannot be made: {error.strerror}") from error


def _mysql(rest: str) -> None:
    """A user, a host and a database, and nothing that would be taken for something else."""
    login, at, place = rest.rpartition("@")
    if not at or re.search(r"[/?#\[\]@]", login):
        raise ValueError(
            "it is not mysql://user:password@host:port/database, or its password has characters "
            "that must be %-escaped"
        )
    _port_of(place.partition("/")[0])


def _port_of(place: str) -> None:
    _, colon, port = place.rpartition("]")[2].rpartition(":")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("its port is not a number from 1 to 65535")
