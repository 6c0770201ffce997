"""JSON Web Tokens: which are accepted, and by which keys."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts.callers import READ, WRITE
from gateway import key_sets
from gateway.bearer_tokens import BearerTokens, KeysUnavailable, NotAccepted
from gateway.customers import Customer
from gateway.key_sets import keys_at
from tests.gateway.identities import (
    AUDIENCE,
    ED25519,
    ISSUER,
    P256,
    RSA,
    SECRET,
    key_set,
    token,
)
from tests.gateway.upstreams import Script, Service, answering, sending

Start = Callable[[Script], Service]


def reading(place: str = "", secret: str = "") -> BearerTokens:
    return BearerTokens(issuer=ISSUER, audience=AUDIENCE, keys=keys_at(place), secret=secret)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "keys.json"
    made.write_text(key_set(rsa=RSA, ed=ED25519))
    return made


@pytest.fixture
def tokens(file: Path) -> BearerTokens:
    return reading(str(file))


def refused(tokens: BearerTokens, made: str) -> str:
    with pytest.raises(NotAccepted) as refusal:
        tokens.customer(made)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (ED25519, "EdDSA", "ed")]
)
def test_a_token_says_who_asks_and_what_they_may(
    tokens: BearerTokens, key: Any, algorithm: str, kid: str
) -> None:
    made = token(key, algorithm, kid=kid, scope=f"openid {READ} {WRITE}")
    assert tokens.customer(made) == Customer("eva", frozenset({READ, WRITE}))


def test_a_token_without_scopes_may_do_nothing(tokens: BearerTokens) -> None:
    made = token(ED25519, "EdDSA", kid="ed", scope=None)
    assert tokens.customer(made) == Customer("eva", frozenset())


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
        {"sub": None},
        {"sub": ""},
        {"sub": "service:fare"},
        {"sub": "two words"},
        {"sub": "e" * 151},
        {"scope": [READ]},
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_is_refused(tokens: BearerTokens, claims: Any) -> None:
    refused(tokens, token(ED25519, "EdDSA", kid="ed", **claims))


def test_clocks_may_differ_by_half_a_minute(tokens: BearerTokens) -> None:
    just_over = token(ED25519, "EdDSA", kid="ed", exp=int(time.time()) - 20)
    assert tokens.customer(just_over).name == "eva"
    early = token(ED25519, "EdDSA", kid="ed", nbf=int(time.time()) + 20)
    assert tokens.customer(early).name == "eva"


def test_a_token_of_another_key_is_refused(tokens: BearerTokens) -> None:
    another = rsa.generate_private_key(65537, 2048)
    assert "Signature verification failed" in refused(tokens, token(another, "RS256", kid="rsa"))


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS512"), (RSA, "PS256"), (P256, "ES256")])
def test_another_algorithm_is_refused(tokens: BearerTokens, key: Any, algorithm: str) -> None:
    refused(tokens, token(key, algorithm, kid="rsa"))


def test_what_is_public_is_never_a_secret(tokens: BearerTokens) -> None:
    public = ED25519.public_key().public_bytes_raw()
    refused(tokens, token(public, "HS256", kid="ed"))


def test_an_unsigned_token_is_refused(tokens: BearerTokens) -> None:
    refused(tokens, token(None, "none", kid="rsa"))
    refused(reading(secret=SECRET), token(None, "none"))


@pytest.mark.parametrize("made", ["", "abc", "a.b.c", "..", "é.é.é"])
def test_no_text_is_taken_for_a_token(tokens: BearerTokens, made: str) -> None:
    refused(tokens, made)


def test_a_secret_is_for_tokens_made_by_hand(tokens: BearerTokens) -> None:
    made = token(SECRET, "HS256")
    assert reading(secret=SECRET).customer(made).name == "eva"
    refused(tokens, made)
    refused(reading(secret=SECRET[:-1] + "x"), made)


def test_without_keys_no_token_is_accepted() -> None:
    assert refused(reading(), token(RSA, "RS256")) == "No tokens of this kind are."


def test_keys_that_are_too_short_are_not_used(tmp_path: Path) -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        made = token("short", "HS256")
    assert "below the minimum" in refused(reading(secret="short"), made)


def test_a_changed_file_holds_at_once(tokens: BearerTokens, file: Path) -> None:
    made = token(ED25519, "EdDSA", kid="ed")
    assert tokens.customer(made)
    file.write_text(key_set(rsa=RSA))
    assert refused(tokens, made) == "Its key is not known."


def test_a_file_that_breaks_lets_nobody_in(tokens: BearerTokens, file: Path) -> None:
    made = token(ED25519, "EdDSA", kid="ed")
    assert tokens.customer(made)
    file.write_text("{")
    refused(tokens, made)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"keys": {}}', '{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}']
)
def test_a_file_that_is_no_key_set_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"JSON|Expecting|its keys"):
        key_sets.check(file)


def test_keys_of_other_kinds_and_for_other_things_are_left_out() -> None:
    keys = json.loads(key_set(rsa=RSA, ed=ED25519, other=P256))["keys"]
    keys[1]["use"] = "enc"
    keys += [{"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, "nonsense"]
    assert set(key_sets.parsed(json.dumps({"keys": keys}))) == {"rsa"}


# Keys at a URL


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock by which keys get old."""
    clock = [1000.0]
    monkeypatch.setattr(key_sets, "monotonic", lambda: clock[0])

    def move(seconds: float) -> None:
        clock[0] += seconds

    return move


