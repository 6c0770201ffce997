"""The statements of one request, recorded from the service itself, so that the limit issues the
same ones, whatever the service comes to issue. The limit's processes do not load booking."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from uuid_utils import uuid7

Statement = tuple[str, list[Any]]

KEY: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LOCATOR: Final = re.compile(r'"record_locator": ?"([A-Z0-9]{6})"')
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Recording:
    """One request's statements, the answer's body, and what was asked for in it.

    Args:
        statements: in their order, with their parameters as text, numbers or nothing.
        body: the answer's.
        asked: names of values, such as "seat", and the value that the request had: another
            request has another one, wherever it is in a parameter.
    """

    statements: list[Statement]
    body: str
    asked: dict[str, Any]

    def replay(self, values: Mapping[str, Any]) -> "Replay":
        """The same for a request that asks for other values, with keys of its own."""
        fresh: dict[str, str] = {key: str(uuid7()) for key in self._keys}
        fresh |= {locator: _locator() for locator in self._locators}
        return Replay(self, {self.asked[name]: value for name, value in values.items()} | fresh)

    @cached_property
    def templates(self) -> list[tuple[str, list[tuple[Any, bool]]]]:
        """The statements, saying of each parameter whether it varies."""
        return [
            (sql, [(parameter, self._varies(parameter)) for parameter in parameters])
            for sql, parameters in self.statements
        ]

    @cached_property
    def varying(self) -> re.Pattern[str]:
        """Whatever in a text differs from request to request; keys first, for they may contain
        anything else."""
        asked = [str(value) for value in self.asked.values() if not isinstance(value, int)]
        return re.compile("|".join([*self._keys, *self._locators, *asked]))

    def _varies(self, parameter: Any) -> bool:
        if isinstance(parameter, str):
            return bool(self.varying.search(parameter))
        return parameter in self.asked.values()

    @cached_property
    def _keys(self) -> frozenset[str]:
        texts = [text for _, parameters in self.statements for text in parameters]
        keys = [str(text) for text in texts if KEY.fullmatch(str(text))]
        return frozenset(keys)

    @cached_property
    def _locators(self) -> frozenset[str]:
        return frozenset(LOCATOR.findall(self.body))


class Replay:
    """One request's turn.

    Args:
        recording: what is replayed.
        values: what takes the place of what was recorded.
    """

    def __init__(self, recording: Recording, values: Mapping[Any, Any]) -> None:
        self.recording = recording
        self._values = values

    def statements(self) -> Iterator[Statement]:
        """The statements with this request's values."""
        for sql, parameters in self.recording.templates:
            yield sql, [self._value(value) if varies else value for value, varies in parameters]

    def body(self) -> str:
        """The answer with this request's values."""
        return self._text(self.recording.body)

    def _value(self, recorded: Any) -> Any:
        return self._text(recorded) if isinstance(recorded, str) else self._values[recorded]

    def _text(self, recorded: str) -> str:
        return self.recording.varying.sub(lambda found: str(self._values[found[0]]), recorded)


def _locator() -> str:
    return "".join(random.choices(ALPHABET, k=6))  # noqa: S311 (no secret)
