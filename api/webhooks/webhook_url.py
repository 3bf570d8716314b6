"""An endpoint's address: https, with a host that is written in one way only and stands for one that may be asked.

A name is resolved once for the events of one batch, and that very address is connected to: asked a second time, the
name could stand for another one. Spellings that programs read differently (`0x7f.1`, `2130706433`, `127.1`) are refused
before anybody is asked what they stand for.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.network_addresses import Address, Network, as_address, refused_because

HTTPS_PORT = 443
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label that makes readers take the whole host for an IPv4 address (WHATWG URL, "ends in a number")."""
_HOST_LENGTH_MAX = 253

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses that a name stands for, as text. Raises OSError. Blocks, for as long as a name server likes."""


class AddressRefused(Exception):
    """Nothing is sent there; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUrl:
    """An address in its parts."""

    host: str
    """A name in lower case, or an IP address."""

    port: int
    target: str
    """Path and query, as they are sent."""

    @property
    def authority(self) -> str:
        """For the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"


def read_url(url: str) -> WebhookUrl:
    """Raises `AddressRefused` for what isn't an https address, or one that can be read in two ways."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefused("the address has characters that no URL has; write it with %-escapes, names as xn--…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(f"`{url[:80]}` is no address; write it like https://erp.example.com/hooks") from None
    if parts.scheme != "https" or not parts.hostname:
        raise AddressRefused(f"`{url[:80]}` is no https address; write it like https://erp.example.com/hooks")
    if "@" in parts.netloc:
        raise AddressRefused("the address has a user or a password in it; what is sent is signed instead")
    if parts.fragment or "#" in url:
        raise AddressRefused("the address has a part behind `#`, which is never sent; leave it out")
    if port == 0:
        raise AddressRefused("nothing listens on port 0; give another")
    query = f"?{parts.query}" if parts.query else ""
    return WebhookUrl(host=_host(parts.hostname), port=port or HTTPS_PORT, target=(parts.path or "/") + query)


def _host(host: str) -> str:
    if as_address(host) is not None:
        return host
    labels = host.removesuffix(".").split(".")
    if _NUMERIC.fullmatch(labels[-1]) or ":" in host or "%" in host:
        raise AddressRefused(f"`{host[:80]}` is no address; write four decimal numbers, or IPv6 in its usual form")
    if len(host) > _HOST_LENGTH_MAX or not all(map(_LABEL.fullmatch, labels)):
        raise AddressRefused(f"`{host[:80]}` is no host's name")
    if labels[-1] == "localhost":
        raise AddressRefused(f"`{host[:80]}` is this machine")
    return ".".join(labels)


def refuse_spelled(url: WebhookUrl, listed: Sequence[Network]) -> None:
    """Raises `AddressRefused` where the host is an address that may not be asked; what a name stands for is looked at
    when something is sent."""
    address = as_address(url.host)
    if address is not None:
        _refuse(url.host, address, listed)


def address_of(url: WebhookUrl, listed: Sequence[Network], resolve: Resolve) -> str:
    """The one address to connect to. Blocks where the host is a name. Raises `AddressRefused` where any that the name
    stands for may not be asked, and OSError where it stands for none."""
    literal = as_address(url.host)
    told = [url.host] if literal is not None else resolve(url.host, url.port)
    addresses = [as_address(text) for text in told]
    for text, address in zip(told, addresses, strict=True):
        if address is None:
            raise AddressRefused(f"`{url.host}` stands for `{text[:80]}`, which is no address")
        _refuse(url.host, address, listed)
    if not told:
        raise OSError("the name stands for no address")
    return told[0]


def _refuse(host: str, address: Address, listed: Sequence[Network]) -> None:
    because = refused_because(address, listed)
    if because is not None:
        stands = f"`{host}`" if str(address) == host else f"`{host}` stands for {address}, which"
        raise AddressRefused(
            f"{stands} is {because}: nothing is sent there, unless the setting CREDENCE_WEBHOOK_NETWORKS lists it"
        )


def resolved(host: str, port: int) -> list[str]:
    """By the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))
