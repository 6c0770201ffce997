"""Schedules are loaded as a whole or not at all."""

from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import planning
from booking.models import Flight, SchedulePeriod
from booking.schedules import BadSchedule, Loaded, load_schedule
from tests.booking import factories
from tests.booking.schedules import records
from tests.booking.schedules.records import csv, leg, segment, ssim
from tests.threads import at_once, results

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "schedules"
PRICES = {"ECONOMY": 12900}


@pytest.fixture(autouse=True)
def network(db: None) -> None:
    """Stockholm, London and New York, and a small aircraft."""
    for code, zone in {
        "ARN": "Europe/Stockholm",
        "OSL": "Europe/Oslo",
        "LHR": "Europe/London",
        "JFK": "America/New_York",
    }.items():
        factories.airport(code, zone)
    for code in ("32N", "AT7"):
        factories.aircraft_type(1, "A C", code)
    long_range = factories.aircraft_type(1, "A C", "32Q")
    long_range.layouts.create(cabin="BUSINESS", first_row=2, last_row=2, letters="A C")


def load(content: bytes) -> Loaded:
    return load_schedule(content=content, prices=PRICES, currency="EUR")


def refused(content: bytes, **options: Any) -> list[str]:
    """What is said about the bad lines; nothing may be there afterwards that was not before."""
    before = (Flight.objects.count(), SchedulePeriod.objects.count())
    with pytest.raises(BadSchedule) as refusal:
        load_schedule(content=content, **{"prices": PRICES, "currency": "EUR", **options})
    assert (Flight.objects.count(), SchedulePeriod.objects.count()) == before
    return [str(line) for line in refusal.value.lines]


# What is loaded


@pytest.mark.parametrize("content", [csv({}), ssim(leg())], ids=["CSV", "SSIM"])
def test_a_flight_and_its_period_are_what_the_file_says(content: bytes) -> None:
    assert load(content) == Loaded(flights=1, periods=1, unchanged=0)
    period = SchedulePeriod.objects.select_related("flight").get()
    flight = period.flight
    assert (flight.carrier, flight.number, flight.currency) == ("ZQ", 1201, "EUR")
    assert (flight.origin_id, flight.destination_id) == ("ARN", "LHR")
    assert flight.list_prices == {"ECONOMY": 12900}
    assert (period.valid_from, period.valid_to) == (date(2027, 3, 28), date(2027, 10, 30))
    assert (period.days, period.departure_time) == ("1234567", time(8, 30))
    assert (period.duration_minutes, period.aircraft_type_id) == (160, "32N")


@pytest.mark.parametrize("content", [csv({}), ssim(leg())], ids=["CSV", "SSIM"])
def test_the_same_file_can_be_loaded_again(content: bytes) -> None:
    load(content)
    assert load(content) == Loaded(flights=0, periods=0, unchanged=1)


def test_what_is_loaded_is_planned(settings: Any) -> None:
    load(csv({"days": "67"}))
    settings.HORIZON_DAYS = 7
    assert planning.keep_horizon(now=datetime(2027, 4, 5, tzinfo=UTC))
    departures = Flight.objects.get().departures.order_by("date")
    assert [one.date for one in departures] == [date(2027, 4, 10), date(2027, 4, 11)]


def test_an_arrival_may_be_on_the_next_day_and_in_another_zone() -> None:
    night = {"origin": "JFK", "destination": "ARN"}
    load(
        csv(
            {**night, "departure_time": "17:45", "arrival_time": "07:30", "arrival_day_offset": "1"}
        )
    )
    assert SchedulePeriod.objects.get().duration_minutes == 465


def test_a_period_may_have_no_end() -> None:
    load(csv({"valid_to": ""}))
    load(ssim(leg(number="1202", valid_to="00XXX00")))
    assert set(SchedulePeriod.objects.values_list("valid_to", flat=True)) == {None}


def test_a_flight_may_have_several_periods() -> None:
    content = ssim(leg(3, days="12345  "), leg(4, days="     67", departure_time="0930"))
    assert load(content) == Loaded(flights=1, periods=2, unchanged=0)


