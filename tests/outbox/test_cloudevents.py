"""The envelope in Kafka's headers. What becomes of a malformed message is `test_inbox`'s."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbox.cloudevents import HIGHEST_SEQUENCE, LONGEST, Envelope, Malformed, headers, parse
from outbox.models import HeldMessage
from outbox.rows import Row

ID = UUID("0195a0a0-0000-7000-8000-000000000000")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GOOD = {
    "ce_specversion": b"1.0",
    "ce_id": str(ID).encode(),
    "ce_source": b"/shop",
    "ce_type": b"shop.OrderPlaced.v1",
    "ce_subject": b"order-1",
    "ce_sequence": b"7",
}
# A busy machine is no failure.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
REQUIRED = sorted(GOOD.keys() - {"ce_specversion"})


def a_row(traceparent: str = "") -> Row:
    """A stored event, the seventh of its key."""
    return Row(
        id=1,
        event_id=ID,
        shard=0,
        topic="shop.events",
        type="shop.OrderPlaced.v1",
        key="order-1",
        sequence=7,
        payload="{}",
        traceparent=traceparent,
        created_at=datetime(2040, 1, 10, 12, 0, tzinfo=UTC),
    )


def parsed(changes: dict[str, bytes | None], key: bytes | None = b"order-1") -> Envelope:
    """What a good message's headers say after these changes; None takes one away."""
    changed = {**GOOD, **changes}
    return parse(key, [(name, value) for name, value in changed.items() if value is not None])


def sent(row: Row, source: str) -> list[tuple[str, bytes]]:
    """A row's headers as a consumer gets them."""
    return [(name, str(value).encode()) for name, value in headers(row, source)]


def texts(longest: int) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can carry and a column has room for."""
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=longest)


def test_the_headers_are_those_of_cloudevents_in_kafkas_binary_mode() -> None:
    assert headers(a_row(), "shop") == [
        ("ce_specversion", "1.0"),
        ("ce_id", str(ID)),
        ("ce_source", "/shop"),
        ("ce_type", "shop.OrderPlaced.v1"),
        ("ce_subject", "order-1"),
        ("ce_time", "2040-01-10T12:00:00+00:00"),
        ("ce_sequence", "7"),
        ("content-type", "application/json"),
    ]


def test_a_trace_goes_along_where_there_is_one() -> None:
    assert headers(a_row(traceparent=TRACE), "shop")[-1] == ("traceparent", TRACE)


@PATIENT
@given(
    event_id=st.uuids(),
    source=texts(LONGEST["source"]),
    event_type=texts(LONGEST["type"]),
    key=texts(LONGEST["key"]),
    sequence=st.integers(1, HIGHEST_SEQUENCE),
    traceparent=st.sampled_from(["", TRACE]),
)
def test_what_is_written_is_what_is_read(
    event_id: UUID, source: str, event_type: str, key: str, sequence: int, traceparent: str
) -> None:
    row = a_row(traceparent)._replace(
        event_id=event_id, type=event_type, key=key, sequence=sequence
    )
    assert parse(key.encode(), sent(row, source)) == Envelope(
        id=str(event_id),
        source=source,
        type=event_type,
        key=key,
        sequence=sequence,
        traceparent=traceparent,
    )


@PATIENT
@given(
    changes=st.dictionaries(st.sampled_from(sorted(GOOD)), st.none() | st.binary()),
    key=st.none() | st.binary(),
    same_key=st.booleans(),
)
def test_whatever_comes_is_read_within_its_limits_or_malformed(
    changes: dict[str, bytes | None], key: bytes | None, same_key: bool
) -> None:
    try:
        envelope = parsed(changes, {**GOOD, **changes}["ce_subject"] if same_key else key)
    except Malformed:
        return
    assert 1 <= envelope.sequence <= HIGHEST_SEQUENCE
    assert all(0 < len(getattr(envelope, name)) <= most for name, most in LONGEST.items())


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name: str) -> None:
    with pytest.raises(Malformed, match=rf"^the header '{name}' is missing$"):
        parsed({name: None})


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_header_that_is_no_text_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match=r"^a header cannot be read: "):
        parsed({name: b"\xff"})


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type"])
def test_an_empty_header_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match=r"^a required header is empty$"):
        parsed({name: b""})


@pytest.mark.parametrize("value", [None, b"", b"0.3", b"1", b"1.0.2"])
def test_another_version_is_malformed(value: bytes | None) -> None:
    with pytest.raises(Malformed, match=r"^ce_specversion is not 1\.0$"):
        parsed({"ce_specversion": value})


@pytest.mark.parametrize("key", [None, b"", b"order-2", b"order-1 "])
def test_a_key_that_is_not_the_subject_is_malformed(key: bytes | None) -> None:
    with pytest.raises(Malformed, match=r"^the message's key is not its ce_subject$"):
        parsed({}, key)


@pytest.mark.parametrize(
    "value",
    ["", "seven", "-7", "+7", "7.0", " 7", "7_0", "\N{ARABIC-INDIC DIGIT SEVEN}", "7" * 5000],
)
def test_a_sequence_that_is_no_number_is_malformed_and_quoted_shortly(value: str) -> None:
    with pytest.raises(Malformed, match=r"ce_sequence .* is not a number$") as refused:
        parsed({"ce_sequence": value.encode()})
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("value", [0, HIGHEST_SEQUENCE + 1])
def test_a_sequence_that_no_event_can_have_is_malformed(value: int) -> None:
    with pytest.raises(Malformed, match=r"^ce_sequence is not positive, or far too high$"):
        parsed({"ce_sequence": str(value).encode()})


@pytest.mark.parametrize(("name", "longest"), LONGEST.items())
def test_what_the_tables_have_no_room_for_is_malformed(name: str, longest: int) -> None:
    header = "ce_subject" if name == "key" else f"ce_{name}"
    value = b"x" * (longest + 1)
    with pytest.raises(Malformed, match=rf"^the {name} is longer than {longest} characters$"):
        parsed({header: value}, value if name == "key" else b"order-1")


@pytest.mark.parametrize(("name", "longest"), LONGEST.items())
def test_what_just_fits_into_the_tables_is_read(name: str, longest: int) -> None:
    header = "ce_subject" if name == "key" else f"ce_{name}"
    value = b"x" * longest
    envelope = parsed({header: value}, value if name == "key" else b"order-1")
    column: Any = HeldMessage._meta.get_field(name)
    assert len(getattr(envelope, name)) == column.max_length


def test_the_names_of_headers_may_be_written_in_capitals() -> None:
    assert parse(b"order-1", [(name.upper(), value) for name, value in GOOD.items()]).sequence == 7


def test_headers_of_others_may_hold_anything() -> None:
    assert parsed({"tracer": b"\xff\x00", "ce_extension": b"\xff"}) == parsed({})
