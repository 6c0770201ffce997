"""Checks a schedule as a whole, against itself and what is there, and loads it: all or nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import IntegrityError

from booking.models import AircraftType, Airport, Flight, SchedulePeriod
from booking.models.schedule import LONGEST_MINUTES
from booking.schedules import comma_separated, ssim
from booking.schedules.legs import BadLine, Leg
from outbox.transactions import LostRace, unit_of_work

ROWS_PER_INSERT: Final = 500
# What makes two periods of a flight the same.
FACTS: Final = (
    "valid_from",
    "valid_to",
    "days",
    "departure_time",
    "duration_minutes",
    "aircraft_type_id",
)


class BadSchedule(Exception):
    """A schedule that cannot be loaded; nothing of it has been."""

    def __init__(self, lines: Iterable[BadLine]) -> None:
        self.lines = sorted(lines)
        super().__init__(f"{len(self.lines)} lines cannot be loaded")


class _Refused(Exception):
    """Why a line cannot be loaded."""


@dataclass(frozen=True)
class Loaded:
    """What a file has brought: new flights, new periods, and periods that were there before."""

    flights: int
    periods: int
    unchanged: int


def load_schedule(
    *, content: bytes, prices: Mapping[str, int] | None = None, currency: str | None = None
) -> Loaded:
    """Add the flights and periods of a file to the schedule.

    Flights that are there keep their route and prices, periods that are there stay as they are:
    the same file can be loaded again. Departures are made by planning.

    Args:
        content: CSV or SSIM, in UTF-8; a file whose first character is a digit is SSIM.
        prices: list prices by cabin, minor units, for new flights that the file has none for.
        currency: the currency of `prices`.

    Raises:
        BadSchedule: with every line that cannot be loaded, and why.
    """
    return _load(_read(content), _Defaults(prices or {}, currency))


def _read(content: bytes) -> list[Leg | BadLine]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [BadLine(content[: error.start].count(b"\n") + 1, "this is not UTF-8")]
    return list((ssim if text[:1].isdecimal() else comma_separated).read(text))


@dataclass(frozen=True)
class _Defaults:
    """Prices of new flights that the file has none for."""

    prices: Mapping[str, int]
    currency: str | None


@unit_of_work
def _load(lines: list[Leg | BadLine], defaults: _Defaults) -> Loaded:
    schedule = _Schedule(defaults)
    bad = [line if isinstance(line, BadLine) else schedule.add(line) for line in lines]
    if any(bad):
        raise BadSchedule(line for line in bad if line)
    try:
        schedule.save()
    except IntegrityError as error:
        raise LostRace("the schedule is being loaded by somebody else") from error
    return Loaded(len(schedule.new_flights), len(schedule.new_periods), schedule.unchanged)


class _Schedule:
    """What is there, and what the lines so far add to it."""

    def __init__(self, defaults: _Defaults) -> None:
        self.defaults = defaults
        self.airports = Airport.objects.in_bulk()
        self.aircraft = AircraftType.objects.in_bulk()
        flights = Flight.objects.select_related("origin", "destination")
        self.flights = {flight.number: flight for flight in flights}
        self.periods: dict[int, list[SchedulePeriod]] = defaultdict(list)
        for period in SchedulePeriod.objects.select_related("flight"):
            self.periods[period.flight.number].append(period)
        self.new_flights: list[Flight] = []
        self.new_periods: list[SchedulePeriod] = []
        self.unchanged = 0

    def add(self, leg: Leg) -> BadLine | None:
        """Add a line to what is to be saved, or say what is wrong with it."""
        try:
            self._must_be_known(leg)
            flight = self._flight(leg)
            self._add_period(self._period(leg, flight))
        except _Refused as refusal:
            return BadLine(leg.line, str(refusal))
        return None

    def _must_be_known(self, leg: Leg) -> None:
        unknown = [
            f"there is no airport {code}"
            for code in (leg.origin, leg.destination)
            if code not in self.airports
        ]
        if leg.aircraft_type not in self.aircraft:
            unknown.append(f"there is no aircraft type {leg.aircraft_type}")
        if leg.origin == leg.destination:
            unknown.append("it goes to where it starts")
        if unknown:
            raise _Refused("; ".join(unknown))

    def _flight(self, leg: Leg) -> Flight:
        flight = self.flights.get(leg.number) or self._new_flight(leg)
        known = (flight.carrier, flight.origin_id, flight.destination_id)
        if known != (leg.carrier, leg.origin, leg.destination):
            raise _Refused(f"flight {leg.number} is {flight}")
        if leg.prices and (leg.prices, leg.currency) != (flight.list_prices, flight.currency):
            raise _Refused(f"{flight} has the prices {flight.list_prices} {flight.currency}")
        unpriced = sorted(self.aircraft[leg.aircraft_type].cabins() - set(flight.list_prices))
        if unpriced:
            raise _Refused(f"{flight} has no list price for {', '.join(unpriced)}")
        return flight

    def _new_flight(self, leg: Leg) -> Flight:
        prices, currency = leg.prices or self.defaults.prices, leg.currency
        flight = Flight(
            number=leg.number,
            carrier=leg.carrier,
            origin=self.airports[leg.origin],
            destination=self.airports[leg.destination],
            list_prices=dict(prices),
            currency=currency or self.defaults.currency or "",
        )
        if not prices or not flight.currency:
            raise _Refused(f"{flight} is new and has neither list prices nor a currency")
        self.flights[leg.number] = flight
        self.new_flights.append(flight)
        return flight

    def _period(self, leg: Leg, flight: Flight) -> SchedulePeriod:
        period = SchedulePeriod(
            flight=flight,
            valid_from=leg.valid_from,
            valid_to=leg.valid_to,
            days=leg.days,
            departure_time=leg.departure_time,
            aircraft_type=self.aircraft[leg.aircraft_type],
        )
        first = _first_departure(period)
        departs, arrives = period.departs_at(first), _arrival(leg, flight, first)
        period.duration_minutes = (arrives - departs) // timedelta(minutes=1)
        if not 1 <= period.duration_minutes <= LONGEST_MINUTES:
            raise _Refused(f"it arrives {period.duration_minutes} minutes after it departs")
        _must_have_offsets(leg, flight, departs, arrives)
        return period

    def _add_period(self, period: SchedulePeriod) -> None:
        others = self.periods[period.flight.number]
        if any(other.pk and _is_same(period, other) for other in others):
            self.unchanged += 1
            return
        for other in others:
            if period.clashes_with(other):
                raise _Refused(f"it has dates of: {other}")
        others.append(period)
        self.new_periods.append(period)

    def save(self) -> None:
        """Write what is new."""
        for flight in self.new_flights:
            flight.save(force_insert=True)
        SchedulePeriod.objects.bulk_create(self.new_periods, batch_size=ROWS_PER_INSERT)


def _first_departure(period: SchedulePeriod) -> date:
    """The first date of a period, on which its duration is taken."""
    if period.valid_to is not None and period.valid_to < period.valid_from:
        raise _Refused("its last day is before its first")
    for day in period.dates(period.valid_from, period.valid_from + timedelta(days=6)):
        return day
    raise _Refused("none of its days of operation is within its dates")


def _arrival(leg: Leg, flight: Flight, departs_on: date) -> datetime:
    day = departs_on + timedelta(days=leg.arrival_day_offset)
    local = datetime.combine(day, leg.arrival_time, flight.destination.time_zone())
    return local.astimezone(UTC)


def _must_have_offsets(leg: Leg, flight: Flight, departs: datetime, arrives: datetime) -> None:
    """The file's variations from UTC must be what the airports' zones say on the first date."""
    if leg.offsets is None:
        return
    ends = [(departs, flight.origin), (arrives, flight.destination)]
    for (moment, airport), given in zip(ends, leg.offsets, strict=True):
        offset = moment.astimezone(airport.time_zone()).utcoffset()
        if offset != timedelta(minutes=given):
            raise _Refused(f"{airport.code} is {offset} ahead of UTC then, not {given} minutes")


def _is_same(one: SchedulePeriod, other: SchedulePeriod) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in FACTS)
