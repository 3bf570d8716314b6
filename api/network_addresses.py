"""Which addresses the service may send to: those of the public network, and what a setting lists beside them.

Whoever may add a webhook chooses an address that this machine then asks. Inside its network there are databases,
consoles, and the metadata services of cloud providers, which answer to whoever asks from there; so every address that
isn't somebody's on the public network is refused, in whatever form it is written. The lists are IANA's registries of
special-purpose addresses (https://www.iana.org/assignments/iana-ipv4-special-registry and …ipv6…), and the addresses
within IPv6 by which an IPv4 one is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL = {
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "of a provider's own services": ("168.63.129.16/32", "100.100.100.200/32"),
    "of a provider's own network": ("100.64.0.0/10",),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "IPv4 within IPv6": (
        "::ffff:0:0/96",  # mapped
        "::/96",  # compatible
        "::ffff:0:0:0/96",  # translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "192.88.99.0/24",  # relays of 6to4
    ),
    "reserved": (
        "0.0.0.0/8",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    ),
}
_NETWORKS = tuple((ip_network(text), word) for word, texts in _SPECIAL.items() for text in texts)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
"""Before the IPv4 address in the last eight bytes (RFC 5214)."""


def listed_networks(text: str) -> tuple[Network, ...]:
    """`10.20.0.0/16, fd12::/48`: networks or single addresses with commas between them. Raises ValueError with one line
    that says what is wrong."""
    networks = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ip_network(word))
        except ValueError:
            raise ValueError(
                f"`{word[:80]}` is no network; write it like 10.20.0.0/16 or 10.20.0.7, without bits behind its length"
            ) from None
    return tuple(networks)


def refused_because(address: Address, listed: Sequence[Network] = ()) -> str | None:
    """`private`, `loopback`, …: what the address is that nothing is sent to; None for one that may be asked."""
    if any(address in network for network in listed if network.version == address.version):
        return None
    for network, word in _NETWORKS:
        if network.version == address.version and address in network:
            return word
    if isinstance(address, IPv6Address):
        if address not in _PUBLIC_IPV6:
            return "reserved"
        if address.packed[8:12] in _ISATAP:
            return "IPv4 within IPv6"
    return None


def as_address(text: str) -> Address | None:
    """An address as it is written by itself, without a zone; None for a name, or any other spelling."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id is not None else address
