"""What the generated requests are given, and what is kept of the answers.

Schemathesis imports this in a process of its own; `FACTS` names the file in which a test says what
is there, and `SEEN` the one in which it finds what was answered.
"""

import json
import os
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

FACTS: dict[str, Any] = json.loads(Path(os.environ["FACTS"]).read_text())
SEEN = Path(os.environ["SEEN"])
KEY = "Idempotency-Key"
SEEN_BEFORE_ONE_IN = 8

_calls: Counter[str] = Counter()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Two of three requests ask for what is there: generated ids and flights are nobody's. What was
    made unfit on purpose stays unfit."""
    name = case.operation.definition.raw["operationId"]
    _calls[name] += 1
    turn, rest = divmod(_calls[name], 3)
    # Generated keys are much alike, and one that was seen before is all that is looked at.
    if KEY in case.headers and _calls[name] % SEEN_BEFORE_ONE_IN:
        _give(case, ParameterLocation.HEADER, {KEY: f"{name}-{_calls[name]}"})
    if rest and name in FACTS:
        for place, values in FACTS[name][(2 * turn + rest) % len(FACTS[name])].items():
            _give(case, ParameterLocation(place), values)


def _give(case: Any, location: ParameterLocation, values: dict[str, Any]) -> None:
    container = case.get_container(location)
    part = case.meta.components.get(location) if case.meta else None
    if isinstance(container, MutableMapping) and (
        part is None or part.mode == GenerationMode.POSITIVE
    ):
        container.update(values)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Keep what was asked and answered."""
    with SEEN.open("a") as file:
        file.write(f"{case.method} {case.path} {response.status_code}\n")


@schemathesis.check
def problem_has_the_status_of_its_answer(ctx: Any, response: Any, case: Any) -> None:
    """A problem document repeats the status (RFC 9457, section 3.1.2)."""
    if response.headers.get("content-type") == ["application/problem+json"]:
        assert response.json()["status"] == response.status_code
