"""The state machine sees every guard of the engine that is switched off."""

from typing import Final

import pytest
from hypothesis import Phase

from tests.outbox.mutants import MUTANTS, Mutant
from tests.outbox.test_state_machine import Engine, check
from tests.outbox.test_state_machine import surroundings as surroundings

# A mutant that lives this long has escaped. Most are caught within a few examples.
EXAMPLES: Final = 200
STEPS: Final = 4


def engine(*rules: str) -> type[Engine]:
    """The machine with these rules alone, and with everything that it promises."""
    # Without their mark rules are plain methods, which other rules go on using.
    all_rules = {rule.function.__name__: rule.function for rule in Engine.setup_state().rules}
    assert set(rules) <= set(all_rules)
    methods = {name: function for name, function in all_rules.items() if name not in rules}
    return type("Mutated", (Engine,), methods)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_state_machine_sees_that_a_guard_is_off(
    mutant: Mutant,
    monkeypatch: pytest.MonkeyPatch,
    caught: list[str],
) -> None:
    examples = 0
    start = Engine.__init__

    def count(machine: Engine) -> None:
        nonlocal examples
        examples += 1
        start(machine)

    monkeypatch.setattr(Engine, "__init__", count)
    mutant.switch_off(monkeypatch)
    with pytest.raises(AssertionError, match=mutant.breaks) as seen:
        check(
            engine(*mutant.rules),
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            phases=[Phase.generate],
            report_multiple_bugs=False,
        )
    what = str(seen.value).partition("\n")[0]
    caught.append(f"{examples - 1:>4}  {mutant}: {what}")  # Hypothesis runs the last one again