def test_the_fields_of_a_leg_are_where_the_manual_has_them() -> None:
    """Written out by hand, with aircraft times that differ from the passengers'."""
    written = (
        "3 ZQ 12010101J28MAR2730OCT2712345   ARN08300840+0200 5LHR10051010+0100 232N"
        "Y                        MM        " + 17 * " " + 6 * " " + 59 * " " + "00000003"
    )
    assert len(written) == 200
    load(written.encode())
    period = SchedulePeriod.objects.select_related("flight").get()
    assert str(period) == "ZQ1201 ARN-LHR on days 12345 from 2027-03-28 to 2027-10-30"
    assert (period.departure_time, period.duration_minutes) == (time(8, 30), 160)
    assert period.aircraft_type_id == "32N"


def test_segment_data_belongs_to_its_leg_and_changes_nothing() -> None:
    one = leg()
    assert load(ssim(one, segment(one, 4), segment(one, 5))).periods == 1


def test_header_carrier_trailer_and_filling_zeros_may_be_missing_or_there() -> None:
    assert load(leg().encode()).periods == 1
    assert load(ssim(leg()) + b"0" * 200 + b"\n").unchanged == 1


def test_the_examples_of_the_documentation_can_be_loaded() -> None:
    assert load((EXAMPLES / "example.csv").read_bytes()) == Loaded(4, 4, 0)
    assert load((EXAMPLES / "example.ssim").read_bytes()) == Loaded(2, 3, 0)


def test_a_file_with_a_byte_order_mark_and_quotes_is_read() -> None:
    assert load(b"\xef\xbb\xbf" + csv({"carrier": '"ZQ"'})).periods == 1


# What is refused


