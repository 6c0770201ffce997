"""Whether an offer holds for what is asked for: decided from the request alone."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import msgspec
from django.conf import settings
from django.core import signing
from rest_framework.exceptions import APIException

from booking.selectors import Conflict
from booking.services.party import Traveler
from contracts.offers import SALT, Offer


class OfferForged(APIException):
    """Nobody has made such an offer, or it was changed since."""

    status_code = 400
    default_code = "offer-forged"
    default_detail = "This is no offer as it was made: it is cut, changed, or not ours."


class OfferExpired(Conflict):
    """The price is guaranteed no longer."""

    default_code = "offer-expired"


class OfferMismatch(Conflict):
    """The offer is for something else than what is asked for."""

    default_code = "offer-mismatch"


class _Promise:
    """How what was signed is read: at once as the offer that it must be."""

    def loads(self, data: bytes) -> Offer:
        """The offer."""
        return msgspec.json.decode(data, type=Offer)


def verified(offer_id: str, *, now: datetime) -> Offer:
    """What an offer promises, by the signature that is its id: of the current key, or of one that
    it has replaced.

    Raises:
        OfferForged: no such offer was made.
        OfferExpired: saying when it did.
    """
    keys: list[str | bytes] = [*settings.OFFER_SIGNING_KEYS]
    try:
        offer: Offer = signing.loads(
            offer_id,
            key=keys[0],
            salt=SALT,
            fallback_keys=keys[1:],
            serializer=_Promise,  # type: ignore[arg-type]  # it only reads
        )
    except (signing.BadSignature, msgspec.MsgspecError) as error:
        raise OfferForged from error
    if offer.expires_at <= now:
        raise OfferExpired(f"The offer has expired at {offer.expires_at.isoformat()}.")
    return offer


def must_match(
    offer: Offer,
    *,
    flight_number: int,
    departure_date: date | None,
    cabin: str | None,
    booking_class: str,
    travelers: Sequence[Traveler],
) -> None:
    """Refuse to sell at an offer's price what it is not for. What a request does not say is the
    offer's.

    Raises:
        OfferMismatch: saying what differs.
    """
    asked = {
        "flight": (flight_number, offer.flight_number),
        "date": (departure_date or offer.departure_date, offer.departure_date),
        "cabin": (cabin or offer.cabin, offer.cabin),
        "booking class": (booking_class or offer.booking_class, offer.booking_class),
    }
    for what, (wanted, offered) in asked.items():
        if wanted != offered:
            raise OfferMismatch(f"The offer is for {what} {offered}, not {wanted}.")
    for difference in _differences(offer, travelers):
        raise OfferMismatch(difference)


def _differences(offer: Offer, travelers: Sequence[Traveler]) -> Iterator[str]:
    """How those who are to fly differ from whom the offer is for."""
    offered = {one.passenger_id: one for one in offer.passengers}
    if offered.keys() != {one.passenger_id for one in travelers}:
        yield "The offer is for other passengers."
        return
    for traveler in travelers:
        one, who = offered[traveler.passenger_id], f"passenger {traveler.passenger_id}"
        if (kind := traveler.type_on(offer.departure_date)) != one.type:
            yield f"The offer is for {who} as {one.type}, not as {kind}."
        if traveler.seat_number != one.seat_number:
            seats = [seat or "no chosen seat" for seat in (one.seat_number, traveler.seat_number)]
            yield f"The offer is for {who} with {seats[0]}, not with {seats[1]}."
