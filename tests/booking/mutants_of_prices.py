"""Booking with a guard of what was promised switched off: of offers, quotes and seats' charges."""

from typing import Final

from booking.models.inventory import SeatNotHeld
from booking.services import canceling, changing, offers, quotes, rebooking, reserving, seat_charges
from tests.booking import (
    test_cancelation_quotes,
    test_offers,
    test_rebooking,
    test_seat_charges,
)
from tests.booking.mutants import Mutant
from tests.mutation import without

OFFERS: Final = [
    Mutant(
        "an offer is signed with a key of ours",
        without(offers.verified, "fallback_keys=keys[1:]", "fallback_keys=['k']"),
        test_offers.test_what_fare_has_not_signed_is_refused,
        {"forge": test_offers.FORGERIES["signed by somebody"]},
    ),
    Mutant(
        "an offer is signed as one",
        without(offers.verified, "salt=SALT", "salt='another'"),
        test_offers.test_what_fare_has_not_signed_is_refused,
        {"forge": test_offers.FORGERIES["signed for something else"]},
    ),
    Mutant(
        "an offer of a key that was given up holds no more",
        without(offers.verified, "fallback_keys=keys[1:]", "fallback_keys=['old', *keys[1:]]"),
        test_offers.test_an_offer_of_the_key_before_holds_and_of_the_one_before_that_does_not,
    ),
    Mutant(
        "an offer holds until it expires",
        without(offers.verified, "offer.expires_at <= now", "False"),
        test_offers.test_an_expired_offer_is_refused,
    ),
    Mutant(
        "an offer expires at its end",
        without(offers.verified, "offer.expires_at <= now", "offer.expires_at < now"),
        test_offers.test_an_offer_is_no_longer_valid_at_its_end,
    ),
    *(
        Mutant(
            f"an offer is for its {what}",
            without(offers.must_match, line),
            test_offers.test_an_offer_for_something_else_is_refused_by_what_differs,
            {"changes": changes, "told": told},
        )
        for what, line, changes, told in (
            (
                "flight",
                '"flight": (flight_number, offer.flight_number),',
                {"flight_number": 1002},
                "flight 1001, not 1002",
            ),
            (
                "departure",
                '"date": (departure_date or offer.departure_date, offer.departure_date),',
                {"departure_date": "2040-01-11"},
                "date 2040-01-12, not 2040-01-11",
            ),
            (
                "cabin",
                '"cabin": (cabin or offer.cabin, offer.cabin),',
                {"cabin": "BUSINESS"},
                "cabin ECONOMY, not BUSINESS",
            ),
            (
                "booking class",
                '"booking class": (booking_class or offer.booking_class, offer.booking_class),',
                {"booking_class": "Y"},
                "booking class K, not Y",
            ),
        )
    ),
    Mutant(
        "an offer's passengers are no more and no fewer",
        without(
            offers._differences,
            "offered.keys() != {one.passenger_id for one in travelers}",
            "not offered.keys() <= {one.passenger_id for one in travelers}",
        ),
        test_offers.test_an_offer_for_others_is_refused,
        {
            "passengers": [{"passenger_id": 1, "seat_number": "12A"}, {"passenger_id": 2}],
            "told": "other passengers",
        },
        raises=KeyError,
    ),
    Mutant(
        "an offer is for passengers of their types",
        without(
            offers._differences,
            "(kind := traveler.type_on(offer.departure_date)) != one.type",
            "(kind := '') != ''",
        ),
        test_offers.test_an_offer_for_others_is_refused,
        {
            "passengers": [{"passenger_id": 1, "seat_number": "12A", **test_offers.CHILD}],
            "told": "as ADULT, not as CHILD",
        },
    ),
    Mutant(
        "an offer is for its seats",
        without(offers._differences, "traveler.seat_number != one.seat_number", "False"),
        test_offers.test_an_offer_for_others_is_refused,
        {
            "passengers": [{"passenger_id": 1}],
            "told": "passenger 1 with 12A, not with no chosen seat",
        },
    ),
    Mutant(
        "it is sold on the departure of the offer",
        without(
            reserving.create_reservation,
            "departure_date, cabin = offer.departure_date, offer.cabin",
            "cabin = offer.cabin",
        ),
        test_offers.test_without_a_date_it_is_the_offers_departure,
    ),
    Mutant(
        "it is sold at the offer's price",
        without(reserving.create_reservation, "_sell_at(offer, reservation)", "pass"),
        test_offers.test_a_hold_keeps_an_offers_price,
    ),
]

