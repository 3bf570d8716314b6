"""The head of a request, beyond its syntax: what makes two readers of it disagree, or speaks for somebody else.

A proxy in front reads the same bytes as this service. Where the two disagree about where a body ends, a caller can hide
a second request in the first one's body, which the proxy never checked (request smuggling); where they disagree about
the host, he can ask in another site's name. So what could be read in two ways is refused, not guessed: two `Host`s, a
`Content-Length` that is no plain number, any `Transfer-Encoding` but `chunked`.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.http.hosts import Hosts
from api.http.problems import BodyTooLarge, ForeignOrigin, MalformedRequest, UnmetExpectation

READ_HERE = frozenset(
    {
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        b"sec-fetch-dest",
        b"content-length",
        b"transfer-encoding",
        b"expect",
    }
)
"""Names of the headers that `check_head` looks at."""


def check_head(
    method: bytes,
    target: bytes,
    version: str,
    headers: Iterable[tuple[bytes, bytes]],
    hosts: Hosts,
    body_bytes_max: int,
) -> None:
    """Raises the `Refused` that fits: `MalformedRequest`, `BodyTooLarge`, `UnmetExpectation`, `ForeignHost` or
    `ForeignOrigin`.

    `headers` are those of `READ_HERE`, names in lower case, in the order in which they came and each as often as it
    came. `target` is what stands behind the method: a path, or a URL, whose host counts like `Host`. `body_bytes_max`
    is held against the length that the head declares, before a byte of the body is read.
    """
    if version not in ("1.1", "1.0"):
        raise MalformedRequest(f"HTTP/{version} is not spoken here; send HTTP/1.1")
    host: bytes | None = None
    browser: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        if name == b"host":
            if host is not None:
                raise MalformedRequest("the header Host is sent twice")
            host = value
        elif name == b"content-length":
            if not value.isdigit():
                raise MalformedRequest("the header Content-Length is not a number")
            if len(value) > 18 or int(value) > body_bytes_max:
                raise BodyTooLarge(f"the body is larger than {body_bytes_max} bytes")
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked" or version == "1.0":
                raise MalformedRequest("the only Transfer-Encoding is `chunked`, and HTTP/1.0 has none")
        elif name == b"expect":
            if value.lower() != b"100-continue":
                raise UnmetExpectation("the only expectation that can be met is `100-continue`")
        else:
            browser.append((name, value))
    _check_where_to(method, target, version, host, hosts)
    if browser:
        _check_where_from(method, host, browser, hosts)


def _check_where_to(method: bytes, target: bytes, version: str, host: bytes | None, hosts: Hosts) -> None:
    """Is it this service that is asked? HTTP/1.1 must say so in `Host`; a URL as target says it as well, and must not
    say otherwise."""
    if host is None:
        if version == "1.1":
            raise MalformedRequest("the header Host is missing")
    else:
        hosts.check_host(host)
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return
    scheme, colon, rest = target.partition(b"://")
    if not colon or scheme.lower() not in (b"http", b"https"):
        raise MalformedRequest("the target is neither a path nor a URL of http")
    authority, slash, _ = rest.partition(b"/")
    if not slash:
        raise MalformedRequest("the target has no path; write `/` behind the host")
    hosts.check_host(authority)


def _check_where_from(method: bytes, host: bytes | None, browser: Iterable[tuple[bytes, bytes]], hosts: Hosts) -> None:
    """A link followed from another site is fine: its page doesn't get to see what comes back."""
    lowered = [(name, value.lower()) for name, value in browser]
    for name, value in lowered:
        if name == b"origin":
            hosts.check_origin(value, host)
    if (b"sec-fetch-site", b"cross-site") in lowered:
        followed = {(b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")} <= set(lowered)
        if not (followed and method == b"GET"):
            raise ForeignOrigin("a page of another site asks; only pages of this service may")
