"""Contacts: forgotten by request and by time; and what goes away with them."""

from datetime import timedelta
from typing import Any

import pytest

from notification import services
from notification.models import Contact, Delivery, OptOut, address_digest
from tests.commands import said
from tests.notification import factories
from tests.notification.factories import ADDRESS, NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def is_forgotten(contact: Contact) -> bool:
    contact.refresh_from_db()
    left = (contact.email, contact.given_name, contact.surname, contact.passengers)
    return contact.erased_at is not None and not any(left)


def known(email: str = ADDRESS, **facts: Any) -> Contact:
    event = factories.given(email=email, **facts)
    services.note_contact(event, now=NOW)
    return Contact.objects.get(pk=event.reservation_id)


def test_a_contact_is_erased_by_its_address_in_whatever_case() -> None:
    contact, other = known(), known("other@example.test")
    assert said("erase_contact", ADDRESS.upper()) == ("1 contacts erased\n", "")
    assert is_forgotten(contact)
    assert not is_forgotten(other)


def test_a_contact_is_erased_by_the_address_of_one_of_its_passengers() -> None:
    contact = known(passengers=(factories.passenger(1, "Bo@example.test"),))
    assert services.erase_contact("bo@example.test", now=NOW) == 1
    assert is_forgotten(contact)


def test_an_address_that_is_a_part_of_another_is_not_that_one() -> None:
    contact = known(passengers=(factories.passenger(1, f"x{ADDRESS}"),), email=f"y{ADDRESS}")
    assert services.erase_contact(ADDRESS, now=NOW) == 0
    assert not is_forgotten(contact)


def test_an_opt_out_outlives_the_erasure_and_does_not_name_the_address() -> None:
    known()
    services.opt_out(address_digest(ADDRESS), now=NOW)
    services.erase_contact(ADDRESS, now=NOW)
    assert ADDRESS not in OptOut.objects.get().digest
    assert OptOut.objects.filter(digest=address_digest(ADDRESS)).exists()


def test_opting_out_twice_is_opting_out_once() -> None:
    for _ in range(2):
        services.opt_out(address_digest(ADDRESS), now=NOW)
    assert OptOut.objects.count() == 1


# Retention


def purge() -> int:
    return services.purge_chunk(contacts=30 * DAY, deliveries=90 * DAY, now=NOW)


@pytest.mark.parametrize(("days", "forgotten"), [(29, False), (31, True)])
def test_a_contact_is_forgotten_so_long_after_the_journey(days: int, forgotten: bool) -> None:
    contact = known()
    Contact.objects.update(needed_until=NOW - days * DAY)
    purge()
    assert is_forgotten(contact) == forgotten


def test_what_was_forgotten_is_not_forgotten_again() -> None:
    known()
    Contact.objects.update(needed_until=NOW - 31 * DAY)
    assert (purge(), purge()) == (1, 0)


@pytest.mark.parametrize(
    ("status", "days", "kept"),
    [
        ("SENT", 89, True),
        ("SENT", 91, False),
        ("UNDELIVERABLE", 91, False),
        ("HELD", 91, True),
        ("PENDING", 91, True),
    ],
)
def test_a_delivery_is_kept_until_long_after_it_was_over(
    status: str, days: int, kept: bool
) -> None:
    factories.delivery()
    Delivery.objects.update(status=status, completed_at=NOW - days * DAY)
    purge()
    assert Delivery.objects.exists() == kept
