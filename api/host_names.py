"""Names and addresses of hosts, as the setting CREDENCE_HOSTS lists them and as requests write them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_EVERY_NAME = "*"
_QUOTED_MAX = 80


class ListedNames(NamedTuple):
    """What the setting says: names in lower case and addresses in their shortest form; `every_name` for `*`."""

    names: frozenset[str]
    every_name: bool


def listed_names(setting: str) -> ListedNames:
    """Reads `erp.example, 10.0.0.7, *`. Raises `ValueError` that names the first entry which is no host."""
    entries = [entry.strip() for entry in setting.split(",") if entry.strip()]
    names = frozenset(_listed_name(entry) for entry in entries if entry != _EVERY_NAME)
    return ListedNames(names, _EVERY_NAME in entries)


def _listed_name(entry: str) -> str:
    """One entry of the setting in the form in which hosts are compared. Raises `ValueError`."""
    name = entry.lower().removesuffix(".")
    if _NAME.fullmatch(name) or address_of(name.strip("[]")):
        return shortest(name.strip("[]"))
    raise ValueError(f"`{entry[:_QUOTED_MAX]}` is not a host; write names or addresses without scheme, port or path")


def shortest(host: str) -> str:
    """`0:0:0:0:0:0:0:1` is `::1`, `::ffff:127.0.0.1` is `127.0.0.1`, `localhost.` is `localhost`."""
    address = address_of(host)
    return str(address) if address else host.removesuffix(".")


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """None where the host is a name. An IPv4 address written as IPv6 is the IPv4 address."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_loopback(listen: str) -> bool:
    """Whether a service that listens there is reached from its own machine alone: `127.0.0.1`, `[::1]`, `localhost`."""
    listened = listen.lower().strip("[]")
    address = address_of(listened)
    return address.is_loopback if address else listened == "localhost"
