"""What the guard in front of the app refuses, sent as bytes: each refusal is a problem document with a request id."""

from __future__ import annotations

import asyncio
import random
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from api.http.guard import ConnectionLimits
from api.settings import Settings
from tests.support.patience import PATIENCE
from tests.support.raw_http import ORDER, Answer, ask, connected, head, is_closed, post, read_answer, read_answers, send
from tests.support.running_service import eventually, running, write_rules

CHUNKED = (
    "POST /v1/decisions/order HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    "Transfer-Encoding: chunked",
)
IN_ONE_CHUNK = b"%x\r\n%s\r\n0\r\n" % (len(ORDER), ORDER)
SHORT = ConnectionLimits(idle_seconds=0.6, head_seconds=0.8, body_seconds=1.0, unread_seconds=1.0, leaving_seconds=0.5)
PLACES = 20


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A service with little patience."""
    home = tmp_path_factory.mktemp("hurried")
    settings = Settings(rules=write_rules(home / "rules"), journal=home / "credence.db", body_bytes_max=1 << 16)
    with running(settings, limits=SHORT) as client:
        yield client


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A service with few connections."""
    home = tmp_path_factory.mktemp("crowded")
    settings = Settings(rules=write_rules(home / "rules"), journal=home / "credence.db")
    with running(settings, limits=ConnectionLimits(connections=PLACES)) as client:
        yield client


def refused(answer: Answer, status: int, slug: str) -> None:
    assert (answer.status, answer.body[:4] and answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("connection") == "close"
    assert answer.header("x-request-id")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.json()["status"] == status


def works(client: httpx2.Client) -> bool:
    return ask(client, post()).status == 201


# -- heads


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        (b"a" * 1000, 5_000),
        (b"a: 1\r\n", 500_000),
        (b"a:\r\n", 8_200),
        (b"x-y: z\r\n", 5_000),
    ],
    ids=["a header that never ends", "headers that never end", "empty headers", "many headers"],
)
def test_a_head_beyond_32_kilobytes_is_refused(client: httpx2.Client, piece: bytes, times: int) -> None:
    sent = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + piece * times + b"\r\n\r\n"

    refused(ask(client, sent), 431, "head-too-large")
    assert works(client)


def test_a_refusal_ends_with_an_orderly_close_though_more_was_sent(client: httpx2.Client) -> None:
    """A reset may throw the answer away before the client has read it."""
    with connected(client) as connection:
        connection.sendall(b"GET /" + b"a" * 1_000_000)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 431 ")


def test_a_request_line_that_never_ends_is_refused(client: httpx2.Client) -> None:
    refused(ask(client, b"GET /" + b"a" * 5_000_000), 431, "head-too-large")


@pytest.mark.parametrize("step", [1, 7, 1000, 40_000])
def test_a_large_head_passes_up_to_the_bound_however_it_is_cut(client: httpx2.Client, step: int) -> None:
    for size, status in ((31_000, 200), (33_000, 431)):
        sent = head("GET /healthz HTTP/1.1", "Host: localhost", "X: " + "a" * size)
        with connected(client) as connection:
            try:
                for start in range(0, len(sent), step):
                    connection.sendall(sent[start : start + step])
            except OSError:
                pass
            assert read_answer(connection).status == status


# -- bodies, chunks, trailers


def test_trailers_never_become_headers(client: httpx2.Client) -> None:
    trailers = b"content-type: text/plain\r\nx-request-id: evil\r\nhost: evil.example\r\nexpect: x\r\n\r\n"

    with connected(client) as connection:
        send(connection, head(*CHUNKED) + IN_ONE_CHUNK + trailers + post())
        answers = read_answers(connection, 2)

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].header("x-request-id") != "evil"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (b"a: 1\r\n" * 100_000, 431),
        (b"a" * 200_000, 413),
        (b"a: " + b"b" * 2_000_000, 413),
    ],
    ids=["many trailers", "a trailer's name that never ends", "a trailer that never ends"],
)
def test_trailers_are_bounded(client: httpx2.Client, rest: bytes, status: int) -> None:
    with connected(client) as connection:
        send(connection, head(*CHUNKED) + IN_ONE_CHUNK + rest)
        assert read_answer(connection).status == status
        assert is_closed(connection)


