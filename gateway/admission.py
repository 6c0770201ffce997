"""Who is let in: an API key, a JSON Web Token, or, under `TRIAL`, anybody.

For whoever is let in the gateway vouches to the service that is asked, which believes nobody else.
"""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest

from config.problems import RETRY_AFTER_SECONDS
from contracts.callers import vouch
from gateway.api_keys import PREFIX, ApiKeys
from gateway.bearer_tokens import BearerTokens, KeysUnavailable, NotAccepted
from gateway.customers import Customer
from gateway.refusals import NotSignedIn, Refused
from gateway.routes import Route

UNKNOWN: Final = "This key or token is not accepted here."


class Admission:
    """Lets callers in.

    Args:
        name: what the gateway is called by the services.
        internal_keys: what it vouches with.
        api_keys: the API keys.
        tokens: the tokens of an identity provider.
        anonymous: who somebody is that has not signed in; nobody, if they have to.
    """

    def __init__(
        self,
        *,
        name: str,
        internal_keys: Sequence[str],
        api_keys: ApiKeys,
        tokens: BearerTokens,
        anonymous: Customer | None,
    ) -> None:
        self._name = name
        self._internal_keys = internal_keys
        self._api_keys = api_keys
        self._tokens = tokens
        self._anonymous = anonymous

    def customer(self, request: HttpRequest) -> Customer:
        """Who asks.

        Raises:
            NotSignedIn: that is not known.
            Refused: it cannot be found out just now.
        """
        given = request.META.get("HTTP_AUTHORIZATION")
        if given is None:
            if self._anonymous is None:
                raise NotSignedIn("Sign in with an API key or a token.")
            return self._anonymous
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn("Sign in with `Authorization: Bearer` and an API key or a token.")
        return self._known(secret.strip())

    def vouched(self, customer: Customer, route: Route) -> Mapping[str, str]:
        """The header by which the route's service knows the customer."""
        return vouch(
            customer.name,
            customer.scopes,
            by=self._name,
            to=route.service,
            keys=self._internal_keys,
            at=time.time(),
        )

    def _known(self, secret: str) -> Customer:
        if secret.startswith(PREFIX):
            if (customer := self._api_keys.customer(secret)) is None:
                raise NotSignedIn(UNKNOWN, "invalid_token")
            return customer
        try:
            return self._tokens.customer(secret)
        except NotAccepted as error:
            raise NotSignedIn(f"{UNKNOWN} {error}", "invalid_token") from error
        except KeysUnavailable as error:
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The keys of tokens cannot be had just now; try again shortly.",
                {"Retry-After": str(RETRY_AFTER_SECONDS)},
            ) from error