def serving(text: str) -> Script:
    return answering(text.encode())


def test_keys_are_asked_for_once_in_a_while(service: Start, now: Callable[[float], None]) -> None:
    identity = service(serving(key_set(ed=ED25519)))
    tokens, made = reading(f"{identity.url}/keys"), token(ED25519, "EdDSA", kid="ed")
    for seconds, asked in ((0, 1), (299, 1), (2, 2)):
        now(seconds)
        assert tokens.customer(made)
        assert len(identity.seen) == asked
    assert identity.seen[0].target == "/keys"


def test_a_new_key_is_asked_for_at_once_but_not_by_everybody(
    service: Start, now: Callable[[float], None]
) -> None:
    identity = service(serving(key_set(ed=ED25519)))
    tokens = reading(f"{identity.url}/keys")
    tokens.customer(token(ED25519, "EdDSA", kid="ed"))
    now(6)
    identity.script = serving(key_set(ed=ED25519, rsa=RSA))
    identity.drop_connections()
    assert tokens.customer(token(RSA, "RS256", kid="rsa"))
    for name in ("a", "b", "c"):
        assert refused(tokens, token(RSA, "RS256", kid=name)) == "Its key is not known."
    assert len(identity.seen) == 2


def test_keys_that_were_known_hold_while_nobody_answers(
    service: Start, now: Callable[[float], None]
) -> None:
    identity = service(serving(key_set(ed=ED25519)))
    tokens, made = reading(f"{identity.url}/keys"), token(ED25519, "EdDSA", kid="ed")
    assert tokens.customer(made)
    identity.close()
    now(1000)
    assert tokens.customer(made)


@pytest.mark.parametrize(
    "script",
    [
        sending(b""),
        answering(b"{"),
        answering(key_set(ed=ED25519).encode(), status="404 Not Found"),
        answering(b'{"keys": []}'.ljust(300_000)),
    ],
    ids=["lost", "no set", "not found", "endless"],
)
def test_without_any_keys_it_is_not_known_who_asks(
    service: Start, now: Callable[[float], None], script: Script
) -> None:
    identity = service(script)
    tokens, made = reading(f"{identity.url}/keys"), token(ED25519, "EdDSA", kid="ed")
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            tokens.customer(made)
    assert len(identity.seen) == 1
    identity.script = serving(key_set(ed=ED25519))
    identity.drop_connections()
    now(6)
    assert tokens.customer(made)
