"""`manage.py check_inventory`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from booking.models import Seat
from tests.booking import factories

pytestmark = pytest.mark.django_db


def test_a_clean_inventory_is_said_to_be_clean() -> None:
    factories.pending_reservation()
    output = StringIO()
    call_command("check_inventory", stdout=output)
    assert output.getvalue() == "every seat and every reservation agree\n"


def test_what_is_wrong_is_listed_and_the_command_fails() -> None:
    reservation = factories.pending_reservation()
    Seat.objects.filter(number="12A").update(status=Seat.Status.SOLD)
    output = StringIO()
    with pytest.raises(CommandError, match="2 seats and reservations do not agree"):
        call_command("check_inventory", stdout=output)
    lines = output.getvalue().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("seat 12A of ZQ1001 on 2040-01-11, reservation ")
        assert str(reservation.pk) in line
