"""Whom the service takes itself for, and whose pages may ask it: generated members of each kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.http.hosts import hosts_of, split_authority
from api.http.problems import ForeignHost, ForeignOrigin, MalformedRequest
from api.settings import Settings
from tests.support.raw_http import ask, head, post
from tests.support.running_service import running, write_rules

LOOPBACK = hosts_of("127.0.0.1", "")
OWN = (
    "localhost",
    "LOCALHOST",
    "LocalHost",
    "localhost.",
    "127.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
)
FOREIGN = (
    "evil.example",
    "localhost.evil.example",
    "localhost.localdomain",
    "127.0.0.1.evil",
    "127.0.0.1.nip.io",
    "evil.localhost",
    "xlocalhost",
    "localhostx",
    "local.host",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "0.0.0.0",
    "10.0.0.5",
    "[::]",
    "[::2]",
    "[fe80::1]",
    "[::ffff:10.0.0.5]",
    "localhost..",
    "..",
)
NO_HOST = (
    "",
    "local host",
    "user@localhost",
    "evil.example@localhost",
    "localhost@evil.example",
    "localhost/",
    "localhost:x",
    "localhost:80:80",
    "localhost:99999",
    "localhost:-1",
    "localhost, evil.example",
    "localhost;evil",
    "::1",
    "[::1",
    "[::1]x",
    "[fe80::1%25eth0]",
    "http://localhost",
    "local\tx",
    "%6cocalhost",
    "lоcalhost",
)
PORTS = ("", ":", ":80", ":8000", ":65535")


@pytest.mark.parametrize(("host", "port"), [*itertools.product(OWN, PORTS)])
def test_own_names_are_served_with_any_port(client: httpx2.Client, host: str, port: str) -> None:
    assert ask(client, post(host=host + port)).status == 201
    if port != ":":  # the parser takes no empty port in a URL
        assert ask(client, post(target=f"http://{host}{port}/v1/decisions/order")).status == 201


@pytest.mark.parametrize(("host", "port"), [*itertools.product(FOREIGN, ("", ":8000"))])
def test_foreign_names_are_not_served(client: httpx2.Client, host: str, port: str) -> None:
    answer = ask(client, post(host=host + port))
    assert (answer.status, answer.json()["type"]) == (421, "/problems/misdirected-request")
    assert "CREDENCE_HOSTS" in answer.json()["detail"]
    assert ask(client, post(target=f"http://{host}{port}/v1/decisions/order")).status == 421


@pytest.mark.parametrize("host", NO_HOST)
def test_what_is_no_host_is_refused(client: httpx2.Client, host: str) -> None:
    sent = post(host="HERE").replace(b"HERE", host.encode())
    answer = ask(client, sent)
    assert (answer.status, answer.json()["type"]) == (400, "/problems/malformed-request")


@given(st.text(min_size=1, max_size=40).map(str.encode) | st.binary(min_size=1, max_size=40))
def test_nothing_but_a_name_of_the_service_passes(authority: bytes) -> None:
    try:
        LOOPBACK.check_host(authority)
    except (ForeignHost, MalformedRequest):
        return
    assert split_authority(authority)[0] in ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("listen", "listed", "served", "foreign"),
    [
        ("127.0.0.1", "credence.example.com", ("credence.example.com", "Credence.Example.COM.:443"), ("example.com",)),
        ("localhost", "", ("localhost", "127.0.0.1"), ("10.0.0.5",)),
        ("::1", "", ("[::1]", "localhost"), ("[::2]",)),
        ("127.0.0.2", "", ("127.0.0.2", "localhost"), ("127.0.0.3",)),
        ("0.0.0.0", "", ("localhost:8000", "10.0.0.5", "[fe80::1]", "127.0.0.1"), ("evil.example", "credence")),
        ("0.0.0.0", " credence , 10.1.1.1", ("credence:8000", "10.0.0.5"), ("evil.example",)),
        ("::", "", ("[2001:db8::1]", "10.0.0.5"), ("evil.example",)),
        ("10.0.0.5", "", ("10.0.0.5", "192.168.1.1"), ("evil.example",)),
        ("credence.internal", "", ("credence.internal", "10.0.0.5"), ("internal",)),
        ("0.0.0.0", "*", ("evil.example", "anything_at-all"), ()),
        ("127.0.0.1", "[2001:DB8:0::1]", ("[2001:db8::1]",), ("[2001:db8::2]",)),
    ],
)
def test_where_the_service_listens_and_what_is_listed_decide_its_names(
    listen: str, listed: str, served: tuple[str, ...], foreign: tuple[str, ...]
) -> None:
    hosts = hosts_of(listen, listed)
    for host in served:
        hosts.check_host(host.encode())
    for host in foreign:
        with pytest.raises(ForeignHost):
            hosts.check_host(host.encode())


@pytest.mark.parametrize("listed", ["http://a", "a:80", "a/b", "a b", ".a", "*.example.com", "a,,b c", "user@a"])
def test_a_setting_that_lists_no_names_is_refused(listed: str) -> None:
    with pytest.raises(ValidationError, match="without scheme, port or path"):
        Settings(hosts=listed)


def test_white_space_behind_a_value_is_no_part_of_it(client: httpx2.Client) -> None:
    for space in (" ", "\t", " \t "):
        assert ask(client, post(host=f"localhost{space}")).status == 201
        assert ask(client, post(f"Origin: http://localhost{space}")).status == 201
        assert ask(client, post(f"Expect: 100-continue{space}")).status == 100
        assert ask(client, post(f"X-Request-Id: abc{space}")).header("x-request-id") == "abc"
        assert ask(client, post(host=f"evil.example{space}")).status == 421
        assert ask(client, post(f"Sec-Fetch-Site: cross-site{space}")).status == 403


# -- pages that ask

LISTED = hosts_of("127.0.0.1", "credence.example.com")


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("http://localhost", "localhost:80", True),
        ("https://credence.example.com", "localhost:8000", True),
        ("https://credence.example.com:8443", "credence.example.com", True),
        ("http://localhost:3000", "localhost:8000", False),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("https://evil.example", "localhost:8000", False),
        ("https://credence.example.com.evil.example", "localhost:8000", False),
        ("https://evil.example/credence.example.com", "localhost:8000", False),
        ("https://credence.example.com@evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("file://", "localhost:8000", False),
        ("ftp://localhost:8000", "localhost:8000", False),
        ("moz-extension://localhost:8000", "localhost:8000", False),
        ("http://localhost:8000 http://evil.example", "localhost:8000", False),
    ],
)
def test_only_pages_of_the_service_may_ask(origin: str, host: str, ours: bool) -> None:
    if ours:
        LISTED.check_origin(origin.encode(), host.encode())
    else:
        with pytest.raises(ForeignOrigin):
            LISTED.check_origin(origin.encode(), host.encode())


def _own(client: httpx2.Client) -> str:
    return f"localhost:{client.base_url.port}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (("Origin: https://evil.example",), 403),
        (("Origin: null",), 403),
        (("Origin: http://HERE", "Origin: https://evil.example"), 403),
        (("Sec-Fetch-Site: cross-site",), 403),
        (("sec-fetch-site: Cross-Site", "Origin: http://HERE"), 403),
        (("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"), 403),
        (("Origin: http://HERE",), 201),
        (("Sec-Fetch-Site: same-origin", "Origin: http://HERE"), 201),
        (("Sec-Fetch-Site: none",), 201),
    ],
)
def test_a_decision_is_not_made_for_a_foreign_page(
    client: httpx2.Client, headers: tuple[str, ...], status: int
) -> None:
    answer = ask(client, post(*(line.replace("HERE", _own(client)) for line in headers), host=_own(client)))
    assert answer.status == status
    if status == 403:
        assert answer.json()["type"] == "/problems/foreign-origin"


@pytest.mark.parametrize(
    ("method", "mode", "dest", "status"),
    [
        ("GET", "navigate", "document", 200),
        ("GET", "navigate", "iframe", 403),
        ("GET", "no-cors", "image", 403),
        ("GET", "no-cors", "script", 403),
        ("GET", "cors", "empty", 403),
        ("POST", "navigate", "document", 403),
        ("HEAD", "navigate", "document", 403),
    ],
)
def test_a_link_from_elsewhere_may_be_followed_and_nothing_else(
    client: httpx2.Client, method: str, mode: str, dest: str, status: int
) -> None:
    lines = ("Host: localhost", "Sec-Fetch-Site: cross-site", f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {dest}")
    assert ask(client, head(f"{method} /docs HTTP/1.1", *lines)).status == status


@pytest.fixture
def at_large(tmp_path: Path) -> Iterator[httpx2.Client]:
    rules = write_rules(tmp_path / "rules")
    settings = Settings(rules=rules, journal=tmp_path / "credence.db", host="0.0.0.0", hosts="credence")
    with running(settings) as client:
        yield client


def test_beyond_its_own_machine_it_answers_to_addresses_and_to_what_is_listed(at_large: httpx2.Client) -> None:
    for host, status in (("localhost", 200), ("10.0.0.5:8000", 200), ("credence:8000", 200), ("evil.example", 421)):
        assert ask(at_large, head("GET /healthz HTTP/1.1", f"Host: {host}")).status == status


def test_a_health_check_by_http_1_0_needs_no_host(client: httpx2.Client) -> None:
    assert ask(client, head("GET /healthz HTTP/1.0")).status == 200
    assert ask(client, head("GET /healthz HTTP/1.0", "Host: evil.example")).status == 421
