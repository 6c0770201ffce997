"""An example of each event and value, as JSON, with every field in it; and what is wrong for each
field."""

from typing import Any, Final

Json = dict[str, Any]

RESERVATION_ID: Final = "0198f5a0-0000-7000-8000-000000000000"
SAGA_ID: Final = "0198f5a0-0000-7000-8000-000000000001"

REASON: Final[Json] = {"code": "card_declined", "text": "The bank said no."}
SEAT: Final[Json] = {"number": "12A", "characteristics": ["WINDOW", "EXIT_ROW"]}
PASSENGER: Final[Json] = {"passenger_id": 1, "type": "ADULT", "seat": SEAT}
ITINERARY: Final[Json] = {
    "carrier": "ZQ",
    "flight_number": 1001,
    "origin": "ARN",
    "destination": "LHR",
    "departure_date": "2040-01-10",
    "departs_at": "2040-01-10T06:40:00Z",
    "arrives_at": "2040-01-10T09:25:00Z",
    "origin_zone": "Europe/Stockholm",
    "destination_zone": "Europe/London",
    "cabin": "ECONOMY",
    "booking_class": "Y",
}
LINE: Final[Json] = {"kind": "BASE", "code": "FARE", "amount": 10000, "passenger_id": 1}
TAX: Final[Json] = {"kind": "TAX", "code": "GB", "amount": 2900, "passenger_id": None}
PENALTY: Final[Json] = {"allowed": True, "fee": 5000}
CONDITIONS: Final[Json] = {
    "refundable": False,
    "cancel_before_departure": PENALTY,
    "cancel_after_departure": PENALTY,
    "change_before_departure": PENALTY,
    "change_after_departure": PENALTY,
    "seat_charges": {"WINDOW": 900, "EXIT_ROW": 2500},
}
PRICE: Final[Json] = {
    "total": 12900,
    "currency": "EUR",
    "lines": [LINE, TAX],
    "fare_basis": "YLIGHT/CH25",
    "fare_family": "LIGHT",
    "conditions": CONDITIONS,
}
SETTLEMENT: Final[Json] = {"currency": "EUR", "charged": 5000, "refunded": 7900, "lines": [LINE]}
TICKET: Final[Json] = {"number": "1172400000016", "passenger_id": 1}
CONTACT: Final[Json] = {
    "language": "en",
    "email": "anna@example.test",
    "given_name": "Anna",
    "surname": "Ek",
}
PASSENGER_CONTACT: Final[Json] = {
    "passenger_id": 1,
    "given_name": "Anna",
    "surname": "Ek",
    "email": "anna@example.test",
}
SUMMARY: Final[Json] = {
    "record_locator": "ABC234",
    "customer_id": "anna",
    "passengers": [PASSENGER],
    "itinerary": ITINERARY,
}

VALUES: Final[dict[str, Json]] = {
    "Conditions": CONDITIONS,
    "Contact": CONTACT,
    "Itinerary": ITINERARY,
    "Passenger": PASSENGER,
    "PassengerContact": PASSENGER_CONTACT,
    "Penalty": PENALTY,
    "Price": PRICE,
    "PriceLine": LINE,
    "Reason": REASON,
    "ReservationSummary": SUMMARY,
    "Seat": SEAT,
    "Settlement": SETTLEMENT,
    "Ticket": TICKET,
}

_ABOUT: Final[Json] = {"reservation_id": RESERVATION_ID}
_RESERVATION: Final[Json] = {**_ABOUT, "reservation": SUMMARY}
_QUOTE: Final[Json] = {**_ABOUT, "saga_id": SAGA_ID}
_OPERATION: Final[Json] = {**_ABOUT, "saga_id": SAGA_ID, "operation_number": 2}
_MONEY: Final[Json] = {"amount": 12900, "currency": "EUR"}
_FOLLOW_UP: Final[Json] = {**_OPERATION, "authorization_number": 1}

EVENTS: Final[dict[str, Json]] = {
    "booking.ReservationCreated.v1": {
        **_RESERVATION,
        "price": PRICE,
        "hold_expires_at": "2040-01-09T12:15:00Z",
    },
    "booking.PassengerContactGiven.v1": {
        **_ABOUT,
        "contact": CONTACT,
        "passengers": [PASSENGER_CONTACT],
    },
    "booking.FareQuoteRequested.v1": {
        **_QUOTE,
        "asked_at": "2040-01-09T12:00:00Z",
        "itinerary": ITINERARY,
        "passengers": [PASSENGER],
        "seats_sold": {"Y": 3, "M": 0},
        "currency": "EUR",
    },
    "booking.PaymentAuthorizeRequested.v1": {
        **_OPERATION,
        **_MONEY,
        "payment_token": "tok_approve",
        "customer_id": "eva",
    },
    "booking.PaymentCaptureRequested.v1": {**_FOLLOW_UP, **_MONEY},
    "booking.PaymentVoidRequested.v1": {**_FOLLOW_UP, **_MONEY},
    "booking.PaymentRefundRequested.v1": {**_FOLLOW_UP, **_MONEY},
    "booking.ReservationConfirmed.v1": {**_RESERVATION, "price": PRICE},
    "booking.ReservationRejected.v1": {**_RESERVATION, "reason": REASON},
    "booking.ReservationExpired.v1": {**_RESERVATION, "hold_expires_at": "2040-01-09T12:15:00Z"},
    "booking.ReservationCanceled.v1": {
        **_RESERVATION,
        "reason": REASON,
        "settlement": SETTLEMENT,
    },
    "booking.ReservationChanged.v1": {
        **_RESERVATION,
        "previous_itinerary": ITINERARY,
        "previous_passengers": [PASSENGER],
        "price": PRICE,
        "settlement": SETTLEMENT,
    },
    "booking.ReservationChangeRejected.v1": {
        **_RESERVATION,
        "wanted": ITINERARY,
        "reason": REASON,
    },
    "booking.TicketsIssued.v1": {**_RESERVATION, "tickets": [TICKET], "price": PRICE},
    "fare.FareQuoted.v1": {**_QUOTE, "booking_class": "Y", "price": PRICE},
    "fare.FareRefused.v1": {**_QUOTE, "reason": REASON, "fare_basis": "YLIGHT"},
    "payment.PaymentAuthorized.v1": {**_OPERATION, **_MONEY},
    "payment.PaymentDeclined.v1": {**_OPERATION, "reason": REASON},
    "payment.PaymentCaptured.v1": {**_FOLLOW_UP, **_MONEY},
    "payment.PaymentCaptureFailed.v1": {**_FOLLOW_UP, "reason": REASON},
    "payment.PaymentVoided.v1": _FOLLOW_UP,
    "payment.PaymentVoidFailed.v1": {**_FOLLOW_UP, "reason": REASON},
    "payment.PaymentRefunded.v1": {**_FOLLOW_UP, **_MONEY},
    "payment.PaymentRefundFailed.v1": {**_FOLLOW_UP, "reason": REASON},
}

