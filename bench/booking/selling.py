"""How many reservations a second are made: of seats all over the schedule, and of one departure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bench.booking import inventory
from bench.booking.inventory import Asked
from bench.booking.offers import offer_of
from bench.booking.recording import Recording
from bench.booking.sites import Answers, Clients, Request, Site
from bench.report import Bound, Figure
from bench.rounds import Rounds
from dev.console import RefusalError, step

MOST_STATEMENTS: Final = 8
# Reservations a second that raw statements reached on two idle cores.
KNOWN_RAW: Final = Bound(value=600)
WARM: Final = 200
PIECES: Final = 6


class Selling:
    """Rounds of reservations, each way in turn.

    Args:
        clients: who sends.
        service: booking.
        limit: the same statements, raw.
        count: reservations in each round.
        whole: departures that are sold out in each round, one after the other.
    """

    def __init__(
        self, clients: Clients, service: Site, limit: Site, *, count: int, whole: int
    ) -> None:
        self._clients = clients
        self._service = service
        self._limit = limit
        self._count = count
        self._whole = whole
        self._by_way: dict[str, Rounds] = defaultdict(Rounds)

    def prepare(self) -> None:
        """Warm every thread of both sites."""
        for to in (self._limit, self._service):
            seats = inventory.spread(min(WARM, self._count))
            self._sell(to, [reserving(seat) for seat in seats])

    def accept(self) -> None:
        """A round of seats all over the schedule, both sites in turn, piece by piece: the machine
        is not as fast now as it was ten seconds ago."""
        answers: dict[str, list[Answers]] = defaultdict(list)
        for _ in range(PIECES):
            for way, to in (("limit", self._limit), ("spread", self._service)):
                seats = inventory.spread(max(1, self._count // PIECES))
                answers[way].append(self._sell(to, [reserving(seat) for seat in seats]))
        for way, pieces in answers.items():
            self._note(way, pieces)

    def sell_out(self) -> None:
        """A round of departures that are sold to the last seat, one after the other."""
        self._sell_out("named", reserving)
        self._sell_out("unnamed", reserving_any)

    def _sell(self, to: Site, requests: Sequence[Request]) -> Answers:
        answers = self._clients.send(to, requests)
        answers.must_all_be(201)
        return answers

    def _sell_out(self, way: str, request: Callable[[Asked], Request]) -> None:
        answers = []
        for seats in inventory.whole(self._whole):
            answers.append(self._sell(self._service, [request(seat) for seat in seats]))
            if inventory.left(seats[0].flight, seats[0].date):
                raise RefusalError("a departure was not sold out")
        self._note(way, answers)

    def _note(self, way: str, answers: Sequence[Answers]) -> None:
        sold = sum(len(one.seconds) for one in answers)
        rate = sold / sum(one.duration for one in answers)
        rounds = self._by_way[way]
        rounds.rates.append(rate)
        rounds.cpu += [one.cores for one in answers]
        cores = ", ".join(f"{name} {share:.2f}" for name, share in rounds.cores().items())
        step(f"  {way:<8} {rate:>6,.0f} reservations/s   cores: {cores}")

    def accepted(self) -> Figure:
        """The row of seats all over the schedule."""
        spread, limit = self._by_way["spread"], self._by_way["limit"]
        return Figure(
            name="reservations, distinct seats",
            unit="/s",
            rounds=spread.rates,
            beside=limit.rates,
            beside_name="raw, same statements",
            ratio=Bound(value=0.6),
            known=KNOWN_RAW,
            notes={"cores": spread.cores(), "limit_cores": limit.cores()},
        )

    def sold_out(self) -> Iterator[Figure]:
        """The rows of departures that were sold out."""
        spread = self._by_way["spread"]
        for way, name, ratio in (
            ("named", "one departure, seats named, until sold out", Bound(value=0.8)),
            ("unnamed", "one departure, any seat, until sold out", None),
        ):
            rounds = self._by_way[way]
            yield Figure(
                name=name,
                unit="/s",
                rounds=rounds.rates,
                beside=spread.rates,
                beside_name="many departures",
                ratio=ratio,
                notes={"cores": rounds.cores()},
            )


def statements(name: str, recording: Recording) -> Figure:
    """The row that says how many statements a POST takes, BEGIN and COMMIT aside."""
    return Figure(
        name=f"statements of a POST, {name}",
        unit="",
        rounds=[len(recording.statements)],
        bound=Bound(value=MOST_STATEMENTS, at_most=True),
        notes={"statements": [sql for sql, _ in recording.statements]},
    )


def reserving(seat: Asked) -> Request:
    """The request for one seat, at the price of an offer."""
    offer_id = offer_of(seat, is_chosen=True)
    return _post(seat, {"passenger_id": 1, "seat_number": seat.seat, "offer_id": offer_id})


def reserving_unpriced(seat: Asked) -> Request:
    """The request for one seat, at what fare will say."""
    return _post(seat, {"passenger_id": 1, "seat_number": seat.seat})


def reserving_any(seat: Asked) -> Request:
    """The request for the best seat of its departure, at the price of an offer."""
    offer_id = offer_of(seat, is_chosen=False)
    return _post(seat, {"passengers": [{"passenger_id": 1}], "offer_id": offer_id})


def _post(seat: Asked, who: dict[str, object]) -> Request:
    where = {"flight_number": seat.flight, "departure_date": seat.date.isoformat()}
    return "POST", "/api/reservations", {**where, **who}
