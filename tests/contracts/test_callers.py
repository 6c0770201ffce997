"""Tokens by which a service knows who asks."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.callers import (
    LIFETIME_SECONDS,
    OPS,
    READ,
    SCHEME,
    SKEW_SECONDS,
    WRITE,
    NotVouchedFor,
    verify,
    vouch,
    vouch_for_service,
)

KEYS = ("the-key-in-use", "the-key-before")
NOW = 1_800_000_000.9


def token(subject: str = "eva", *scopes: str, to: str = "booking", keys: Any = KEYS) -> str:
    header = vouch(subject, scopes, by="gateway", to=to, keys=keys, at=NOW)["Authorization"]
    scheme, _, made = header.partition(" ")
    assert scheme == SCHEME
    return made


def test_the_service_that_is_asked_learns_who_asks_and_what_they_may() -> None:
    caller = verify(token("eva", WRITE, READ), to="booking", keys=KEYS, at=NOW)
    assert (caller.iss, caller.sub, caller.scopes) == ("gateway", "eva", frozenset({READ, WRITE}))


def test_a_service_asks_under_a_name_of_its_own_and_only_reads() -> None:
    header = vouch_for_service(by="fare", to="booking", keys=KEYS, at=NOW)
    made = header["Authorization"].removeprefix(f"{SCHEME} ")
    caller = verify(made, to="booking", keys=KEYS, at=NOW)
    assert (caller.sub, caller.scopes) == ("service:fare", frozenset({READ}))


def test_another_service_takes_it_not() -> None:
    with pytest.raises(NotVouchedFor, match="it is for booking"):
        verify(token(), to="payment", keys=KEYS, at=NOW)


def test_a_key_that_was_in_use_before_is_still_taken_and_another_is_not() -> None:
    made = token(keys=("the-key-before",))
    assert verify(made, to="booking", keys=KEYS, at=NOW).sub == "eva"
    with pytest.raises(NotVouchedFor, match="nobody here has signed it"):
        verify(made, to="booking", keys=KEYS[:1], at=NOW)


@pytest.mark.parametrize("late", [-SKEW_SECONDS - 1, LIFETIME_SECONDS + SKEW_SECONDS + 1])
def test_it_holds_for_half_a_minute_and_the_difference_of_two_clocks(late: int) -> None:
    with pytest.raises(NotVouchedFor, match="not of this time"):
        verify(token(), to="booking", keys=KEYS, at=int(NOW) + late)
    inside = late + 1 if late < 0 else late - 1
    assert verify(token(), to="booking", keys=KEYS, at=int(NOW) + inside).sub == "eva"


def test_its_form_is_that_of_a_json_web_token() -> None:
    import jwt

    options: Any = {"verify_exp": False, "verify_iat": False}
    key = "a-key-of-thirty-two-bytes-and-more"
    claims = jwt.decode(token("eva", OPS, keys=(key,)), key, ["HS256"], options, audience="booking")
    assert (claims["sub"], claims["scope"]) == ("eva", OPS)


def part(of: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()


def test_an_unsigned_token_and_one_with_another_head_are_refused() -> None:
    _, body, signature = token().split(".")
    for head in ({"alg": "none"}, {"alg": "HS256"}, {"alg": "HS512", "typ": "JWT"}):
        for end in ("", signature):
            with pytest.raises(NotVouchedFor):
                verify(f"{part(head)}.{body}.{end}", to="booking", keys=KEYS, at=NOW)


def test_what_the_key_has_signed_for_something_else_is_refused() -> None:
    import jwt

    key = "a-key-of-thirty-two-bytes-and-more"
    _, body, _ = token("eva", READ, keys=(key,)).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    made = jwt.encode(claims, key, "HS256", headers={"kid": "another"})
    with pytest.raises(NotVouchedFor):
        verify(made, to="booking", keys=(key,), at=NOW)


@given(at=st.integers(min_value=0), bit=st.integers(0, 6))
def test_no_byte_of_it_can_be_changed(at: int, bit: int) -> None:
    made = bytearray(token("eva", READ).encode())
    made[at % len(made)] ^= 1 << bit
    with pytest.raises(NotVouchedFor):
        verify(made.decode("latin-1"), to="booking", keys=KEYS, at=NOW)


@given(st.text())
def test_no_text_is_taken_for_one(text: str) -> None:
    with pytest.raises(NotVouchedFor):
        verify(text, to="booking", keys=KEYS, at=NOW)