def test_every_bad_line_is_named_with_all_that_is_wrong_and_nothing_is_loaded() -> None:
    assert refused(csv({}, {"origin": "arn", "days": "8"}, {"destination": "XXX"})) == [
        "line 3: origin 'arn': must be an IATA code of three capitals; "
        "days '8': must be the digits 1 (Monday) to 7 (Sunday), such as 12345",
        "line 4: there is no airport XXX",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"carrier": "zq"}, "carrier 'zq': must be two capitals or digits"),
        ({"flight_number": "0"}, "number '0': must be a whole number from 1 to 9999"),
        ({"flight_number": "10000"}, "number '10000': must be"),
        ({"flight_number": "١٢"}, "must be a whole number"),
        ({"valid_from": "2027-02-29"}, "must be a date of this century"),
        ({"valid_from": "9999-12-31"}, "must be a date of this century"),
        ({"valid_to": "2027-03-27"}, "its last day is before its first"),
        ({"valid_to": "2027-03-28", "days": "1"}, "none of its days of operation is within"),
        ({"days": ""}, "must be the digits"),
        ({"days": "31"}, "must be the digits"),
        ({"departure_time": "24:00"}, "must be a time from 00:00 to 23:59"),
        ({"departure_time": "8:30"}, "must be a time"),
        ({"arrival_time": ""}, "must be a time"),
        ({"arrival_time": "05:00"}, "it arrives -150 minutes after it departs"),
        ({"arrival_day_offset": "3"}, "must be a whole number from 0 to 2"),
        ({"arrival_day_offset": "2"}, "minutes after it departs"),
        ({"aircraft_type": "XXX"}, "there is no aircraft type XXX"),
        ({"aircraft_type": "32Q"}, "ZQ1201 ARN-LHR has no list price for BUSINESS"),
        ({"destination": "ARN"}, "it goes to where it starts"),
        ({"currency": ""}, "prices need a currency"),
        ({"currency": "€"}, "must be an ISO 4217 code"),
        ({"economy_price": "129.00"}, "economy price '129.00': must be a whole number"),
        ({"economy_price": "0"}, "must be a whole number"),
    ],
)
def test_a_line_of_csv_is_refused(changes: dict[str, str], reason: str) -> None:
    [line] = refused(csv(changes))
    assert line.startswith("line 2: ")
    assert reason in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: the header lacks carrier"),
        (b"\n\n", "line 1: the header lacks carrier"),
        (csv({}).replace(b"origin", b"from"), "line 1: the header lacks origin"),
        (csv({}).replace(b"currency", b"money"), "line 1: the header has unknown columns: 'money'"),
        (csv({}).replace(b"currency", b"origin"), "line 1: the header has a column twice"),
        (csv({}) + b"ZQ,1202\n", "line 3: there are 2 fields, the header has 13"),
        (csv({}) + b'"ZQ', "line 3: this is not CSV"),
        (csv({}) + b"\xff", "line 3: this is not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_csv_is_refused(content: bytes, reason: str) -> None:
    assert any(line.startswith(reason) for line in refused(content))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"suffix": "A"}, "operational suffix 'A': must be blank"),
        ({"carrier": "Z"}, "must be two capitals or digits"),
        ({"number": "12A1"}, "number '12A1': must be a whole number"),
        ({"leg": "02"}, "leg sequence '02': must be 01: flights have one leg here"),
        ({"service": "F"}, "service type 'F': must be one of"),
        ({"frequency": "2"}, "frequency rate '2': must be blank"),
        ({"valid_from": "29FEB27"}, "must be a date such as 29MAR26"),
        ({"valid_from": "28mar27"}, "must be a date such as 29MAR26"),
        ({"valid_from": "00XXX00"}, "must be a date such as 29MAR26"),
        ({"valid_to": "27MAR27"}, "its last day is before its first"),
        ({"days": "7654321"}, "must have each day's digit at its place"),
        ({"days": "13     "}, "must have each day's digit at its place"),
        ({"days": "       "}, "must have each day's digit at its place"),
        ({"departure_time": "2400"}, "must be a time from 00:00 to 23:59"),
        ({"departure_offset": "0200 "}, "must be the variation from UTC"),
        ({"departure_offset": "+0260"}, "must be the variation from UTC"),
        ({"departure_offset": "+0100"}, "ARN is 2:00:00 ahead of UTC then, not 60 minutes"),
        ({"arrival_offset": "-0100"}, "LHR is 1:00:00 ahead of UTC then, not -60 minutes"),
        ({"date_variation": "11"}, "must be 0 for the departure"),
        ({"date_variation": "0A"}, "must be 0 for the departure"),
        ({"aircraft_type": "3 N"}, "must be an IATA code"),
        ({"origin": "XXX"}, "there is no airport XXX"),
    ],
)
def test_a_leg_of_ssim_is_refused(changes: dict[str, str], reason: str) -> None:
    [line] = refused(ssim(leg(3, **changes)))
    assert line.startswith("line 3: ")
    assert reason in line


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([leg()[:-1]], "line 1: a record has 200 bytes, this one 199"),
        ([leg() + " "], "line 1: a record has 200 bytes, this one 201"),
        ([leg().replace("ZQ ", "ZÖ ")], "line 1: a record has ASCII characters only"),
        ([leg().replace("ZQ ", "Z\0 ")], "line 1: a record has ASCII characters only"),
        (["7" + leg()[1:]], "line 1: there is no record type '7'"),
        ([leg()[:-6] + "00000x"], "line 1: the serial number in bytes 195-200 must be six digits"),
        (
            [leg(3), leg(5, number="1202")],
            "line 2: the serial number 000005 does not",
        ),
        ([records.carrier("U")], "line 1: times must be local"),
        ([segment(leg(), 4)], "line 1: segment data must follow its leg"),
        ([leg(), segment(leg(number="1202"), 4)], "line 2: segment data must follow its leg"),
        ([leg(), segment(leg(), 4, element="1 6")], "line 2: the data element in bytes 31-33"),
        ([leg(), segment(leg(), 4, ends="ARNJFK")], "line 2: the segment ARN-JFK is not its leg's"),
    ],
)
def test_a_record_of_ssim_is_refused(lines: list[str], reason: str) -> None:
    assert any(line.startswith(reason) for line in refused("\n".join(lines).encode()))


