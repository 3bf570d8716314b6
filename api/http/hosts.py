"""Which names this service answers to, and whose pages may ask it.

A browser lends its user's reach to every page it shows. A foreign page can point a name of its own at this machine (DNS
rebinding) and then reads whatever is served here; its requests still carry that name in `Host`. Or it sends requests
straight to this address; then `Origin` and `Sec-Fetch-Site` say where they come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from api.http.problems import ForeignHost, ForeignOrigin, MalformedRequest

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_EVERY_NAME = "*"
_SAID_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """names: what `Host` may say, in lower case, addresses in their shortest form. listed: those of them that the
    setting lists; pages served under them may ask too. every_address: any address will do, since a foreign page can't
    take one over; so it is where the service listens beyond its own machine. every_name: `Host` isn't looked at."""

    names: frozenset[str]
    listed: frozenset[str]
    every_address: bool
    every_name: bool

    def check_host(self, authority: bytes) -> None:
        """Raises `MalformedRequest` or `ForeignHost`. `authority` is a name or an address, perhaps with a port."""
        host, _ = split_authority(authority)
        if self.every_name or host in self.names or (self.every_address and _address(host)):
            return
        raise ForeignHost(
            f"`{host[:_SAID_MAX]}` is not a name of this service; the setting CREDENCE_HOSTS lists its names"
        )

    def check_origin(self, origin: bytes, authority: bytes | None) -> None:
        """Raises `ForeignOrigin` where the page that asks is not served by this service: its origin has neither the
        name and port that `Host` has nor a name that is listed."""
        scheme, _, rest = origin.partition(b"://")
        try:
            theirs = split_authority(rest)
            own = split_authority(authority) if authority else None
        except MalformedRequest:
            theirs, own = ("", ""), None
        if scheme.lower() not in (b"http", b"https") or not (theirs == own or theirs[0] in self.listed):
            said = origin.decode("latin-1")[:_SAID_MAX]
            raise ForeignOrigin(f"a page of `{said}` asks; only pages of this service may")


def hosts_of(listen: str, listed: str) -> Hosts:
    """For a service that listens on the address or name `listen`, with the setting's text. Raises `ValueError` that
    names the first entry which is no name."""
    entries = [entry.strip() for entry in listed.split(",") if entry.strip()]
    named = frozenset(_listed_name(entry) for entry in entries if entry != _EVERY_NAME)
    own = listen.lower().strip("[]")
    address = _address(own)
    is_local = address.is_loopback if address else own == "localhost"
    is_wildcard = not own or (address is not None and address.is_unspecified)
    itself = frozenset() if is_wildcard else frozenset({_shortest(own)})
    return Hosts(
        names=_LOOPBACK | itself | named,
        listed=named,
        every_address=not is_local,
        every_name=_EVERY_NAME in entries,
    )


@lru_cache(maxsize=256)
def split_authority(text: bytes) -> tuple[str, str]:
    """Name or address in its shortest form, and port (empty where it is the scheme's own). Raises `MalformedRequest`:
    user names, other characters and ports beyond 65535 have no place here."""
    found = _AUTHORITY.fullmatch(text)
    if found is None or int(found[2] or 0) > 65535:
        raise MalformedRequest(f"`{text.decode('latin-1')[:_SAID_MAX]}` is not a host")
    port = (found[2] or b"").decode()
    return _shortest(found[1].decode().lower().strip("[]")), "" if port in ("80", "443") else port


def _shortest(host: str) -> str:
    """`0:0:0:0:0:0:0:1` is `::1`, `::ffff:127.0.0.1` is `127.0.0.1`, `localhost.` is `localhost`."""
    address = _address(host)
    return str(address) if address else host.removesuffix(".")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _listed_name(entry: str) -> str:
    name = entry.lower().removesuffix(".")
    if _NAME.fullmatch(name) or _address(name.strip("[]")):
        return _shortest(name.strip("[]"))
    raise ValueError(f"`{entry[:_SAID_MAX]}` is not a host; write names or addresses without scheme, port or path")
