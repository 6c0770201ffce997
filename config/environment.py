"""Settings from the environment, read once, refusing loudly.

Every reader names the variable it could not use, so that a process with half a configuration stops
with one clear line instead of running on a guess.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

from config import values

T = TypeVar("T")


class Required:
    """Marks a setting without a default."""


REQUIRED: Final = Required()


def load_running_environment(environment: MutableMapping[str, str], files: Iterable[Path]) -> None:
    """Take the settings of the running demo or stack, if the caller gave none of its own.

    The first of `files` that exists is read. A process that was given a database, a broker or
    `TRIAL` has been configured by somebody: then nothing is read.
    """
    names = ("TRIAL", "KAFKA_BOOTSTRAP_SERVERS", "SECRET_KEY")
    if any(name in environment for name in names):
        return
    if any(name.endswith("_DATABASE_URL") for name in environment):
        return
    for file in files:
        if file.is_file():
            reader: Any = type("RunningEnvironment", (environ.Env,), {"ENVIRON": environment})
            reader.read_env(str(file))
            return


def choose_settings(environment: MutableMapping[str, str]) -> str:
    """Set `DJANGO_SETTINGS_MODULE` to the service's that `SERVICE` names, unless it is set.

    Returns:
        The settings module's name.

    Raises:
        ImproperlyConfigured: there is no such settings module.
    """
    service = environment.get("SERVICE") or "booking"
    module = environment.setdefault("DJANGO_SETTINGS_MODULE", f"config.settings.{service}")
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ImproperlyConfigured(
            f"SERVICE or DJANGO_SETTINGS_MODULE cannot be used: there is no module {module}."
        )
    return module


class Environment:
    """Reads variables with a type, a range and, under `TRIAL`, a default.

    Args:
        source: the variables, as in `os.environ`.
        trial: whether the defaults meant for trying things out are allowed.
    """

    def __init__(self, source: Mapping[str, str], *, trial: bool) -> None:
        self._source = source
        self.trial = trial

    def text(
        self, name: str, *, default: str | Required = REQUIRED, trial: str | None = None
    ) -> str:
        """The variable as text; an empty one counts as missing."""
        return self._read(name, str, default, trial)

    def names(
        self, name: str, *, default: list[str] | Required = REQUIRED, trial: list[str] | None = None
    ) -> list[str]:
        """The variable as a comma-separated list."""
        return self._read(name, values.words, default, trial)

    def flag(self, name: str, *, default: bool) -> bool:
        """The variable as a boolean: 1, true, yes, on or 0, false, no, off."""
        return self._read(name, values.flag, default, None)

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """The variable as a whole number from `least` to `most`."""

        def parse(value: str) -> int:
            number = values.whole_number(value)
            if not least <= number <= most:
                raise ValueError(f"it must be from {least} to {most}")
            return number

        return self._read(name, parse, default, None)

    def choice(self, name: str, *, default: str, of: Collection[str]) -> str:
        """The variable as one of some words."""

        def parse(value: str) -> str:
            if value not in of:
                raise ValueError(f"{value!r} is not one of {', '.join(of)}")
            return value

        return self._read(name, parse, default, None)

    def host_ports(self, name: str, *, trial: str) -> str:
        """The variable as comma-separated `host:port`s."""
        return self._read(name, values.host_ports, REQUIRED, trial)

    def import_path(self, name: str, *, trial: str) -> str:
        """The variable as the dotted path of something that can be imported."""
        return self._read(name, values.dotted_path, REQUIRED, trial)

    def listen_address(self, name: str, *, default: str) -> str:
        """The variable as an IPv4 address to listen on, or nothing for `off`."""
        return self._read(name, values.listen_address, default, None)

    def url(self, name: str, *, trial: str, default: str | Required = REQUIRED) -> str:
        """The variable as an http or https address without a path."""
        return self._read(name, values.http_address, default, trial)

    def mail_server(self, name: str, *, trial: str) -> dict[str, Any]:
        """The variable as a mail server's URL, such as `smtp://…`, in Django's settings."""
        return self._read(name, values.mail_server, REQUIRED, trial)

    def mail_address(self, name: str, *, trial: str) -> str:
        """The variable as an e-mail address, perhaps with a name before it."""
        return self._read(name, values.mail_address, REQUIRED, trial)

    def file(self, name: str, *, fit: Callable[[Path], object]) -> Path | None:
        """The variable as the path of a file, if it is set; `fit` raises ValueError or OSError
        where the file is not."""
        path = self._read(name, lambda value: values.file(value, fit), "", None)
        return Path(path) if path else None

    def url_or_file(self, name: str, *, fit: Callable[[Path], object]) -> str:
        """The variable as an http or https address, or as the path of a file; nothing if it is
        not set."""
        return self._read(name, lambda value: values.url_or_file(value, fit), "", None)

    def database(self, name: str, *, trial: str) -> dict[str, Any]:
        """The variable as a database URL, `mysql://…` or `sqlite:////…`, in Django's form."""
        return self._read(name, values.database, REQUIRED, trial)

    def cache(self, name: str) -> dict[str, Any]:
        """The variable as a cache's URL, `redis://…`, in Django's form; a cache in the process
        itself if it is not set."""
        return self._read(name, values.cache, values.OWN_CACHE, None)

    def _read(self, name: str, parse: Callable[[str], T], default: T | Required, trial: Any) -> T:
        value = self._source.get(name, "").strip()
        if not value:
            if self.trial and trial is not None:
                return parse(trial) if isinstance(trial, str) else trial
            if isinstance(default, Required):
                raise ImproperlyConfigured(
                    f"{name} is not set. Give it in the environment (the README's table of "
                    "settings says what it means), or set TRIAL=1 to try things out."
                )
            return default
        try:
            return parse(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} cannot be used: {error}.") from error


def read_environment() -> Environment:
    """The process's environment, with `TRIAL` already read."""
    source: Mapping[str, str] = environ.Env.ENVIRON
    trial = Environment(source, trial=False).flag("TRIAL", default=False)
    return Environment(source, trial=trial)
