"""Which names this service answers to, and whose pages may ask it.

A browser lends its user's reach to every page it shows. A foreign page can point a name of its own at this machine (DNS
rebinding) and then reads whatever is served here; its requests still carry that name in `Host`. Or it sends requests
straight to this address; then `Origin` and `Sec-Fetch-Site` say where they come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from api.host_names import address_of, is_loopback, listed_names, shortest
from api.http.problems import ForeignHost, ForeignOrigin, MalformedRequest

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::([0-9]{0,5}))?")
_QUOTED_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The names of this service, made once from where it listens and what the setting lists."""

    names: frozenset[str]
    """What `Host` may say: in lower case, addresses in their shortest form."""

    listed: frozenset[str]
    """Those of them that the setting lists; pages served under them may ask too."""

    every_address: bool
    """Any address will do, since a foreign page can't take one over: where the service listens beyond its machine."""

    every_name: bool
    """`Host` isn't looked at."""

    def check_host(self, authority: bytes) -> None:
        """Raises `MalformedRequest` or `ForeignHost`. `authority` is a name or an address, perhaps with a port."""
        host, _ = split_authority(authority)
        if self.every_name or host in self.names or (self.every_address and address_of(host)):
            return
        raise ForeignHost(
            f"`{host[:_QUOTED_MAX]}` is not a name of this service; the setting CREDENCE_HOSTS lists its names"
        )

    def check_origin(self, origin: bytes, authority: bytes | None) -> None:
        """Raises `ForeignOrigin` where the page that asks is not served by this service: its origin has neither the
        name and port that `Host` has nor a name that is listed."""
        scheme, _, rest = origin.partition(b"://")
        try:
            theirs = split_authority(rest)
            ours = split_authority(authority) if authority else None
        except MalformedRequest:
            theirs, ours = ("", ""), None
        if scheme.lower() not in (b"http", b"https") or not (theirs == ours or theirs[0] in self.listed):
            quoted = origin.decode("latin-1")[:_QUOTED_MAX]
            raise ForeignOrigin(f"a page of `{quoted}` asks; only pages of this service may")


def hosts_of(listen: str, listed: str) -> Hosts:
    """For a service that listens on the address or name `listen`, with the setting's text. Raises `ValueError` that
    names the first entry which is no name."""
    setting = listed_names(listed)
    listened = listen.lower().strip("[]")
    address = address_of(listened)
    is_wildcard = not listened or (address is not None and address.is_unspecified)
    itself = frozenset() if is_wildcard else frozenset({shortest(listened)})
    return Hosts(
        names=_LOOPBACK | itself | setting.names,
        listed=setting.names,
        every_address=not is_loopback(listen),
        every_name=setting.every_name,
    )


@lru_cache(maxsize=256)
def split_authority(text: bytes) -> tuple[str, str]:
    """Name or address in its shortest form, and port (empty where it is the scheme's own). Raises `MalformedRequest`:
    user names, other characters and ports beyond 65535 have no place here."""
    match = _AUTHORITY.fullmatch(text)
    if match is None or int(match[2] or 0) > 65535:
        raise MalformedRequest(f"`{text.decode('latin-1')[:_QUOTED_MAX]}` is not a host")
    port = (match[2] or b"").decode()
    return shortest(match[1].decode().lower().strip("[]")), "" if port in ("80", "443") else port
