"""docs/saga.md: the tables as pictures and as text, for people."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from booking.saga import SAGAS
from booking.steps.requests import quote
from booking.steps.signals import Cancel, Change, Complete, Pay, PayOffered, Retry, TimeOut
from booking.steps.step import Reaction, Step

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "saga.md"
INTRODUCTION: Final = """\
# The sagas

Drawn from the tables in `booking/saga.py` by `make saga`; a test fails when this is not what
they say. How they are run is in the [architecture](architecture.md#the-saga).

A step waits for what its arrows name. What follows *at once* is not waited for: it happens in the
same transaction, and so does what fare or payment is asked for on the way. Arrows by which a step
goes on waiting are in the tables only.
"""
NAMES: Final[Mapping[type, str]] = MappingProxyType(
    {
        Pay: "payment is given",
        PayOffered: "payment is given at an offer's price",
        Cancel: "cancelation",
        Change: "confirmation",
        TimeOut: "deadline",
        Retry: "operator retries",
        Complete: "operator force-completes",
    }
)


def page() -> str:
    """The page in Markdown."""
    return "\n".join([INTRODUCTION, *(line for kind in SAGAS for line in _saga(kind))])


def is_stale() -> bool:
    """Whether the page is not as the tables say."""
    return not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()


def write() -> None:
    """Bring the page up to date."""
    PAGE.write_text(page(), encoding="utf-8")


def _saga(kind: str) -> Iterator[str]:
    steps = SAGAS[kind]
    yield from (f"## {kind}", "", "```mermaid", "stateDiagram-v2")
    yield f"    [*] --> {next(iter(steps))}"
    for step in steps.values():
        yield from _arrows(step)
    yield from (
        "```",
        "",
        "| step | on | does | asked | then |",
        "|---|---|---|---|---|",
    )
    for step in steps.values():
        yield from _rows(step)
    yield ""
    yield from _pauses(steps)


def _arrows(step: Step) -> Iterator[str]:
    """A step's arrows, without those by which it goes on waiting."""
    for signal, reaction in _reactions(step):
        if reaction.then != step.name:
            asks = f", {_asked(reaction)}" if reaction.asks else ""
            yield f"    {step.name} --> {reaction.then}: {signal}{asks}"
    if step.ends:
        yield f"    {step.name} --> [*]"


def _rows(step: Step) -> Iterator[str]:
    for signal, reaction in _reactions(step):
        does = _sentence(reaction.effect) if reaction.effect else ""
        if reaction.stuck:
            does += " An operator has to look."
        if reaction.once:
            does += " Once: where that is past, only noted."
        cells = (step.name, signal, does, _asked(reaction), reaction.then)
        yield f"| {' | '.join(cells)} |"
    if step.notes:
        late = ", ".join(sorted(event.__name__ for event in step.notes))
        yield f"| {step.name} | {late} | Only noted: it comes late, or again. |  | {step.name} |"


def _reactions(step: Step) -> Iterator[tuple[str, Reaction]]:
    yield from _at_once(step.at_once)
    for signal, reaction in step.awaits.items():
        yield NAMES.get(signal, signal.__name__), reaction


def _at_once(reaction: Reaction | None) -> Iterator[tuple[str, Reaction]]:
    """What follows by itself, and where; then what follows elsewhere."""
    told = "at once"
    while reaction:
        condition = reaction.where.__name__.replace("_", " ") if reaction.where else ""
        yield f"{told} if {condition}" if condition else told, reaction
        told, reaction = "at once otherwise", reaction.otherwise


def _asked(reaction: Reaction) -> str:
    """Who is asked for what on the way."""
    if reaction.asks is None:
        return ""
    who = "fare" if reaction.asks is quote else "payment"
    return f"{who} is to {reaction.asks.__name__.replace('_', ' ')}"


def _sentence(effect: Any) -> str:
    """What an effect's docstring begins with."""
    return " ".join(str(effect.__doc__).partition("\n\n")[0].split())


def _pauses(steps: Mapping[str, Step]) -> Iterator[str]:
    for step in steps.values():
        if patience := step.patience:
            pauses = [patience.pause(number) for number in range(1, patience.attempts + 1)]
            told = ", ".join(f"{pause.total_seconds():.0f} s" for pause in pauses)
            yield f"- {step.name} waits {told}: it asks again each time, and then is stuck."
    yield ""
