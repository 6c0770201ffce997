"""Bad input: every row of the table, each naming its field, and nothing written."""

import json
from typing import Any

import pytest
from django.test import Client, override_settings

from booking.models import Reservation, Seat
from booking.serializers import TRIAL_TOKEN, ReservationRequest
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.http import PROBLEM, REQUEST, post, post_reservation

pytestmark = pytest.mark.django_db

ABSENT = object()
IDS = ("passenger_id", "flight_number")


@pytest.fixture(autouse=True)
def bookable_seat() -> None:
    """A seat that a good request would get."""
    factories.departure(factories.flight())


def assert_refused(response: Any, status: int) -> dict[str, Any]:
    """The problem document, after seeing that nothing was written."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == PROBLEM
    assert not Reservation.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert not Seat.objects.exclude(status=Seat.Status.FREE).exists()
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    return problem


def fields(problem: dict[str, Any]) -> set[str]:
    """The fields that the problem names, each with something to say."""
    assert all(error["detail"] for error in problem["errors"])
    return {error["field"] for error in problem["errors"]}


WRONG_IDS = [
    pytest.param(ABSENT, id="missing"),
    pytest.param(None, id="null"),
    pytest.param("1", id="string"),
    pytest.param("", id="empty"),
    pytest.param("one", id="word"),
    pytest.param(1.0, id="float"),
    pytest.param(1.5, id="fraction"),
    pytest.param(True, id="true"),
    pytest.param(False, id="false"),
    pytest.param([1], id="list"),
    pytest.param({"id": 1}, id="object"),
    pytest.param(0, id="zero"),
    pytest.param(-1, id="negative"),
    pytest.param(-(2**63), id="very negative"),
    pytest.param(2**53, id="over range"),
    pytest.param(2**64, id="over 64 bits"),
    pytest.param(10**400, id="hundreds of digits"),
]


@pytest.mark.parametrize("field", IDS)
@pytest.mark.parametrize("value", WRONG_IDS)
def test_an_id_that_is_no_id_is_refused(client: Client, field: str, value: Any) -> None:
    body = {name: given for name, given in {**REQUEST, field: value}.items() if given is not ABSENT}
    assert fields(assert_refused(post(client, body), 400)) == {field}


def test_a_flight_number_beyond_the_column_is_refused(client: Client) -> None:
    problem = assert_refused(post_reservation(client, flight_number=2**31), 400)
    assert fields(problem) == {"flight_number"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ABSENT, id="missing"),
        pytest.param(None, id="null"),
        pytest.param(12, id="number"),
        pytest.param(True, id="true"),
        pytest.param(["12A"], id="list"),
        pytest.param({"row": 12}, id="object"),
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("A" * 5, id="oversized"),
        pytest.param("A" * 60_000, id="enormous"),
        pytest.param("A12", id="letter first"),
        pytest.param("12", id="no letter"),
        pytest.param("0A", id="row zero"),
        pytest.param("012A", id="leading zero"),
        pytest.param("100A", id="row of three digits"),
        pytest.param("12I", id="a letter that aircraft do not have"),
        pytest.param("12A\n1", id="two lines"),
        pytest.param("12A ", id="a space at the end"),
        pytest.param("12\x00", id="NUL"),
        pytest.param("१२A", id="other digits"),
        pytest.param("12Ä", id="other letters"),
    ],
)
def test_a_seat_number_that_is_none_is_refused(client: Client, value: Any) -> None:
    given = {**REQUEST, "seat_number": value}
    body = json.dumps({name: given for name, given in given.items() if given is not ABSENT})
    assert fields(assert_refused(post(client, body), 400)) == {"seat_number"}


@pytest.mark.parametrize("value", [None, "", " ", 7, ["tok"], "t" * 201, "tok\x00"])
def test_a_payment_token_that_is_none_is_refused(client: Client, value: Any) -> None:
    problem = assert_refused(post_reservation(client, payment_token=value), 400)
    assert fields(problem) == {"payment_token"}


@pytest.mark.parametrize("name", ["status", "amount", "id", "customer_id", "departure", "", "ü"])
def test_an_unknown_field_is_refused(client: Client, name: str) -> None:
    problem = assert_refused(post(client, {**REQUEST, name: "CONFIRMED"}), 400)
    assert fields(problem) == {name}


def test_every_field_that_is_wrong_is_named_at_once(client: Client) -> None:
    problem = assert_refused(post(client, {"passenger_id": -1, "seat_number": 5, "extra": 1}), 400)
    assert fields(problem) == {"passenger_id", "flight_number", "seat_number", "extra"}


def test_an_empty_object_misses_every_field(client: Client) -> None:
    assert fields(assert_refused(post(client, {}), 400)) == set(REQUEST)


def test_a_refusal_says_what_kind_it_is(client: Client) -> None:
    problem = assert_refused(post(client, {}), 400)
    assert problem["type"] == "urn:problem-type:airline:invalid-request"
    assert problem["title"] == "Invalid request"


@pytest.mark.parametrize("body", ["[]", '[{"passenger_id": 1}]', "1", '"text"', "null", "true"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    problem = assert_refused(post(client, body), 400)
    assert "errors" in problem


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{", id="cut off"),
        pytest.param("passenger_id=1", id="not JSON"),
        pytest.param("{'passenger_id': 1}", id="single quotes"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param('{"passenger_id": NaN}', id="NaN"),
        pytest.param(f'{{"seat_number": "12B", {json.dumps(REQUEST)[1:]}', id="a name twice"),
        pytest.param('{"passenger_id": Infinity}', id="Infinity"),
        pytest.param(
            json.dumps({**REQUEST, "contact": {"given_name": "\ud83d"}}), id="half a surrogate pair"
        ),
        pytest.param(json.dumps({**REQUEST, "\ud83d": 1}), id="half a pair in a name"),
        pytest.param("[" * 30_000, id="deep nesting cut off"),
        pytest.param('{"a":' * 9000 + "1" + "}" * 9000, id="deep nesting"),
        pytest.param('{"passenger_id": ' + "9" * 5000 + "}", id="thousands of digits"),
    ],
)
def test_invalid_json_is_refused(client: Client, body: str | bytes) -> None:
    assert_refused(post(client, body), 400)


def test_an_empty_body_is_refused(client: Client) -> None:
    assert_refused(post(client, ""), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "nonsense"])
def test_another_content_type_is_refused(client: Client, content_type: str) -> None:
    assert_refused(post(client, json.dumps(REQUEST), content_type), 415)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_another_method_on_the_list_is_refused(client: Client, method: str) -> None:
    response = getattr(client, method)("/api/reservations", REQUEST, "application/json")
    assert_refused(response, 405)
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_reservation_is_changed_by_no_other_method(client: Client, method: str) -> None:
    path = "/api/reservations/0198f5a0-0000-7000-8000-000000000000"
    assert_refused(getattr(client, method)(path, {}, "application/json"), 405)


def test_an_unknown_path_is_refused_whatever_the_method(client: Client) -> None:
    assert_refused(client.post("/api/nowhere", REQUEST, "application/json"), 404)


def test_a_representation_that_cannot_be_had_is_refused(client: Client) -> None:
    response = post(client, json.dumps(REQUEST), headers={"accept": "application/xml"})
    assert_refused(response, 406)


def test_a_body_over_64_kib_is_refused(client: Client) -> None:
    assert_refused(post_reservation(client, seat_number="A" * 65_536), 413)


def test_a_body_of_64_kib_is_read(client: Client) -> None:
    body = json.dumps(REQUEST).ljust(65_536)
    assert post(client, body).status_code == 201


@pytest.mark.parametrize("passenger_id", [1, 2**53 - 1])
def test_the_ends_of_the_range_of_ids_are_accepted(client: Client, passenger_id: int) -> None:
    response = post_reservation(client, passenger_id=passenger_id)
    assert response.json()["passenger_id"] == passenger_id


@pytest.mark.parametrize("passenger_id", ["1.5", "one", "", "-1", "0", "1e3", "9" * 1001])
def test_a_form_is_held_to_the_same_numbers(client: Client, passenger_id: str) -> None:
    form = {**REQUEST, "passenger_id": passenger_id}
    problem = assert_refused(client.post("/api/reservations", form), 400)
    assert fields(problem) == {"passenger_id"}


def test_a_trial_card_stands_in_under_trial() -> None:
    asked = ReservationRequest(data=REQUEST)
    assert asked.is_valid()
    assert asked.validated_data["payment_token"] == TRIAL_TOKEN


@override_settings(TRIAL=False)
def test_without_trial_a_card_is_required_like_any_other_field() -> None:
    asked = ReservationRequest(data={"passenger_id": 1, "flight_number": 1001})
    assert not asked.is_valid()
    assert set(asked.errors) == {"seat_number", "payment_token"}


@pytest.mark.parametrize("number", ["4111111111111111", "4111 1111 1111 1111", "378282246310005"])
def test_a_card_number_is_never_taken_for_a_token(number: str) -> None:
    asked = ReservationRequest(data={**REQUEST, "payment_token": number})
    assert not asked.is_valid()
    assert "card number" in str(asked.errors["payment_token"])


# Fields are shared


FORMS: dict[str, tuple[dict[str, Any], bool]] = {
    "one passenger": ({"passenger_id": 1, "flight_number": 1001, "seat_number": "1A"}, False),
    "a list": ({"flight_number": 1001, "passengers": [{"passenger_id": 1}]}, False),
    "one passenger's hold": (
        {"passenger_id": 1, "flight_number": 1001, "seat_number": "1A"},
        True,
    ),
    "a list's hold": ({"flight_number": 1001, "passengers": [{"passenger_id": 1}]}, True),
}


@pytest.mark.parametrize("before", FORMS)
@pytest.mark.parametrize("form", FORMS)
def test_a_request_has_the_fields_of_its_own_form_whatever_came_before(
    form: str, before: str
) -> None:
    for name in (before, form):
        body, hold = FORMS[name]
        asked = ReservationRequest(data=body, context={"hold": hold})
        assert asked.is_valid(), asked.errors
    assert ("payment_token" in asked.fields) is not hold
    assert ("passenger_id" in asked.fields) is ("passenger_id" in body)
    assert (asked.validated_data["payment_token"] is None) is hold


def test_a_form_and_json_take_turns_without_being_taken_for_each_other(client: Client) -> None:
    for _ in range(2):
        assert fields(assert_refused(post(client, {**REQUEST, "passenger_id": "1"}), 400))
        form = client.post("/api/reservations", {**REQUEST, "passenger_id": "x"})
        assert fields(assert_refused(form, 400)) == {"passenger_id"}
    assert client.post("/api/reservations", REQUEST).status_code == 201


def test_shared_fields_keep_nothing_of_a_request() -> None:
    asked = ReservationRequest(data=REQUEST, context={"hold": False})
    assert asked.is_valid()
    for field in asked.fields.values():
        assert not hasattr(field.root, "initial_data")
        assert field.context == {}
