"""Nothing is sent to an address inside somebody's network, however it is spelled and whatever a name stands for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from api.network_addresses import listed_networks, refused_because
from api.webhooks.webhook_url import AddressRefused, Resolve, address_of, read_url, refuse_spelled
from tests.support.large import how_many

CHANCE = random.Random(16)
INSIDE = {
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::9",
                "fec0::1", "fd00:ec2::254"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
    "link-local": ["169.254.169.254", "169.254.0.0", "fe80::1", "febf::1"],
    "of a provider's own services": ["168.63.129.16"],
    "of a provider's own network": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "IPv4 within IPv6": ["::ffff:10.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::a00:1",
                         "64:ff9b:1::a00:1", "2002:a00:1::", "2001:0:a00:1::", "192.88.99.1",
                         "2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:a00:1"],
    "reserved": ["0.0.0.0", "0.1.2.3", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
                 "240.0.0.1", "255.255.255.255", "2001:db8::1", "2001:10::1", "3fff::1", "100::1", "5f00::1",
                 "4000::1"],
}  # fmt: skip
INSIDE_IPV4 = [text for texts in INSIDE.values() for text in texts if ":" not in text]
NEAR = (0, 1, 0xFFFF, 0x64FF9B, 0x1000000, 0x20010000, 0x20010DB8, 0x20020A00, 0x3FFF0000, 0xFC000000, 0xFE800000)
"""The first 32 bits of addresses that are special."""

OUTSIDE = ["8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "169.253.1.1",
           "172.15.255.255", "172.32.0.0", "192.167.1.1", "198.20.0.1", "223.255.255.255", "2a00:1450:4001::1",
           "2606:4700::1111", "2003::1"]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), [(text, word) for word, texts in INSIDE.items() for text in texts])
def test_an_address_inside_is_refused_by_its_kind(text: str, word: str) -> None:
    if text == "100.100.100.200":
        word = "of a provider's own services"
    assert refused_because(ip_address(text)) == word


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_address_outside_is_asked(text: str) -> None:
    assert refused_because(ip_address(text)) is None


def test_what_python_knows_to_be_no_public_address_is_refused_too() -> None:
    """The table here and the interpreter's are two readings of one registry."""
    for _ in range(how_many(3_000, large=300_000)):
        four = IPv4Address(CHANCE.getrandbits(32))
        six = IPv6Address(CHANCE.getrandbits(128))
        near = IPv6Address((CHANCE.choice(NEAR) << 96) + CHANCE.getrandbits(96))
        for address in (four, six, near):
            if not address.is_global or address.is_multicast:
                assert refused_because(address) is not None, address


FULL_WIDTH = {ord("."): "。", **{ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)}}


