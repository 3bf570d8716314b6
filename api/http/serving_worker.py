"""One of several workers: the service of `api.http.server` on a socket that was opened for all of them."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Sequence

from api.extension import require_extension

require_extension()

from api.http.server import serve  # noqa: E402  # it imports the extension
from api.settings import Settings  # noqa: E402  # as above


def serve_as_worker(listening: int, life: int, told: int, number: int) -> None:
    """`listening` is the socket, `life` a pipe that ends with the supervisor, `told` one into which a byte goes as soon
    as this worker listens, `number` its own among the workers. Ends in order when told to, or when the supervisor is
    gone."""
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    shared = socket.socket(fileno=listening)
    serve(Settings(), lambda: _say(told), listening=shared, worker=number)


def start(arguments: Sequence[str]) -> None:
    """`serve_as_worker`, from the arguments of a command line."""
    listening, life, told, number = map(int, arguments)
    serve_as_worker(listening, life, told, number)


def _say(told: int) -> None:
    os.write(told, b".")


def _end_with(life: int) -> None:
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)
