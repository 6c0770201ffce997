"""Booking's explorer trusts a model of fare. The real service does nothing that the model does not,
and the model foresees nothing that the real service never does, but for its surprises.

Two sagas of a reservation ask in any order and again, while the one fare comes and goes: played to
the real handler and to the model side by side.
"""

from itertools import product
from typing import Final

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from fare.handlers import BOOKINGS
from fare.models import Fare
from outbox.events import history
from tests.booking.explorer.fares import ASKED, Fares
from tests.booking.explorer.payments import Answer, Request
from tests.fare import factories

pytestmark = pytest.mark.django_db

# Which saga asks; nothing where the fare comes or goes.
STEPS: Final = (0, 1, None)
LENGTH: Final = 4


def played(steps: tuple[int | None, ...]) -> list[tuple[Answer, set[Answer]]]:
    """What the real service has answered each time, and what the model had for it."""
    reservation_id, sagas, model = uuid7(), (uuid7(), uuid7()), Fares()
    answers = []
    for saga in steps:
        if saga is None:
            come_or_go()
            continue
        event = factories.requested(reservation_id, saga_id=sagas[saga])
        BOOKINGS[event.type](event)
        said = history(str(reservation_id)).last()
        assert said is not None
        answer = Answer(said.type.split(".")[1], saga, 0, 0)
        ways = list(model.ask(Request(ASKED, saga, 0, 0)))
        answers.append((answer, {foreseen for _, foreseen in ways}))
        model = next((after for after, foreseen in ways if foreseen == answer), model)
    return answers


def come_or_go() -> None:
    if not Fare.objects.all().delete()[0]:
        factories.stored_fare()


def test_the_real_service_answers_as_the_explorers_model_does() -> None:
    given: set[tuple[Answer, frozenset[Answer]]] = set()
    for steps in product(STEPS, repeat=LENGTH):
        with transaction.atomic():
            for answer, foreseen in played(steps):
                assert answer in foreseen, steps
                given.add((answer, frozenset(foreseen)))
            transaction.set_rollback(True)
    for _, any_of in list(given):
        assert {answer for answer, other in given if other == any_of} == any_of