def test_after_the_last_serial_number_comes_the_second() -> None:
    assert load(f"{leg(999_999)}\n{leg(2, number='1202')}".encode()).periods == 2


def test_lines_of_zeros_may_be_counted_or_not() -> None:
    zeros = "0" * 200
    assert load(f"{leg(3)}\n{zeros}\n{leg(5, number='1202')}".encode()).periods == 2
    assert load(f"{leg(3)}\n{zeros}\n{leg(4, number='1202')}".encode()).unchanged == 2


def test_two_lines_with_the_same_dates_are_refused() -> None:
    [line] = refused(csv({}, {"departure_time": "09:00"}))
    assert line.startswith(
        "line 3: it has dates of: ZQ1201 ARN-LHR on days 1234567 from 2027-03-28"
    )


def test_dates_that_are_scheduled_already_are_refused() -> None:
    load(csv({}))
    [line] = refused(csv({"valid_from": "2027-10-30", "valid_to": ""}))
    assert "it has dates of: ZQ1201" in line
    assert load(csv({"valid_from": "2027-10-31", "valid_to": ""})).periods == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"destination": "JFK", "arrival_time": "11:30"}, "flight 1201 is ZQ1201 ARN-LHR"),
        ({"carrier": "XX"}, "flight 1201 is ZQ1201 ARN-LHR"),
        ({"economy_price": "1"}, "ZQ1201 ARN-LHR has the prices {'ECONOMY': 12900} EUR"),
        ({"currency": "SEK"}, "ZQ1201 ARN-LHR has the prices {'ECONOMY': 12900} EUR"),
    ],
)
def test_a_flight_that_is_there_keeps_its_route_and_prices(
    changes: dict[str, str], reason: str
) -> None:
    load(csv({}))
    [line] = refused(csv({"valid_from": "2028-01-01", "valid_to": "", **changes}))
    assert reason in line


def test_a_flight_that_is_there_needs_no_prices() -> None:
    load(csv({}))
    content = csv({"valid_from": "2028-01-01", "valid_to": "", "economy_price": "", "currency": ""})
    assert load_schedule(content=content).periods == 1


def test_a_new_flight_without_any_price_is_refused() -> None:
    [line] = refused(ssim(leg()), prices=None, currency=None)
    assert line.endswith("ZQ1201 ARN-LHR is new and has neither list prices nor a currency")


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_loaded_several_times_at_once_is_there_once() -> None:
    content = csv(*({"flight_number": str(number)} for number in range(1, 31)))
    loaded = results(at_once([partial(load, content)] * 4))
    assert sum(one.periods for one in loaded) == 30
    assert (Flight.objects.count(), SchedulePeriod.objects.count()) == (30, 30)


# Anything at all


def anything_loads_or_is_refused(content: bytes) -> None:
    """Whatever comes, the answer is what was loaded, or which lines are bad."""
    try:
        loaded = load(content)
    except BadSchedule as bad:
        assert bad.lines
        assert all(
            0 < line.line <= content.count(b"\n") + content.count(b"\r") + 1 for line in bad.lines
        )
    else:
        assert SchedulePeriod.objects.count() == loaded.periods
    SchedulePeriod.objects.all().delete()
    Flight.objects.all().delete()


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXT = st.text(max_size=20) | st.sampled_from([*records.CSV.values(), '"', "2099-12-31", "23:59"])


@FUZZ
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    anything_loads_or_is_refused(content)


@FUZZ
@given(st.lists(st.dictionaries(st.sampled_from(list(records.CSV)), TEXT, max_size=3), max_size=4))
def test_no_fields_of_csv_make_it_fail(lines: list[dict[str, str]]) -> None:
    anything_loads_or_is_refused(csv(*lines))


@FUZZ
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(list(records.LEG)),
            st.text("0123456789 +-ABCJMNRX\n", max_size=9),
            max_size=2,
        ),
        max_size=4,
    )
)
def test_no_cells_of_ssim_make_it_fail(changes: list[dict[str, str]]) -> None:
    legs = [leg(serial, **change) for serial, change in enumerate(changes, 3)]
    anything_loads_or_is_refused(ssim(*legs))
