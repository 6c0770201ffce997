"""Booking with one of its guards switched off, and the test that fails then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import IntegrityError, OperationalError

from booking import orchestrator, selectors, services
from booking.models import Departure, IdempotencyKey, Reservation, Saga, Seat
from booking.models.inventory import SeatNotHeld
from booking.orchestrator import UnexpectedEvent
from booking.preconditions import fingerprint
from booking.selectors import NoSeatsLeft, availability, reservations
from booking.services import (
    canceling,
    changing,
    deadlines,
    idempotency,
    paying,
    reserving,
    versions,
)
from booking.steps import effects, requests
from outbox import transactions
from outbox.events import OutsideTransaction
from outbox.registry import ContractViolation
from outbox.transactions import LostRace
from tests.booking import (
    factories,
    test_changes,
    test_deadlines,
    test_idempotency,
    test_interleavings,
    test_services,
)
from tests.booking.models import test_inventory, test_reservation
from tests.booking.models import test_saga as test_saga_row
from tests.booking.sagas import test_buying, test_undoing
from tests.mutation import Patch, without

Status = Reservation.Status


@dataclass(frozen=True)
class Mutant:
    """Booking without one of its guards.

    Args:
        guard: what is switched off, said as the promise that it keeps.
        switch_off: how.
        caught_by: the test that fails.
        arguments: what the test is called with; what is missing is the fixture of that name.
        given: what is there before.
        raises: what the test fails with, where it is no assertion.
        races: whether it takes two connections, and a MariaDB.
    """

    guard: str
    switch_off: Patch
    caught_by: Callable[..., None]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    given: Callable[[], object] = lambda: None
    raises: type[Exception] = AssertionError
    races: bool = False

    def __str__(self) -> str:
        return self.guard


def three_departures() -> None:
    """The same request could book again and again."""
    flight = factories.flight()
    for day in (1, 2, 3):
        factories.departure(flight, in_days=day)


SEATS: Final = [
    Mutant(
        "only a free seat is taken",
        without(Seat._taking, "status=cls.Status.FREE,"),
        test_inventory.test_a_seat_that_is_not_free_is_not_taken,
        {"status": Seat.Status.SOLD},
    ),
    Mutant(
        "of a group's seats all are taken",
        without(Seat.take, "if taken == len(wanted):", "if taken:"),
        test_inventory.test_several_seats_are_taken_all_or_none,
    ),
    Mutant(
        "of a group's seats none is taken where not all are free",
        without(
            Seat.take,
            "if taken:",
            "if False:",
        ),
        test_inventory.test_several_seats_are_taken_all_or_none,
    ),
    Mutant(
        "a seat is taken on its departure",
        without(Seat._taking, 'departure=Argument("departure", models.BigIntegerField()),'),
        test_inventory.test_seats_of_another_departure_are_not_taken,
        raises=LostRace,
    ),
    Mutant(
        "a seat is sold to its owner only",
        without(Seat._changing, 'reservation_id=Argument("owner", models.UUIDField()),'),
        test_inventory.test_somebody_elses_seat_stays_theirs,
        {"change": Seat.sell_held},
    ),
    Mutant(
        "a seat is sold and freed on its departure only",
        without(Seat._changing, 'departure=Argument("departure", models.BigIntegerField()),'),
        test_inventory.test_the_same_seat_of_another_departure_stays_as_it_is,
        {"change": Seat.sell_held},
        raises=SeatNotHeld,
    ),
    Mutant(
        "a seat is released by its owner only",
        without(Seat._changing, 'reservation_id=Argument("owner", models.UUIDField()),'),
        test_inventory.test_a_seat_given_on_stays_with_its_next_owner,
        {"change": test_inventory.release},
    ),
    Mutant(
        "a payment that comes late leaves the seat to its next owner",
        without(Seat._changing, 'reservation_id=Argument("owner", models.UUIDField()),'),
        test_buying.test_a_payment_for_a_seat_that_was_given_on_confirms_nothing,
    ),
    Mutant(
        "what is sold is not sold or released as if it were held",
        without(Seat._changing, 'status=argument(cls, "status", "now"),'),
        test_inventory.test_a_sold_seat_is_neither_sold_again_nor_released,
        {"change": Seat.sell_held},
    ),
    Mutant(
        "a reservation has all its seats or the change of them fails",
        without(Seat._change, "later(len(wanted), lost", "later(1, lost"),
        test_inventory.test_seats_that_are_not_all_held_are_refused,
        {"change": Seat.sell_held},
    ),
    Mutant(
        "seats are freed in the transaction that ends the reservation",
        without(
            effects._end,
            "Seat.release(reservation.pk, _numbers(party), departure=reservation.departure, "
            "status=had)",
            "pass",
        ),
        test_deadlines.test_a_hold_that_has_run_out_expires_and_its_seat_is_free,
    ),
    Mutant(
        "seats are sold in the transaction that confirms the reservation",
        without(
            effects.confirm,
            "Seat.sell_held(reservation.pk, _numbers(party), departure=reservation.departure)",
            "pass",
        ),
        test_buying.test_an_authorized_card_confirms_the_reservation_and_sells_the_seat,
    ),
    Mutant(
        "who gets another seat gives the old one back",
        without(
            changing._swap,
            "Seat.release(reservation.pk, before - after, departure=reservation.departure, "
            "status=status)",
            "pass",
        ),
        test_changes.test_a_seat_is_given_for_another,
        {"confirmed": False},
    ),
]

TRANSITIONS: Final = [
    Mutant(
        "a reservation is changed as it was read",
        without(Reservation._changing, ", version=version"),
        test_reservation.test_a_stale_version_loses_though_the_status_is_the_same,
    ),
    Mutant(
        "a reservation's status follows the table",
        without(Reservation.move_to, "status not in self.TRANSITIONS[self.status]", "False"),
        test_reservation.test_a_status_that_may_not_follow_is_refused,
        {"source": Status.EXPIRED, "target": Status.CONFIRMED},
    ),
    Mutant(
        "a record locator that somebody has is drawn again",
        without(Reservation.insert, '"locator" in str(error)', "False"),
        test_reservation.test_a_record_locator_that_somebody_has_is_a_lost_race,
        raises=IntegrityError,
    ),
    Mutant(
        "a departure moves from the status it has",
        without(Departure.move_all, ", status=before"),
        test_inventory.test_who_moves_a_departure_that_has_moved_is_told,
    ),
    Mutant(
        "a saga is changed as it was read",
        without(Saga._changing, ", version=version"),
        test_saga_row.test_a_saga_that_has_changed_since_it_was_read_is_not_changed,
        {"by_the_other": {"step": "DONE"}},
    ),
    Mutant(
        "a saga that has ended lives no more",
        without(orchestrator._move, "live=None if step.ends else saga.reservation_id,"),
        test_undoing.test_what_is_voided_is_over,
    ),
    Mutant(
        "a saga lives from its start on",
        without(orchestrator._new, "live=reservation.pk", "live=None"),
        test_services.test_a_buying_saga_waits_for_the_authorization,
    ),
]

PAYMENTS: Final = [
    Mutant(
        "what is given up is voided in the same transaction",
        without(orchestrator._follow, "*asked, ", ""),
        test_changes.test_what_its_card_was_asked_for_is_taken_back,
    ),
    Mutant(
        "a refund names the authorization that was charged",
        without(
            requests.refund,
            "saga.authorization_number, saga.refund_amount =",
            "_, saga.refund_amount =",
        ),
        test_changes.test_what_is_charged_is_refunded_by_a_saga_of_its_own,
        raises=ContractViolation,
    ),
    Mutant(
        "every payment operation has a number of its own",
        without(Reservation.number_payment_operation, "+= 1", "= 1"),
        test_deadlines.test_the_expiry_and_the_void_are_its_last_events,
    ),
    Mutant(
        "only what was asked for confirms",
        without(orchestrator._must_be_the_amount, "answered != asked", "False"),
        test_buying.test_an_authorization_of_anything_but_what_was_asked_is_refused,
        {"changes": {"amount": 1}},
    ),
    Mutant(
        "an answer goes to the saga that asked",
        without(reservations._asked, "pk=saga_id, "),
        test_buying.test_an_answer_to_another_saga_is_refused,
    ),
    Mutant(
        "an answer that nobody waits for is refused",
        without(orchestrator._is_late, "return type(signal) in step.notes", "return True"),
        test_buying.test_an_answer_that_contradicts_the_one_before_is_refused,
    ),
    Mutant(
        "a hold is paid once",
        without(paying.pay_reservation, " or not orchestrator.waits_for(buying, type(pay))"),
        test_changes.test_a_hold_is_paid_once,
        raises=UnexpectedEvent,
    ),
    Mutant(
        "a hold that has run out is not paid",
        without(paying.pay_reservation, "reservation.hold_expires_at <= now", "False"),
        test_changes.test_a_hold_that_has_run_out_is_not_paid,
    ),
    Mutant(
        "a hold is not paid once its departure sells no more",
        without(paying.pay_reservation, "selectors.must_sell(reservation.departure, now)", "pass"),
        test_changes.test_a_hold_is_not_paid_once_its_departure_sells_no_more,
        {"status": "CLOSED"},
    ),
]

UNITS_OF_WORK: Final = [
    Mutant(
        "a reservation is made in one transaction",
        without(reserving.create_reservation, "@unit_of_work\n"),
        test_services.test_a_failure_after_the_last_insert_leaves_nothing_written,
        raises=OutsideTransaction,
    ),
    Mutant(
        "an answer of payment takes effect in one transaction",
        without(services.signal_saga, "@unit_of_work\n"),
        test_buying.test_a_payment_for_a_seat_that_was_given_on_confirms_nothing,
    ),
    Mutant(
        "a deadline takes effect in one transaction",
        without(deadlines._time_out_alone, "@unit_of_work\n"),
        test_deadlines.test_what_fails_says_so_and_is_tried_again_later,
    ),
    Mutant(
        "seats change in one transaction",
        without(changing.change_seats, "@unit_of_work\n"),
        test_changes.test_a_seat_that_is_taken_is_named_with_its_nearest,
    ),
]

TIME: Final = [
    Mutant(
        "only what is due ends",
        without(reservations._all_due, "deadline_at__lte=Now()", "deadline_at__isnull=False"),
        test_deadlines.test_a_hold_that_has_not_run_out_stays,
    ),
    Mutant(
        "what is due is decided by the database's clock",
        without(
            reservations._all_due,
            "Now()",
            "__import__('django.utils.timezone', fromlist=['now']).now()",
        ),
        test_deadlines.test_a_host_whose_clock_is_ahead_ends_no_hold,
    ),
    Mutant(
        "a hold has a deadline",
        without(orchestrator.buying, "deadline_at=reservation.hold_expires_at", "deadline_at=None"),
        test_deadlines.test_a_hold_lasts_as_long_as_the_setting_says,
    ),
    Mutant(
        "a hold does not outlast the departure",
        without(reserving._reservation, "min(hold_ends, departure.departs_at)", "hold_ends"),
        test_deadlines.test_a_hold_does_not_outlast_the_departure,
    ),
    Mutant(
        "nothing sells after the cut-off",
        without(availability._soonest, "closing(now)", "now"),
        test_services.test_nothing_sells_after_the_check_in_cut_off_though_it_says_open,
        {"minutes": 45, "sells": False},
    ),
    Mutant(
        "a date after the cut-off is said to be closed",
        without(availability.must_sell, "checked_in or "),
        test_services.test_a_date_after_the_check_in_cut_off_is_closed,
        raises=NoSeatsLeft,
    ),
    Mutant(
        "only open departures sell",
        without(availability._is_open, 'f"{path}status": Departure.Status.OPEN,'),
        test_services.test_only_open_departures_sell,
        {"status": Departure.Status.CANCELED},
    ),
    Mutant(
        "a closed departure changes no seats",
        without(changing.change_seats, "selectors.must_sell(reservation.departure, now)", "pass"),
        test_changes.test_a_closed_departure_changes_no_seats,
    ),
    Mutant(
        "what has been flown is not canceled",
        without(
            canceling.cancel_reservation,
            "selectors.must_not_have_left(reservation.departure, now)",
            "pass",
        ),
        test_changes.test_what_has_been_flown_is_not_canceled,
    ),
    Mutant(
        "a canceled departure cancels its own reservations only",
        without(
            selectors.on_canceled_departures, "departure__status=Departure.Status.CANCELED,", ""
        ),
        test_deadlines.test_reservations_of_other_departures_stay,
    ),
]

REQUESTS: Final = [
    Mutant(
        "a change is made at the version it was decided on",
        without(versions.must_be_current, "reservation.version not in versions", "False"),
        test_changes.test_a_change_decided_on_another_version_is_refused,
        {"version": '"2"'},
    ),
    Mutant(
        "what has ended stays as it is",
        without(versions.must_live, "not reservation.TRANSITIONS[reservation.status]", "False"),
        test_changes.test_what_has_ended_is_neither_canceled_nor_changed,
        {"status": Status.EXPIRED},
    ),
    Mutant(
        "a key is claimed before the work is done",
        without(IdempotencyKey.claimed, "made or row._take_over(claim)", "True"),
        test_idempotency.test_a_repeated_request_gets_the_first_answer_byte_for_byte,
        given=three_departures,
    ),
    Mutant(
        "a claim is taken over only when it has run out",
        without(IdempotencyKey._take_over, ".filter(claimed_until__lte=Now())"),
        test_idempotency.test_a_request_under_way_is_waited_for_and_then_a_conflict,
        given=three_departures,
    ),
    Mutant(
        "a claim that has run out is taken over",
        without(IdempotencyKey._take_over, "return bool(taken)", "return False"),
        test_idempotency.test_a_request_whose_worker_has_died_is_done_by_who_asks_again,
        given=three_departures,
    ),
    Mutant(
        "who has lost the claim has no effect",
        without(IdempotencyKey.answer, "raise ClaimLost", "str"),
        test_idempotency.test_who_was_taken_for_dead_has_no_effect,
        given=three_departures,
    ),
    Mutant(
        "the answer is stored in the transaction of the effect",
        without(idempotency._work, "@unit_of_work\n"),
        test_idempotency.test_the_answer_and_the_effect_are_stored_together_or_not_at_all,
        given=three_departures,
    ),
    Mutant(
        "a key belongs to one request",
        without(idempotency._claim, "row.fingerprint != fingerprint", "False"),
        test_idempotency.test_a_key_with_another_body_is_refused,
        given=three_departures,
    ),
    Mutant(
        "a request is told from another by its address",
        without(fingerprint, "request.get_full_path()", "''"),
        test_idempotency.test_a_key_at_another_address_is_refused,
        given=three_departures,
    ),
    Mutant(
        "an error of ours is no answer",
        without(idempotency._refuse, "answer.status >= SERVER_ERROR", "False"),
        test_idempotency.test_an_error_of_ours_is_no_answer_and_the_next_request_is_the_first,
        {"error": OperationalError(2002, "no server"), "status": 503},
        given=three_departures,
    ),
    Mutant(
        "a key is new again after a day",
        without(
            IdempotencyKey.claimed,
            "cls._old().filter(**whose).delete()",
            "pass",
        ),
        test_idempotency.test_a_key_that_is_older_than_a_day_is_new,
        given=three_departures,
    ),
]

RACES: Final = [
    Mutant(
        "the condition is in the UPDATE",
        without(Seat._taking, "status=cls.Status.FREE,"),
        test_interleavings.test_of_two_who_have_found_one_seat_free_one_gets_it,
        races=True,
    ),
    Mutant(
        "a group's seats are taken in one order, by one statement",
        test_interleavings.ONE_BY_ONE,
        test_interleavings.test_groups_that_want_the_same_seats_the_other_way_round_meet_no_deadlock,
        races=True,
    ),
    Mutant(
        "who was in a deadlock begins again",
        without(transactions.lost_a_race, "return code in RETRYABLE_CODES", "return False"),
        test_interleavings.test_a_deadlock_reaches_no_caller,
        races=True,
    ),
    Mutant(
        "who lost a race begins again",
        without(transactions.lost_a_race, "return True", "return False"),
        test_interleavings.test_who_loses_a_reservation_begins_again_and_finds_it_changed,
        races=True,
    ),
    Mutant(
        "of two changes of one version one is made",
        without(Reservation._changing, ", version=version"),
        test_interleavings.test_of_two_changes_that_were_decided_on_one_version_one_is_refused,
        races=True,
    ),
]

MUTANTS: Final = [
    *SEATS,
    *TRANSITIONS,
    *PAYMENTS,
    *UNITS_OF_WORK,
    *TIME,
    *REQUESTS,
    *RACES,
]
