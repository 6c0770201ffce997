"""Where webhooks may go: to the public Internet, unless a setting says otherwise.

A partner chooses the URL, so that without this they could have the service post to whatever it can
reach: its database's network, a cloud's metadata service, itself. The host's addresses are looked
up for each attempt, judged, and the very address that was judged is connected to: a name that
answers differently the second time (DNS rebinding) gains nothing.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

# Addresses that carry an IPv4 address in their last 32 bits: NAT64 and its local form (RFC 6052,
# RFC 8215), and the deprecated IPv4-compatible ones.
TRANSLATED: Final = tuple(IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


class UnfitTarget(ValueError):
    """Nothing is sent there; the message says why."""


@dataclass(frozen=True)
class Target:
    """A URL taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    authority: str


def parse(url: str, *, private: bool) -> Target:
    """A URL that webhooks may be posted to, as far as it can be told without looking it up.

    Args:
        url: https; http, too, if `private`.
        private: whether addresses that are not public are allowed.

    Raises:
        UnfitTarget: it is not such a URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise UnfitTarget(f"this is no URL: {error}") from error
    if not url.isascii() or any(character <= " " for character in url):
        raise UnfitTarget("a URL has no spaces and only ASCII characters")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise UnfitTarget("only https URLs are posted to")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise UnfitTarget("it needs a host, and can have neither a login nor a fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, parts.netloc)


def resolve(target: Target, *, private: bool) -> str:
    """The address to connect to.

    One that is not public among a name's addresses refuses the name: it is a trick or a mistake.

    Raises:
        UnfitTarget: an address is not public, and that is not allowed.
        OSError: the name cannot be looked up just now.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]).partition("%")[0] for *_, address in found]
    for address in addresses:
        if not private and not is_public(address):
            raise UnfitTarget(f"{target.host} is at {address}, which is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet's, for one receiver."""
    parsed = _untranslated(ip_address(address))
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _untranslated(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if inner := address.ipv4_mapped or address.sixtofour:
        return inner
    if any(address in network for network in TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
