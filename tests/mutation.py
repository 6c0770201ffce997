"""Code with one of its guards switched off, to see whether the tests notice.

A mutant is the product's own code with one piece of text replaced by another. Where the code has
changed and the text is gone, the mutant says so instead of passing for one that was caught.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, Final, cast

import pytest

Patch = Callable[[pytest.MonkeyPatch], None]

CAUGHT: Final = pytest.StashKey[list[str]]()


def without(function: Callable[..., Any], text: str, instead: str = "") -> Patch:
    """Have a function run without a piece of its source, its decorators included, or with another
    instead: for who finds it where it is defined, has imported it, or keeps it in a table."""
    method: Any = getattr(function, "__func__", function)
    bare = cast("FunctionType", inspect.unwrap(method))
    module = sys.modules[bare.__module__]
    *owners, name = bare.__qualname__.split(".")
    owner: Any = getattr(module, owners[0]) if owners else module

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        _forget(module, monkeypatch)
        source = textwrap.dedent(inspect.getsource(bare))
        assert source.count(text) == 1, f"{bare.__qualname__} has not once: {text}"
        made = dict(vars(owner))  # what a method's signature is read with
        exec(source.replace(text, instead), vars(module), made)  # noqa: S102 (our own source)
        for place in [owner] if owners else _importers(module, name):
            monkeypatch.setattr(place, name, made[name])
        made_method: Any = getattr(made[name], "__func__", made[name])
        mutant = inspect.unwrap(made_method)
        monkeypatch.setattr(bare, "__code__", mutant.__code__)

    return patch


def _forget(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the module's cached functions begin anew: what they keep was made with the guard on."""
    for name, value in list(vars(module).items()):
        if hasattr(value, "cache_clear"):
            monkeypatch.setattr(module, name, cache(value.__wrapped__))


def _importers(module: ModuleType, name: str) -> list[ModuleType]:
    """The module of a function, and those of its package that have imported it from there."""
    package = module.__name__.partition(".")[0]
    of_package = [sys.modules[other] for other in sys.modules if other.partition(".")[0] == package]
    return [other for other in of_package if vars(other).get(name) is vars(module)[name]]


def say_what_was_caught(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config, *, title: str
) -> None:
    """List the guards that were switched off, if there were any."""
    if lines := config.stash.get(CAUGHT, []):
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))
