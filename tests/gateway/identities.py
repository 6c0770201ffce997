"""Keys and tokens that the gateway's tests sign in with."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from contracts.callers import READ, WRITE
from gateway.api_keys import line, new_key

ISSUER: Final = "https://identity.example"
AUDIENCE: Final = "airline"
SECRET: Final = "a-secret-that-signs-tokens-by-hand"

RSA: Final = rsa.generate_private_key(65537, 2048)
ED25519: Final = ed25519.Ed25519PrivateKey.generate()
P256: Final = ec.generate_private_key(ec.SECP256R1())


def key_set(**keys: Any) -> str:
    """A JSON Web Key Set with the public halves of these keys, by their names."""
    made = [{**_public(key), "kid": name, "use": "sig"} for name, key in keys.items()]
    return json.dumps({"keys": made})


def _public(key: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)


def token(key: Any, algorithm: str, *, kid: str | None = None, **claims: Any) -> str:
    """A token that is accepted, but for these claims; one that is None is left out."""
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "eva",
        "scope": f"{READ} {WRITE}",
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
        **claims,
    }
    given = {name: claim for name, claim in told.items() if claim is not None}
    return jwt.encode(given, key, algorithm, headers={"kid": kid} if kid else None)


def add_key(file: Path, customer: str, scopes: Sequence[str] = (READ, WRITE)) -> str:
    """A key that the file lets in from now on."""
    key = new_key()
    with file.open("a") as lines:
        lines.write(f"{line(key, customer, scopes)}  # made by a test\n")
    return key
