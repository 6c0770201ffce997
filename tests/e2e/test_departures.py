"""From a search to a seat, as a customer goes about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.client import Browser, reserve
from tests.e2e.system import System


def get(url: str) -> Any:
    answer = Browser().get(url)
    assert answer.status == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_a_seat_is_searched_for_chosen_and_seen_taken(system: System) -> None:
    departures = f"{system.gateway}/api/departures"
    later = (datetime.now(UTC) + timedelta(days=20)).date()
    search = f"{departures}?origin=ARN&destination=LHR&date={later}&seats=2&cabin=ECONOMY"
    [found] = get(search)["results"]
    number, day = found["flight_number"], found["departure_date"]
    here = f"{departures}/{number}/{day}"
    before = get(f"{here}/seats")
    free = [seat for seat in before["seats"] if seat["status"] == "FREE"]
    chosen = next(seat for seat in free if seat["position"] == "AISLE" and not seat["exit_row"])
    assert before["cabins"][0]["seats_left"] == len(free)

    seat_number = chosen["seat_number"]
    made = reserve(
        system.gateway, flight_number=number, departure_date=day, seat_number=seat_number
    )
    assert made.status == 201, made.text
    assert made.json["amount"] == before["cabins"][0]["list_price"]

    after = get(f"{here}/seats")
    changed = [
        pair for pair in zip(before["seats"], after["seats"], strict=True) if pair[0] != pair[1]
    ]
    assert changed == [(chosen, {**chosen, "status": changed[0][1]["status"]})]
    assert changed[0][1]["status"] in {"HELD", "SOLD"}
    left = [{**cabin, "seats_sold": {}} for cabin in after["cabins"]]
    assert left == [{**cabin, "seats_sold": {}} for cabin in get(here)["cabins"]]
    assert get(here)["cabins"] == get(search)["results"][0]["cabins"]
    assert after["cabins"][0]["seats_left"] == len(free) - 1

    system.wait_for(made.json["id"], "CONFIRMED")
    seats = {seat["seat_number"]: seat["status"] for seat in get(f"{here}/seats")["seats"]}
    assert seats[seat_number] == "SOLD"