QUOTES: Final = [
    Mutant(
        "a quote holds for some minutes",
        without(quotes.agreed, "quote.expires_at <= now", "False"),
        test_cancelation_quotes.test_a_quote_that_has_expired_holds_no_more,
    ),
    Mutant(
        "a quote is for one reservation",
        without(quotes.agreed, "quote.reservation_id != reservation.pk", "False"),
        test_cancelation_quotes.test_a_quote_of_another_reservation_does_not_hold,
    ),
    Mutant(
        "a quote is for the price that was paid",
        without(
            quotes.agreed,
            "(quote.departure_id, quote.amount) != (reservation.departure_id, reservation.amount)",
            "quote.departure_id != reservation.departure_id",
        ),
        test_cancelation_quotes.test_a_quote_of_another_price_or_departure_holds_no_more,
        {"changed": "amount"},
    ),
    Mutant(
        "a quote is for the departure that it was given on",
        without(
            quotes.agreed,
            "(quote.departure_id, quote.amount) != (reservation.departure_id, reservation.amount)",
            "quote.amount != reservation.amount",
        ),
        test_cancelation_quotes.test_a_quote_of_another_price_or_departure_holds_no_more,
        {"changed": "departure"},
        raises=SeatNotHeld,
    ),
    Mutant(
        "no quote outlasts the departure",
        without(quotes.valid_until, "min(limit, reservation.departure.departs_at)", "limit"),
        test_cancelation_quotes.test_no_quote_outlasts_the_departure,
    ),
    Mutant(
        "what was bought is not canceled without a quote",
        without(canceling.cancel_reservation, "raise QuoteRequired", "pass"),
        test_cancelation_quotes.test_what_was_confirmed_at_a_fare_is_not_canceled_without_a_quote,
    ),
    Mutant(
        "a cancelation gives back what was quoted",
        without(
            canceling._settlement,
            "return agreed(quote_id, AgreedCancelation, reservation, now).settlement",
            "return None",
        ),
        test_cancelation_quotes.test_a_cancelation_gives_back_what_was_quoted,
    ),
    Mutant(
        "a change that costs something needs a card",
        without(rebooking.change_departure, "raise PaymentTokenRequired", "payment_token = 'tok'"),
        test_rebooking.test_a_change_that_costs_something_needs_a_card,
    ),
]

SEAT_CHARGES: Final = [
    Mutant(
        "a dearer seat is not given",
        without(changing.change_seats, "must_be_paid_for(reservation, before, after, now)", "pass"),
        test_seat_charges.test_a_dearer_seat_is_refused_and_says_what_it_costs,
        {"has": "12B", "paid": 0, "told": "0.00 EUR", "wants": "12A"},
    ),
    Mutant(
        "seats stay while fare works out what they cost",
        without(seat_charges._must_not_be_at_fare, "raise BeingPriced", "pass"),
        test_seat_charges.test_while_fare_works_out_the_price_the_seats_stay,
    ),
    Mutant(
        "what was paid for a seat covers the way back",
        without(
            seat_charges.must_be_paid_for,
            "max(_paid(old, price), _charge(reservation, old, price, now))",
            "_charge(reservation, old, price, now)",
        ),
        test_seat_charges.test_a_seat_that_costs_no_more_is_given,
        {"has": "12B", "paid": 900, "wants": "12A"},
    ),
    Mutant(
        "a seat that was given covers another like it",
        without(
            seat_charges.must_be_paid_for,
            "max(_paid(old, price), _charge(reservation, old, price, now))",
            "_paid(old, price)",
        ),
        test_seat_charges.test_a_seat_that_costs_no_more_is_given,
        {"has": "12A", "paid": 0, "wants": "14A"},
    ),
]

PRICES: Final = [*OFFERS, *QUOTES, *SEAT_CHARGES]
