"""Several workers behind one socket: a process that answers nothing itself starts them and starts anew whichever ends.

The socket is opened here once and handed to each worker, so that the system gives a connection to one that is waiting,
and no connection is lost with a worker that ends: those that it had not taken yet are taken by another. Workers share
nothing else but the journal and the rules folder. Each follows the folder by itself, and people and keys in the
journal.

A worker that ends by itself is started anew, sooner the first time than the tenth; where none has ever listened, the
whole service ends, for what keeps them from it would keep the next ones too. On SIGTERM all are told to end and have
the time that one process has. Should this process be killed, a pipe that only it holds tells the workers to end in
order.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog
from prometheus_client.multiprocess import mark_process_dead

from api.http.server import SHUTDOWN_SECONDS_MAX
from api.settings import Settings
from ledger.journal.opening import check_writable
from ledger.store.trouble import JournalUnavailable

LOOK_SECONDS = 0.1
AGAIN_SECONDS_MIN, AGAIN_SECONDS_MAX = 0.5, 30.0
"""Before a worker that ended is started anew: the first time, and at most."""

STEADY_SECONDS = 60.0
"""A worker that has lived for so long is started anew as if for the first time."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client adds up what several processes count."""

_WORKER = "api.http.serving_worker"
_START = f"import sys; sys.path[:] = {sys.path!r}; from {_WORKER} import start; start(sys.argv[1:])"

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _Place:
    """Of one worker among the others, whichever process has it now."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    wait_seconds: float = AGAIN_SECONDS_MIN


class Supervisor:
    """Of `settings.workers` processes on one listening socket."""

    def __init__(self, settings: Settings, listening: socket.socket, when_listening: Callable[[], None]) -> None:
        self._settings = settings
        self._listening = listening
        self._when_listening = when_listening
        self._places = [_Place(number=number) for number in range(1, settings.workers + 1)]
        self._signals: list[int] = []
        self._life, self._alive = os.pipe()  # nobody writes: its end is this process's end
        self._told, self._tell = os.pipe()  # a byte for each worker that listens
        os.set_blocking(self._told, False)
        self._have_listened = 0

    def run(self) -> int:
        """Blocks until SIGINT or SIGTERM and the workers' end. The exit code: 0 where all of them ended in order."""
        with _signals_to(self._signals), _metrics_folder() as metrics:
            while not self._signals and self._can_go_on():
                self._look(metrics)
                time.sleep(LOOK_SECONDS)
            return self._end()

    def _can_go_on(self) -> bool:
        """Where none has listened yet, the first that ends takes the others with it."""
        ended = [place for place in self._places if place.process is not None and place.process.poll() is not None]
        return self._have_listened > 0 or not ended

    def _look(self, metrics: Path) -> None:
        for place in self._places:
            if place.process is not None and (code := place.process.poll()) is not None:
                self._ended(place, place.process.pid, code, metrics)
            if place.process is None and time.monotonic() >= place.start_at:
                self._start(place, metrics)
        with suppress(BlockingIOError):
            before = self._have_listened
            self._have_listened += len(os.read(self._told, 64))
            if before < len(self._places) <= self._have_listened:
                self._when_listening()

    def _start(self, place: _Place, metrics: Path) -> None:
        numbers = (self._listening.fileno(), self._life, self._tell)
        place.process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, numbers), str(place.number)],
            stdin=subprocess.DEVNULL,
            pass_fds=numbers,
            process_group=0,  # Ctrl-C reaches this process alone, which tells the workers
            env=_environment(self._settings, metrics),
        )
        place.started_at = time.monotonic()
        log.info("worker started", worker=place.number, process=place.process.pid)

    def _ended(self, place: _Place, process: int, code: int, metrics: Path) -> None:
        now = time.monotonic()
        if now - place.started_at > STEADY_SECONDS:
            place.wait_seconds = AGAIN_SECONDS_MIN
        log.error(
            "worker ended; it is started anew",
            worker=place.number,
            process=process,
            exit_code=code,
            in_seconds=place.wait_seconds,
        )
        mark_process_dead(process, str(metrics))  # type: ignore[no-untyped-call]  # the library has no types here
        place.process, place.start_at = None, now + place.wait_seconds
        place.wait_seconds = min(AGAIN_SECONDS_MAX, 2 * place.wait_seconds)

    def _end(self) -> int:
        """Tells all, waits as long as they may take, ends the others."""
        processes = [place.process for place in self._places if place.process is not None]
        _tell(processes, signal.SIGTERM)
        end, told = time.monotonic() + SHUTDOWN_SECONDS_MAX + 1, len(self._signals)
        while any(process.poll() is None for process in processes) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            if self._signals[told:].count(signal.SIGINT):  # Ctrl-C once more: requests in flight are not waited for
                told = len(self._signals)
                _tell(processes, signal.SIGINT)
        _tell(processes, signal.SIGKILL)
        codes = [process.wait() for process in processes]
        if not self._signals:
            log.error("no worker could start", exit_codes=codes)
            return 1
        in_order = {0, -signal.SIGTERM}  # the signal itself ends one that had not come to serving
        return 0 if set(codes) <= in_order else 1


def supervise(settings: Settings, when_listening: Callable[[], None]) -> int:
    """Opens the socket, makes the journal ready once for all workers, and runs them. The exit code. Raises OSError
    where the address can't be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family, backlog=settings.connections_max) as one:
        with suppress(JournalUnavailable):  # each worker says so itself
            check_writable(settings.journal)
        return Supervisor(settings, one, when_listening).run()


def _environment(settings: Settings, metrics: Path) -> Mapping[str, str]:
    return {**os.environ, **settings.as_environment(), METRICS_FOLDER: str(metrics)}


def _tell(processes: list[subprocess.Popen[bytes]], number: int) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)


@contextmanager
def _signals_to(received: list[int]) -> Iterator[None]:
    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _metrics_folder() -> Iterator[Path]:
    """The one that the operator names, emptied, or one that is removed at the end."""
    named = os.environ.get(METRICS_FOLDER)
    folder = Path(named or tempfile.mkdtemp(prefix="credence-metrics-"))
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    try:
        yield folder
    finally:
        if not named:
            shutil.rmtree(folder, ignore_errors=True)