@pytest.mark.parametrize(
    "chunk",
    [b"1;" + b"e" * 40_000 + b"\r\n \r\n", b"1;e=" + b"e" * 60 + b"\r\n \r\n", b"1\r\n \r\n"],
    ids=["a chunk extension that never ends", "chunks with extensions", "the smallest chunks"],
)
def test_chunks_are_bounded(client: httpx2.Client, chunk: bytes) -> None:
    refused(ask(client, head(*CHUNKED) + chunk * (4_000_000 // len(chunk))), 413, "body-too-large")
    assert works(client)


def test_chunks_of_any_size_make_the_same_body(client: httpx2.Client) -> None:
    for size in (1, 2, 3, 50, len(ORDER)):
        pieces = [ORDER[start : start + size] for start in range(0, len(ORDER), size)]
        chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        assert ask(client, head(*CHUNKED) + chunks + b"0\r\n\r\n").status == 201


@pytest.mark.parametrize(("count", "status"), [(9_900, 201), (10_100, 413)])
def test_the_number_of_chunks_is_bounded(client: httpx2.Client, count: int, status: int) -> None:
    body = ORDER + b" " * (count - len(ORDER))
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    assert ask(client, head(*CHUNKED) + chunks + b"0\r\n\r\n").status == status


@pytest.mark.parametrize("path", ["/healthz", "/v1/decisions/order", "/nowhere"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_bound_is_refused_on_every_path(client: httpx2.Client, path: str, declared: bool) -> None:
    """Where its length isn't declared, a path that reads no body may have answered before; the connection ends."""
    method = "POST" if "order" in path else "GET"
    framing = "Content-Length: 65537" if declared else "Transfer-Encoding: chunked"
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", framing)
    chunks = b"8000\r\n" + b" " * 0x8000 + b"\r\n8001\r\n" + b" " * 0x8001 + b"\r\n0\r\n\r\n"
    with connected(client) as connection:
        send(connection, head(*lines) + (b"" if declared else chunks + post()))
        answers = read_answers(connection)

    assert len(answers) == 1
    if declared or method == "POST":
        refused(answers[0], 413, "body-too-large")
    assert works(client)


# -- what two readers may read in two ways

UNREADABLE = [
    head("GET /healthz HTTP/1.1"),
    head("GET /healthz HTTP/1.1", "Host: localhost", "Host: localhost"),
    head("GET /healthz HTTP/1.1", "Host: localhost", "HOST: evil.example"),
    head("GET /healthz HTTP/0.9", "Host: localhost"),
    head("GET /healthz HTTP/2.0", "Host: localhost"),
    head("GET /healthz HTTP/1.2", "Host: localhost"),
    head("GET /healthz HTTP/3.0", "Host: localhost"),
    head("GET /healthz"),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    b"nonsense\r\n\r\n",
    head("CONNECT localhost:80 HTTP/1.1", "Host: localhost"),
    head("GET healthz HTTP/1.1", "Host: localhost"),
    head("GET ftp://localhost/ HTTP/1.1", "Host: localhost"),
    head("GET http://user@localhost/ HTTP/1.1", "Host: localhost"),
    head("GET * HTTP/1.1", "Host: localhost"),
    head("GET /\xe4 HTTP/1.1", "Host: localhost"),
    head("GET /healthz HTTP/1.1", "Host : localhost"),
    head("GET /healthz HTTP/1.1", "Host: localhost", " folded"),
    head("GET /healthz HTTP/1.1", "Host: localhost", "a\x00b: 1"),
    head("GET /healthz HTTP/1.1", "Host: localhost", "a: \x00"),
    head("GET /healthz HTTP/1.1", "Host: localhost", "a b: 1"),
    b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    post("Transfer-Encoding: chunked"),
    post("Content-Length: 5"),
    *(
        head(*CHUNKED[:3], f"Content-Length: {length}") + ORDER
        for length in ("+5", "-1", "0x10", "5 5", "5,5", "", "1e2", "9" * 30)
    ),
    *(
        head(*CHUNKED[:3], f"Transfer-Encoding: {coding}") + IN_ONE_CHUNK + b"\r\n"
        for coding in ("xchunked", "gzip, chunked", "chunked, chunked", "chunked;q=1", "identity", "", "chunked, gzip")
    ),
    head("POST /v1/decisions/order HTTP/1.0", *CHUNKED[1:]) + IN_ONE_CHUNK + b"\r\n",
    head(*CHUNKED, "Transfer-Encoding: chunked") + IN_ONE_CHUNK + b"\r\n",
    head(*CHUNKED) + IN_ONE_CHUNK.replace(b"\r\n", b"\n"),
    head(*CHUNKED) + b"-5\r\nabcde\r\n0\r\n\r\n",
    head(*CHUNKED) + b"0x5\r\nabcde\r\n0\r\n\r\n",
    head(*CHUNKED) + b"5\r\nabcdefgh\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("sent", UNREADABLE, ids=lambda sent: repr(sent)[:60])
def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(client: httpx2.Client, sent: bytes) -> None:
    with connected(client) as connection:
        send(connection, sent + post())
        answers = read_answers(connection)

    assert len(answers) == 1
    refused(answers[0], 400, "malformed-request")


@pytest.mark.parametrize("expected", ["200-ok", "100-continue, x", "", "100-continued"])
def test_an_expectation_that_cannot_be_met_is_refused(client: httpx2.Client, expected: str) -> None:
    refused(ask(client, post(f"Expect: {expected}")), 417, "expectation-failed")


def test_a_client_that_asks_first_whether_it_may_send_its_body_is_told(client: httpx2.Client) -> None:
    request = post("Expect: 100-Continue")
    with connected(client) as connection:
        connection.sendall(request[: -len(ORDER)])
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ORDER)
        assert read_answer(connection).status == 201
        connection.sendall(head(*CHUNKED[:3], "Expect: 100-continue", "Content-Length: 999999"))
        assert read_answer(connection).status == 413


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("application/json", 201),
        ("APPLICATION/JSON", 201),
        ("application/json;", 201),
        ("application/json ; charset=UTF-8", 201),
        ('application/json;charset="utf-8";', 201),
        ("appli cation/json", 415),
        ("application/ json", 415),
        ('"application/json"', 415),
        ("application/json; charset= utf-8", 415),
        ("application/json; charset=ut f-8", 415),
        ('application/json; charset="utf-8', 415),
        ("application/json, text/plain", 415),
        ("application/jsonx", 415),
        ("application/json; x=y", 415),
        ("application/json" + "; " * 5000 + "x", 415),
    ],
)
def test_a_media_type_is_read_as_it_is_written(client: httpx2.Client, said: str, status: int) -> None:
    lines = ("POST /v1/decisions/order HTTP/1.1", "Host: localhost", f"Content-Type: {said}")
    assert ask(client, head(*lines, f"Content-Length: {len(ORDER)}") + ORDER).status == status


def test_two_media_types_are_none(client: httpx2.Client) -> None:
    assert ask(client, post("Content-Type: text/plain")).status == 415


# -- an upgrade nobody here can do: the JDK's own client asks for one with each first request


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("apart", [True, False])
def test_a_wish_for_another_protocol_is_passed_over(client: httpx2.Client, chunked: bool, apart: bool) -> None:
    wish = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    first = head(*CHUNKED, *wish) + IN_ONE_CHUNK + b"\r\n" if chunked else post(*wish)
    with connected(client) as connection:
        split = first.index(b"\r\n\r\n") + 4
        for piece in (
            (first[:split], first[split:] + post() + post(*wish)) if apart else (first + post() + post(*wish),)
        ):
            send(connection, piece)
            time.sleep(0.05)
        assert [answer.status for answer in read_answers(connection, 3)] == [201, 201, 201]


def test_the_body_of_such_a_request_is_never_read_as_a_request(client: httpx2.Client) -> None:
    inner = head("GET /metrics HTTP/1.1", "Host: localhost")
    with connected(client) as connection:
        send(connection, post("Connection: Upgrade", "Upgrade: websocket", body=inner)[: -len(inner)])
        time.sleep(0.1)
        send(connection, inner + head("GET /healthz HTTP/1.1", "Host: localhost"))
        assert [answer.status for answer in read_answers(connection, 2)] == [400, 200]


# -- many requests on one connection


def test_requests_sent_ahead_are_answered_in_order(client: httpx2.Client) -> None:
    with connected(client) as connection:
        send(connection, b"".join(post(f"X-Request-Id: {n}") for n in range(20)))
        answers = read_answers(connection, 20)
    assert [(answer.status, answer.header("x-request-id")) for answer in answers] == [(201, str(n)) for n in range(20)]


def test_a_refusal_waits_for_the_answers_before_it(client: httpx2.Client) -> None:
    for bad, status in (
        (b"nonsense\r\n\r\n", 400),
        (head("GET /" + "a" * 40_000 + " HTTP/1.1"), 431),
        (post(host="evil.example"), 421),
        (post("Expect: x"), 417),
        (head(*CHUNKED) + b"xyz\r\n", 400),
        (head("POST /v1/decisions/order HTTP/1.1", "Host: localhost", "Content-Length: 999999"), 413),
    ):
        with connected(client) as connection:
            send(connection, post() + post() + bad + post())
            assert [answer.status for answer in read_answers(connection)] == [201, 201, status]


def test_too_many_requests_ahead_are_refused(client: httpx2.Client) -> None:
    with connected(client) as connection:
        send(connection, head("GET /healthz HTTP/1.1", "Host: localhost") * 2_000)
        answers = read_answers(connection)
    assert {answer.status for answer in answers[:-1]} == {200}
    assert 10 <= len(answers) <= 200
    refused(answers[-1], 429, "too-many-requests")


# -- Host and origin


def test_a_refusal_carries_the_callers_request_id_and_no_body_for_head(client: httpx2.Client) -> None:
    lines = ("Host: evil.example", "X-Request-Id: find-me")
    assert ask(client, head("GET / HTTP/1.1", *lines)).header("x-request-id") == "find-me"
    with connected(client) as connection:
        send(connection, head("HEAD / HTTP/1.1", *lines))
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 421 ")
    assert answer.endswith(b"\r\n\r\n")


# -- times and numbers


def test_connections_that_do_not_ask_are_closed(hurried: httpx2.Client) -> None:
    with connected(hurried) as fresh, connected(hurried) as used, connected(hurried) as blank:
        send(used, head("GET /healthz HTTP/1.1", "Host: localhost"))
        assert read_answer(used).status == 200
        send(blank, b"\r\n")
        started = time.monotonic()
        assert is_closed(fresh)
        assert is_closed(used)
        assert is_closed(blank)
        assert time.monotonic() - started > 0.3


@pytest.mark.parametrize(
    "begun",
    [
        b"G",
        b"GET / HTTP/1.1\r\nHost: local",
        head(*CHUNKED),
        head(*CHUNKED) + b"5\r\nab",
        post()[:-1],
        head(*CHUNKED) + b"0\r\na: b",
    ],
)
def test_requests_that_are_never_complete_are_refused_in_time(hurried: httpx2.Client, begun: bytes) -> None:
    with connected(hurried) as connection:
        for byte in begun:
            send(connection, bytes([byte]))
        refused(read_answer(connection), 408, "request-timeout")
        assert is_closed(connection)


def test_bytes_that_trickle_buy_no_time(hurried: httpx2.Client) -> None:
    """They come for longer than a test waits, so that the answer comes before their end."""
    with connected(hurried) as connection:
        for byte in head("GET / HTTP/1.1", "Host: localhost", "x: " + "a" * 50 * PATIENCE):
            send(connection, bytes([byte]))
            if select.select([connection], [], [], 0.02)[0]:
                break
        else:
            raise AssertionError("all of it was read")
        refused(read_answer(connection), 408, "request-timeout")


def test_a_refused_connection_that_the_client_keeps_is_cut(hurried: httpx2.Client) -> None:
    with _many(hurried, 10) as kept:
        for connection in kept:
            connection.sendall(b"nonsense\r\n\r\n")
            refused(read_answer(connection), 400, "malformed-request")
        eventually(lambda: _open_connections(hurried) <= 2)


def test_answers_that_nobody_reads_end_the_connection(hurried: httpx2.Client) -> None:
    with connected(hurried) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        asked = head("GET /openapi.json HTTP/1.1", "Host: localhost")
        connection.settimeout(5)
        with pytest.raises(OSError):  # reset or broken pipe, as it comes
            for _ in range(500):
                connection.sendall(asked * 20)
                time.sleep(0.05)
    eventually(lambda: _open_connections(hurried) <= 2)


def test_a_new_connection_takes_the_place_of_the_one_that_has_kept_silent_for_longest(crowded: httpx2.Client) -> None:
    with _many(crowded, 3 * PLACES) as silent:
        assert works(crowded)
        eventually(lambda: _open_connections(crowded) <= PLACES)
        assert all(is_closed(connection) for connection in silent[: 2 * PLACES])


@pytest.mark.parametrize("begun", [post()[:-1], post()[:60]], ids=["body", "head"])
def test_requests_that_are_not_complete_give_way_too_and_are_told(crowded: httpx2.Client, begun: bytes) -> None:
    with _many(crowded, PLACES) as slow:
        for connection in slow:
            connection.sendall(begun)
        for _ in range(5):
            assert works(crowded)
        refused(read_answer(slow[0]), 503, "overloaded")


def test_where_all_connections_wait_for_the_service_a_new_one_is_told_so(crowded: httpx2.Client) -> None:
    reached: list[bool] = []
    may_end = threading.Event()

    async def slowly(*_: object) -> str:
        reached.append(True)
        await _set(may_end)
        return "it is slow"

    with pytest.MonkeyPatch.context() as patched, _many(crowded, PLACES) as busy:
        patched.setattr("api.http.health._trouble", slowly)
        for connection in busy:
            connection.sendall(head("GET /readyz HTTP/1.1", "Host: localhost"))
        eventually(lambda: len(reached) == PLACES)
        refused(ask(crowded, post()), 503, "overloaded")
        may_end.set()
        assert [read_answer(connection).status for connection in busy] == [503] * PLACES  # not ready, all answered
    assert works(crowded)


def test_connections_that_take_no_answers_give_way(crowded: httpx2.Client, capfd: pytest.CaptureFixture[str]) -> None:
    with _many(crowded, PLACES) as unread:
        for connection in unread:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.sendall(head("GET /openapi.json HTTP/1.1", "Host: localhost") * 60)
        eventually(lambda: works(crowded))  # once the answers have filled what the system keeps for them
        for _ in range(3):
            assert works(crowded)
        eventually(lambda: _open_connections(crowded) <= PLACES)
    logged = "".join(capfd.readouterr())
    assert "Traceback" not in logged


async def _set(event: threading.Event) -> None:
    """Waits for what the test's own thread sets."""
    while not event.is_set():
        await asyncio.sleep(0.02)


@contextmanager
def _many(client: httpx2.Client, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as open_ones:
        yield [open_ones.enter_context(connected(client)) for _ in range(count)]


def _open_connections(client: httpx2.Client) -> int:
    lines = ask(client, head("GET /metrics HTTP/1.1", "Host: localhost")).body.decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("credence_connections "))))


def test_bodies_have_a_bound_together(tmp_path: Path) -> None:
    settings = Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "credence.db", body_bytes_max=1 << 20)
    with running(settings, limits=ConnectionLimits(bodies_bytes=3 << 20)) as client, _many(client, 12) as slow:
        for connection in slow:
            lines = (*CHUNKED[:3], f"Content-Length: {1 << 20}")
            connection.sendall(head(*lines) + b" " * ((1 << 20) - 1))
        refused(read_answer(slow[0]), 503, "overloaded")
        assert works(client)
        slow[-1].sendall(b" ")
        assert read_answer(slow[-1]).status == 400  # nothing but spaces, but whole: the last ones have their place


