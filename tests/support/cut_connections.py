"""A stretch of the way to a PostgreSQL server that a test can cut: a Unix socket before the server's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

from tests.support.patience import PATIENCE

NAME = ".s.PGSQL.5432"
COMMIT = b"COMMIT"


class Way:
    """Whoever connects to `folder` reaches the server, until the way is cut."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.closed = False
        """Nobody new gets through."""
        self.swallows_the_next_commits_answer = False
        self.refuses_the_next_commit = False
        """The connection ends before the server has the commit."""
        self._server = server
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / NAME))
        self._listening.listen()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def cut(self) -> None:
        """Every connection that is open now."""
        for pair in self._pairs:
            _end(pair)

    def close(self) -> None:
        self.closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)
        for each in (self._listening, *chain.from_iterable(self._pairs)):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                if self.closed:
                    caller.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / NAME))
                self._pairs.append((caller, server))
                mute = threading.Event()
                self._start(self._there, caller, server, mute)
                self._start(_back, server, caller, mute)

    def _there(self, caller: socket.socket, server: socket.socket, mute: threading.Event) -> None:
        with suppress(OSError):
            while data := caller.recv(1 << 16):
                if COMMIT in data and self.refuses_the_next_commit:
                    self.refuses_the_next_commit = False
                    break
                if COMMIT in data and self.swallows_the_next_commits_answer:
                    self.swallows_the_next_commits_answer = False
                    mute.set()
                server.sendall(data)
        _end((caller, server))


def _back(server: socket.socket, caller: socket.socket, mute: threading.Event) -> None:
    """Once mute, the server's answer ends the connection: what it answers to has been done."""
    with suppress(OSError):
        while (data := server.recv(1 << 16)) and not mute.is_set():
            caller.sendall(data)
    _end((server, caller))


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for each in pair:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(server: str, folder: Path) -> Iterator[Way]:
    way = Way(folder, Path(server))
    try:
        yield way
    finally:
        way.close()
