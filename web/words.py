"""What the API says by codes, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.gateway import Refused

PROBLEMS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "seat-unavailable": gettext_lazy("That seat has just been taken. Choose another one."),
        "no-seats-left": gettext_lazy("There are not enough seats left on this departure."),
        "departure-closed": gettext_lazy("Check-in has closed: this departure is not sold now."),
        "departure-departed": gettext_lazy("This departure has left."),
        "departure-canceled": gettext_lazy("This departure has been canceled."),
        "offer-expired": gettext_lazy(
            "The price was held for some minutes. This is today's price."
        ),
        "offer-mismatch": gettext_lazy("The price has changed. Have a look at it, and go on."),
        "offer-forged": gettext_lazy("The price has changed. Have a look at it, and go on."),
        "infant-in-exit-row": gettext_lazy("An infant cannot sit in an exit row."),
        "hold-expired": gettext_lazy("The time to pay has run out."),
        "not-payable": gettext_lazy("There is nothing to pay for here any more."),
        "stale-version": gettext_lazy(
            "The reservation has changed meanwhile. This is how it is now."
        ),
        "seat-costs-more": gettext_lazy(
            "That seat costs more than what was paid for the one you have."
        ),
        "being-priced": gettext_lazy("The price is just being worked out. Try again in a moment."),
        "reservation-final": gettext_lazy("This reservation has come to its end."),
        "quote-expired": gettext_lazy("What comes back was worked out anew."),
        "quote-outdated": gettext_lazy("What comes back was worked out anew."),
        "change-under-way": gettext_lazy("Another change is still under way."),
        "cancelation-not-allowed": gettext_lazy("This fare cannot be canceled at this moment."),
        "request-in-flight": gettext_lazy("It has been sent already, and is being worked on."),
        "idempotency-key-reused": gettext_lazy(
            "This form was sent before with something else in it. Look whether you have a "
            "reservation already before you send it again."
        ),
    }
)
DECLINED: Final[Mapping[str, object]] = MappingProxyType(
    {
        "card_declined": gettext_lazy("The card company has declined the card."),
        "insufficient_funds": gettext_lazy("There is not enough money behind the card."),
        "expired_card": gettext_lazy("The card is no longer valid."),
        "authentication_timeout": gettext_lazy("The card's owner did not confirm in time."),
    }
)
ENTRIES: Final[Mapping[str, object]] = MappingProxyType(
    {
        "created": gettext_lazy("Reserved"),
        "price asked for": gettext_lazy("Price asked for"),
        "payment asked for": gettext_lazy("Payment asked for"),
        "quoted": gettext_lazy("Price agreed"),
        "confirmed": gettext_lazy("Confirmed"),
        "ticketed": gettext_lazy("Paid and ticketed"),
        "rejected": gettext_lazy("Rejected"),
        "expired": gettext_lazy("Time has run out"),
        "canceled": gettext_lazy("Canceled"),
        "seats changed": gettext_lazy("Seats changed"),
        "change asked for": gettext_lazy("Change asked for"),
        "changed": gettext_lazy("Changed"),
        "change rejected": gettext_lazy("Change rejected"),
        "cancelation noted": gettext_lazy("Cancelation noted"),
        "asked again": gettext_lazy("Asked again"),
        "delayed": gettext_lazy("Delayed"),
        "voided": gettext_lazy("Card released"),
        "refunded": gettext_lazy("Refunded"),
        "not refunded": gettext_lazy("Not refunded yet"),
        "settled": gettext_lazy("Settled"),
    }
)
# Whoever has seen the price change has seen it by now: it is in the form that is shown anew.
ABOUT_THE_PRICE: Final = frozenset({"offer-expired", "offer-mismatch", "offer-forged"})


def told(refused: Refused) -> str:
    """What a refusal means; where we have no words of our own, those of the API."""
    known = PROBLEMS.get(refused.code)
    return str(known) if known else refused.detail or _("This cannot be done.")


def declined(code: str) -> str:
    """Why a card was declined."""
    return str(DECLINED.get(code, _("The card was not accepted.")))


def entry(name: str) -> str:
    """What an entry of a timeline says."""
    return str(ENTRIES.get(name, name.capitalize()))
