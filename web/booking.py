"""From what a visitor has typed to a reservation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from web.airline import Airline
from web.answers import Reservation
from web.choices import Choice
from web.forms import ContactForm, PassengerForm


@dataclass
class BookingForms:
    """Everything that is typed on the way to a reservation: each passenger, and the rest."""

    passengers: list[PassengerForm]
    contact: ContactForm
    # What the API has said, beside no field.
    troubles: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        choice: Choice,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
    ) -> "BookingForms":
        """The forms for a party.

        Args:
            choice: who flies, and when.
            data: what was sent, if anything was.
            initial: what is to stand in them; names as they are sent.
        """
        given = initial or {}
        passengers = [
            PassengerForm(
                data,
                kind=kind,
                day=choice.day,
                prefix=f"p{number}",
                initial=_unprefixed(given, f"p{number}-"),
            )
            for number, kind in enumerate(choice.party.types, start=1)
        ]
        return cls(passengers, ContactForm(data, initial=dict(given)))

    def are_valid(self) -> bool:
        """Whether all of it is good; every form is looked at, so that each says what is wrong."""
        unfit = [form for form in (*self.passengers, self.contact) if not form.is_valid()]
        return not unfit

    def reserve(self, airline: Airline, choice: Choice, *, is_hold: bool) -> Reservation:
        """Ask for the reservation."""
        told = self.contact.cleaned_data
        travelers = [
            {**form.traveler(), **_seated(number, choice.seats)}
            for number, form in enumerate(self.passengers)
        ]
        body = {
            "flight_number": choice.flight_number,
            "departure_date": str(choice.day),
            "cabin": choice.cabin,
            "passengers": travelers,
            "contact": {"email": told["email"], "language": _language()},
            "offer_id": told["offer_id"],
        }
        if not is_hold:
            body["payment_token"] = told["payment_token"]
        return airline.reserve(body, once=self.contact.key(), is_hold=is_hold)


def names_of(reservation: Reservation) -> dict[str, str]:
    """A reservation's names, as the forms have them."""
    order = ("ADULT", "CHILD", "INFANT")
    party = sorted(reservation.passengers, key=lambda passenger: order.index(passenger.type))
    names: dict[str, str] = {}
    for number, passenger in enumerate(party, start=1):
        names[f"p{number}-given_name"] = passenger.given_name
        names[f"p{number}-surname"] = passenger.surname
    return names


def _seated(number: int, seats: tuple[str, ...]) -> dict[str, Any]:
    seat = {"seat_number": seats[number]} if number < len(seats) else {}
    return {"passenger_id": number + 1, **seat}


def _unprefixed(data: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value for name, value in data.items() if name.startswith(prefix)
    }


def _language() -> str:
    return (get_language() or "en").partition("-")[0]
