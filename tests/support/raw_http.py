"""HTTP as bytes on a socket: for what no client library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.patience import PATIENCE
from tests.support.running_service import BODY

ORDER = json.dumps(BODY).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case, as often as they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers)[name]

    def json(self) -> Any:
        return json.loads(self.body)


def address(client: httpx2.Client) -> tuple[str, int]:
    port = client.base_url.port
    assert port is not None
    return client.base_url.host, port


@contextmanager
def connected(client: httpx2.Client, seconds: float = PATIENCE) -> Iterator[socket.socket]:
    with socket.create_connection(address(client), seconds) as connection:
        yield connection


def post(*headers: str, body: bytes = ORDER, host: str = "localhost", target: str = "/v1/decisions/order") -> bytes:
    """A request that is answered 201 unless the headers keep it from that."""
    lines = (f"POST {target} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *headers)
    return head(*lines, f"Content-Length: {len(body)}") + body


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def ask(client: httpx2.Client, sent: bytes) -> Answer:
    """The first answer to these bytes."""
    with connected(client) as connection:
        send(connection, sent)
        return read_answer(connection)


def send(connection: socket.socket, content: bytes) -> None:
    """Goes on to the answer where the service has stopped listening meanwhile."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(content)


def read_answer(connection: socket.socket) -> Answer:
    answers = read_answers(connection, 1)
    assert answers, "the connection was closed without an answer"
    return answers[0]


def read_answers(connection: socket.socket, count: int = 1_000_000) -> list[Answer]:
    """So many answers, or as many as there are until the service closes the connection."""
    answers: list[Answer] = []
    stream = connection.makefile("rb")
    while len(answers) < count and (status_line := _line(stream)):
        headers = []
        while line := _line(stream).rstrip(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name.lower(), value.strip()))
        status = int(status_line.split()[1])
        length = int(dict(headers).get("content-length", "0"))
        answers.append(Answer(status, tuple(headers), stream.read(length)))
    return answers


def _line(stream: Any) -> bytes:
    try:
        line: bytes = stream.readline()
    except ConnectionResetError:
        return b""
    return line


def is_closed(connection: socket.socket) -> bool:
    """Waits for the service to close it."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