_UUIDS: Final = ["", "not-a-uuid", 1, None]
_MOMENTS: Final = ["2040-01-10", "soon", None, "2040-01-10T12:15:00"]
_NUMBERS: Final = [0, -1, 1.5, "1", None, 2**31]
_AMOUNTS: Final = [-1, 0.5, "12900", None, True, 2**53]
_CODES: Final = ["", "ar", "arn", "ARNX", "ARN\n", 1]
_STRUCTS: Final = [{}, [], "x", 1]

# What each field refuses, wherever it is; optional ones take null besides.
WRONG: Final[dict[str, list[Any]]] = {
    "reservation_id": _UUIDS,
    "saga_id": _UUIDS,
    "operation_number": _NUMBERS,
    "authorization_number": _NUMBERS,
    "record_locator": ["", "abc234", "ABC23", "ABC2345", "ABCI34", "ABC0O1", "ABC234\n", 123456],
    "customer_id": [1, "", "a" * 151],
    "passenger_id": [0, -1, 1.5, "1", True, 2**53],
    "passengers": [None, 1, [PASSENGER] * 10, [1]],
    "previous_passengers": [None, 1, [], [PASSENGER] * 10, [1]],
    "type": ["", "adult", "SENIOR", None],
    "seat": ["12A", *_STRUCTS],
    "number": ["", "12", "A12", "012A", "12I", "12a", "12A\n", 12, None],
    "characteristics": [None, "WINDOW", ["window"], [""], ["EXIT ROW"], ["WINDOW\n"]],
    "reservation": [None, *_STRUCTS],
    "itinerary": [None, *_STRUCTS],
    "previous_itinerary": [None, *_STRUCTS],
    "wanted": [None, *_STRUCTS],
    "carrier": ["", "Z", "ZQX", "zq", "ZQ\n", None],
    "flight_number": ["1001", 1.5, None, True, 0, 10000],
    "origin": [*_CODES, None],
    "destination": [*_CODES, None],
    "departure_date": ["2040-13-01", "tomorrow", 20400110, None],
    "departs_at": _MOMENTS,
    "arrives_at": _MOMENTS,
    "hold_expires_at": _MOMENTS,
    "asked_at": _MOMENTS,
    "origin_zone": ["", "Europe Stockholm", "Europe/Stockholm\n", None],
    "destination_zone": ["", "+01:00", "Europe/London\n", 1],
    "cabin": ["", "Economy", "Y", None],
    "booking_class": ["", "y", "YY", "Y\n", 1],
    "seats_sold": [None, [], {"economy": 1}, {"Y": -1}, {"Y": "1"}, {"Y": 2**31}],
    "amount": _AMOUNTS,
    "total": [*_AMOUNTS, 12901],
    "fee": _AMOUNTS,
    "charged": _AMOUNTS,
    "refunded": _AMOUNTS,
    "currency": ["", "eur", "EU", "EURO", "EUR\n", 978],
    "kind": ["", "base", "DISCOUNT", None],
    "code": ["", "no code", "CODE\n", "code\n", "x" * 61, 1, None],
    "text": [None, 1, "x" * 501],
    "lines": [None, {}, [1], [{"kind": "TAX"}]],
    "fare_basis": ["", "y", "Y LIGHT", "Y" * 16, "Y/", "YLIGHT\n", 1],
    "fare_family": ["", "light", "LIGHT\n", 1],
    "conditions": _STRUCTS,
    "refundable": [None, 0, "no"],
    "allowed": [None, 1, "yes"],
    "cancel_before_departure": [None, *_STRUCTS],
    "cancel_after_departure": [None, *_STRUCTS],
    "change_before_departure": [None, *_STRUCTS],
    "change_after_departure": [None, *_STRUCTS],
    "seat_charges": [None, 900, {"window": 900}, {"WINDOW": -1}, {"WINDOW": "9.00"}],
    "price": _STRUCTS,
    "settlement": _STRUCTS,
    "reason": [None, "card_declined", *_STRUCTS],
    "tickets": [None, [], [TICKET] * 10, ["1172400000016"]],
    "payment_token": ["", "t" * 201, 1, None],
    "contact": [None, *_STRUCTS],
    "language": ["", "EN", "english", "en_US", "en\n", None],
    "email": ["", "anna", "anna@", "@example.test", "a b@example.test", "anna@example.test\n", 1],
    "given_name": [None, 1, "x" * 101],
    "surname": [None, 1, "x" * 101],
}
