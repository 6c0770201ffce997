"""The short way to show an object comes to what its serializer says."""

from datetime import timedelta, timezone
from typing import Any

import pytest
from rest_framework import serializers

from booking import selectors
from booking.models import Departure
from booking.serializers import (
    DepartureSerializer,
    ReservationWithParty,
    SeatMapSerializer,
    Shown,
)
from booking.services import Traveler
from tests.booking import factories

pytestmark = pytest.mark.django_db


def assert_alike(serializer: serializers.Serializer[Any], instance: Any) -> None:
    shown = Shown(serializer)(instance)
    expected = serializer.to_representation(instance)
    assert shown == expected
    assert list(shown) == list(expected)


@pytest.fixture(autouse=True)
def departure() -> Departure:
    return factories.departure(factories.flight())


def test_a_reservation_is_shown_as_its_serializer_says() -> None:
    travelers = [Traveler(1, "12A", given_name="Eva"), Traveler(2)]
    reservation = factories.reserve(travelers=travelers)
    assert_alike(ReservationWithParty(), reservation)
    reservation.created_at = reservation.created_at.astimezone(timezone(timedelta(hours=2)))
    reservation.party[0].ticket_number = "0000000000017"
    assert_alike(ReservationWithParty(), reservation)


def test_a_departure_and_its_seats_are_shown_as_their_serializers_say(
    departure: Departure,
) -> None:
    found = selectors.seat_map(departure.flight.number, departure.date)
    assert_alike(DepartureSerializer(), found)
    assert_alike(SeatMapSerializer(), found)
