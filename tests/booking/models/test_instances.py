"""Booking's models are such as may be made by the shorter way."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import signals

from booking.models import Reservation, ReservationPassenger
from outbox.instances import Quick

QUICK = [one for one in apps.get_models() if issubclass(one, Quick)]


def facts(made: models.Model) -> dict[str, Any]:
    state = made._state
    return {**vars(made), "_state": (state.adding, state.db, state.fields_cache)}


@pytest.mark.parametrize("model", QUICK)
def test_every_field_is_one_that_is_simply_set(model: type[models.Model]) -> None:
    assert model.__init__ is models.Model.__init__
    for field in model._meta.concrete_fields:
        assert not isinstance(field, models.FileField)
        assert not field.generated
        assert not hasattr(field, "db_default") or not field.has_db_default()
    for signal in (signals.pre_init, signals.post_init):
        assert not signal.has_listeners(model)


@pytest.mark.parametrize("model", QUICK)
def test_what_is_not_said_is_as_django_has_it(model: type[Quick]) -> None:
    drawn = {
        field.attname: field.get_default()
        for field in model._meta.concrete_fields
        if field.has_default() and callable(field.default)
    }
    assert facts(model.new(**drawn)) == facts(model(**drawn))


def test_an_instance_that_another_belongs_to_is_kept_with_it() -> None:
    reservation = Reservation.new(record_locator="AAAAAA")
    made = ReservationPassenger.new(reservation=reservation, passenger_id=1)
    assert facts(made) == facts(ReservationPassenger(reservation=reservation, passenger_id=1))
    assert made.reservation is reservation
    assert made.reservation_id == reservation.pk