def test_large_bodies_that_wait_for_their_answers_keep_no_small_ones_out(tmp_path: Path) -> None:
    reached: list[bool] = []
    may_end = threading.Event()

    async def slowly(*_: object) -> None:
        reached.append(True)
        await _set(may_end)

    settings = Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "credence.db", body_bytes_max=1 << 17)
    large = post(body=ORDER + b" " * 100_000)
    with (
        pytest.MonkeyPatch.context() as patched,
        running(settings, limits=ConnectionLimits(bodies_bytes=1 << 18)) as client,
    ):
        patched.setattr("ledger.journal.journal.Journal.record", slowly)
        with _many(client, 2) as busy:
            for connection in busy:
                connection.sendall(large)
            eventually(lambda: len(reached) == 2)
            refused(ask(client, large), 503, "overloaded")
            assert ask(client, post(target="/v1/decisions/refund")).status == 404
            may_end.set()
            assert [read_answer(connection).status for connection in busy] == [201, 201]


def test_what_belongs_to_no_request_is_not_taken_for_the_one_before(client: httpx2.Client) -> None:
    with connected(client) as connection:
        connection.sendall(post("X-Request-Id: first"))
        assert read_answer(connection).header("x-request-id") == "first"
        connection.sendall(b"\x16\x03\x01")
        assert read_answer(connection).header("x-request-id") != "first"


# -- anything at all


def test_random_bytes_and_mutated_requests_are_never_answered_by_a_fault_of_ours(client: httpx2.Client) -> None:
    chance = random.Random(20261126)
    samples = [post(), head(*CHUNKED) + IN_ONE_CHUNK + b"\r\n", *UNREADABLE]
    for _ in range(300):
        sent = bytearray(chance.choice(samples))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(sent))
            sent[at : at + chance.randint(0, 3)] = chance.choice(
                [b"", b"\r\n", b"\r", b"\n", b"\x00", b" ", b":", b"\xff", b"0", bytes([chance.randrange(256)])]
            )
        with connected(client) as connection:
            send(connection, bytes(sent))
            connection.shutdown(socket.SHUT_WR)
            for answer in read_answers(connection):
                assert answer.status < 500, sent
                assert answer.header("x-request-id")
    assert works(client)
