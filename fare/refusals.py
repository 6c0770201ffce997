"""What is refused over HTTP: a rule of pricing or of the conditions, each by its own name."""

from collections.abc import Mapping
from typing import Final

from rest_framework.exceptions import APIException, NotFound

from fare.pricing import Refused
from fare.rules import Rule
from fare.settlements import Denial, NotAllowed


class NoFare(NotFound):
    """There is no fare on that market, in that cabin and class."""

    default_code = "no-fare"


class UnknownPassengerType(APIException):
    """There is no such type of passenger."""

    status_code = 400
    default_code = "unknown-passenger-type"


class PassengerTwice(APIException):
    """A passenger is there twice."""

    status_code = 400
    default_code = "passenger-twice"


class SeatTwice(APIException):
    """A seat is there twice."""

    status_code = 400
    default_code = "seat-twice"


class BookingUnavailable(APIException):
    """Booking, which knows the departures and their seats, gave no usable answer in time."""

    status_code = 503
    default_code = "booking-unavailable"
    default_detail = "The departures cannot be had just now; try again shortly."
    wait = 2


class FareRefused(APIException):
    """The rules of the fares do not allow this sale."""

    status_code = 409


class CurrencyMismatch(FareRefused):
    """No fare is sold in that currency."""

    default_code = "currency-mismatch"


class PassengerTypeRefused(FareRefused):
    """No fare is sold for everybody in the party."""

    default_code = "passenger-type-refused"


class NotOnSale(FareRefused):
    """The fares are not sold on this date."""

    default_code = "not-on-sale"


class TravelDates(FareRefused):
    """The fares are for other dates of departure."""

    default_code = "travel-dates"


class DayOfWeek(FareRefused):
    """The fares are for other days of the week."""

    default_code = "day-of-week"


class BlackoutDate(FareRefused):
    """The fares are not sold for departures on this date."""

    default_code = "blackout-date"


class AdvancePurchase(FareRefused):
    """It is too late to buy: the fares are sold longer before the departure."""

    default_code = "advance-purchase"


class ClassClosed(FareRefused):
    """As many seats of the booking class are sold as may be."""

    default_code = "class-closed"


class NothingToPay(FareRefused):
    """All in all it costs nothing, which cannot be sold."""

    default_code = "nothing-to-pay"


class SeatUnavailable(FareRefused):
    """A chosen seat is not free on any of these departures, or not there."""

    default_code = "seat-unavailable"


class NoConditions(FareRefused):
    """The price is no fare's, and has no conditions."""

    default_code = "no-conditions"


class CancelationNotAllowed(FareRefused):
    """The fare cannot be canceled at that moment."""

    default_code = "cancelation-not-allowed"


class ChangeNotAllowed(FareRefused):
    """The fare cannot be changed at that moment."""

    default_code = "change-not-allowed"


BY_RULE: Final[Mapping[Rule, type[APIException]]] = {
    Rule.NO_FARE: NoFare,
    Rule.CURRENCY_MISMATCH: CurrencyMismatch,
    Rule.PASSENGER_TYPE: PassengerTypeRefused,
    Rule.SALE_DATES: NotOnSale,
    Rule.TRAVEL_DATES: TravelDates,
    Rule.DAY_OF_WEEK: DayOfWeek,
    Rule.BLACKOUT_DATE: BlackoutDate,
    Rule.ADVANCE_PURCHASE: AdvancePurchase,
    Rule.CLASS_CLOSED: ClassClosed,
    Rule.NOTHING_TO_PAY: NothingToPay,
}
BY_DENIAL: Final[Mapping[Denial, type[APIException]]] = {
    Denial.NO_CONDITIONS: NoConditions,
    Denial.CANCELATION: CancelationNotAllowed,
    Denial.CHANGE: ChangeNotAllowed,
}


def refused(found: Refused) -> APIException:
    """The exception for a rule that refused."""
    return BY_RULE[found.rule](found.text)


def denied(found: NotAllowed) -> APIException:
    """The exception for what the conditions do not allow."""
    return BY_DENIAL[found.denial](found.text)