def _spellings(address: IPv4Address) -> Iterator[str]:
    """As programs that are not strict read one IPv4 address (inet_aton), and as IPv6 carries it."""
    number, (a, b, c, d) = int(address), address.packed
    high, low = number >> 16, number & 0xFFFF
    yield from (str(number), hex(number), f"0{number:o}", hex(number).upper().replace("X", "x"))
    yield from (f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:03d}.{b:03d}.{c:03d}.{d:03d}")
    yield from (f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{low}", f"{address}.", f"{a:#x}.{b}.{c}.0{d:o}")
    yield from (f"[::ffff:{address}]", f"[::{address}]", f"[::ffff:{high:x}:{low:x}]", f"[::ffff:{address}%25eth0]")
    yield from (f"[64:ff9b::{address}]", f"[2002:{high:x}:{low:x}::1]", str(address).translate(FULL_WIDTH))
    yield from (f"user@{address}", f"{address}\\@example.com")


@pytest.mark.parametrize("text", INSIDE_IPV4)
def test_no_spelling_of_an_address_inside_gets_through(text: str) -> None:
    """Refused when it is added, before anybody resolves it."""
    for host in (text, *_spellings(IPv4Address(text))):
        with pytest.raises(AddressRefused):
            refuse_spelled(read_url(f"https://{host}/hooks"), ())


NOT_ONE = (
    "http://169.254.169.254/latest/meta-data",
    "http://erp.example.com/",
    "https://localhost/",
    "https://a.localhost./",
    "https:///hooks",
    "https://",
    "ftp://erp.example.com/",
    "erp.example.com/hooks",
    "https://erp.example.com:0/",
    "https://erp.example.com:99999/",
    "https://erp.example.com/#part",
    "https://erp.example.com/#",
    "https://a b.com/",
    "https://erp..com/",
    "https://-erp.com/",
    "https://[fe80::1%25eth0]/",
    "https://[::1",
    "https://user:pw@erp.com/",
    "https://xn--/\n",
    "https://erp.example.com/\r\nX: y",
    "https://erp.example.com\t/",
    "https://例え.jp/",
    "",
    "https://127.0.0.1:8000/",
    "https://[::ffff:10.0.0.1]/",
    "javascript:alert(1)",
    f"https://{'a' * 64}.com/",
    f"https://{'a.' * 130}com/",
    "https://1.2.3/",
    "https://0x/",
    "https://erp.0x10/",
)


@pytest.mark.parametrize("url", NOT_ONE)
def test_what_is_no_single_https_address_outside_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        refuse_spelled(read_url(url), ())


@pytest.mark.parametrize(
    ("url", "host", "authority", "target"),
    [
        ("https://ERP.example.com", "erp.example.com", "erp.example.com", "/"),
        ("https://erp.example.com:8443/a/b?c=d", "erp.example.com", "erp.example.com:8443", "/a/b?c=d"),
        ("https://8.8.8.8/x", "8.8.8.8", "8.8.8.8", "/x"),
        ("https://[2606:4700::1111]:444/?", "2606:4700::1111", "[2606:4700::1111]:444", "/"),
        ("https://xn--r8jz45g.jp./", "xn--r8jz45g.jp", "xn--r8jz45g.jp", "/"),
        ("https://my_host.example.com/", "my_host.example.com", "my_host.example.com", "/"),
    ],
)
def test_an_https_address_is_read_in_its_parts(url: str, host: str, authority: str, target: str) -> None:
    read = read_url(url)
    refuse_spelled(read, ())
    assert (read.host, read.authority, read.target) == (host, authority, target)


def _answering(*texts: str) -> tuple[list[str], Resolve]:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return texts

    return asked, resolve


@pytest.mark.parametrize("text", [text for texts in INSIDE.values() for text in texts])
def test_a_name_that_stands_for_an_address_inside_is_refused(text: str) -> None:
    """Also where another of its addresses is outside: which one is taken would be chance."""
    for told in ((text,), ("8.8.8.8", text), (text, "2606:4700::1111")):
        _, resolve = _answering(*told)
        with pytest.raises(AddressRefused, match="CREDENCE_WEBHOOK_NETWORKS"):
            address_of(read_url("https://erp.example.com/"), (), resolve)


def test_a_name_is_resolved_once_and_its_address_is_the_answer() -> None:
    asked, resolve = _answering("8.8.8.8", "8.8.4.4")
    assert address_of(read_url("https://erp.example.com/"), (), resolve) == "8.8.8.8"
    assert asked == ["erp.example.com"]
    assert address_of(read_url("https://9.9.9.9/"), (), resolve) == "9.9.9.9"
    assert asked == ["erp.example.com"]
    for nothing in ((), ("fe80::1%eth0",), ("erp",)):
        _, resolve = _answering(*nothing)
        with pytest.raises((OSError, AddressRefused)):
            address_of(read_url("https://erp.example.com/"), (), resolve)


def test_what_a_setting_lists_is_asked_and_nothing_beside_it() -> None:
    listed = listed_networks(" 10.20.0.0/16, 192.168.7.9 ,fd12::/48,")
    assert listed == (ip_network("10.20.0.0/16"), ip_network("192.168.7.9/32"), ip_network("fd12::/48"))
    for text in ("10.20.0.1", "10.20.255.255", "192.168.7.9", "fd12::1"):
        assert refused_because(ip_address(text), listed) is None
    for text in ("10.21.0.1", "192.168.7.8", "fd13::1", "::ffff:10.20.0.1", "64:ff9b::a14:1", "2002:a14:1::"):
        assert refused_because(ip_address(text), listed) is not None
    for wrong in ("10.20.0.1/16", "10.20", "erp.example.com", "10.0.0.0/33", "0x0a000001", "10.0.0.0/8;fd00::/8"):
        with pytest.raises(ValueError, match="is no network"):
            listed_networks(wrong)
