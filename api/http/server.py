"""One process that serves: uvicorn behind the guard. `credence serve`, `python -m api.http`; each of several workers.

The settings become limits here, and limits what the machine can afford: a service that accepts more connections than it
may open files for would fail at the next file it needs, and that could be the journal's.

The end is bounded as well. From SIGTERM on, requests in flight have `REQUESTS_SECONDS_MAX` to be answered; then they
are cut off, the journal is closed, and after `SHUTDOWN_SECONDS_MAX` the process ends whatever is still going on: a
supervisor would kill it anyhow, and a journal that is killed is whole.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import FrameType

import structlog
import uvicorn
from prometheus_client import disable_created_metrics
from pydantic import ValidationError

from api.http.guard import ConnectionLimits, Guard
from api.http.guarded_protocol import GuardedProtocol
from api.http.hosts import hosts_of
from api.logs import configure_logs
from api.setting_origins import unknown_variables
from api.settings import Settings, refusal
from ledger.journal.clock import Clock

SHUTDOWN_SECONDS_MAX = 20
"""From SIGTERM to the end of the process, whatever is going on."""
REQUESTS_SECONDS_MAX = 17
"""How long requests in flight may take of these; the rest is for the journal."""
LOOKS_SECONDS = 0.2
"""How often connections are looked at for what has taken too long, so a limit of time is kept to this much."""
OWN_FILES = 40
"""What the service itself may have open: the journal, the folders it watches, its worker."""

log = structlog.get_logger(__name__)


def serve(
    settings: Settings,
    when_listening: Callable[[], None] = lambda: None,
    *,
    listening: socket.socket | None = None,
    worker: int | None = None,
) -> None:
    """Blocks until SIGINT or SIGTERM; requests in flight are answered and the journal is closed. `when_listening` is
    called once, as soon as connections are accepted. `listening` is the socket of several workers, `worker` the number
    of this one."""
    configure_logs(settings.log_level, settings.log_format)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here
    server = guarded_server(settings, is_process=True, when_listening=when_listening, worker=worker)
    server.run(sockets=None if listening is None else [listening])


def guarded_server(
    settings: Settings,
    limits: ConnectionLimits | None = None,
    clock: Clock | None = None,
    *,
    is_process: bool = False,
    when_listening: Callable[[], None] = lambda: None,
    worker: int | None = None,
) -> GuardedServer:
    """The service behind its guard; whoever serves it, serves this.

    `limits` and `clock` are for tests; else they follow from the settings and the machine. `is_process`: the process
    does nothing else, so that it may freeze what is in memory and end itself.
    """
    from api.http.app import create_app

    app = create_app(settings, clock, worker)
    limits = _affordable(replace(limits or connection_limits(settings), body_bytes=settings.body_bytes_max))
    guard = Guard(hosts_of(settings.host, settings.hosts), limits, app.state.metrics)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=partial(GuardedProtocol, guard),  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        lifespan="on",
        access_log=False,  # the journal has each decision; the log has what was refused
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nothing here depends on the caller's address
        backlog=limits.connections,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    return GuardedServer(config, guard, is_process=is_process, when_listening=when_listening)


def connection_limits(settings: Settings) -> ConnectionLimits:
    """What connections may cost by the settings. What no operator has a reason to change keeps its default."""
    return ConnectionLimits(
        connections=settings.connections_max,
        idle_seconds=settings.keep_alive_seconds,
        head_bytes=settings.head_bytes_max,
        head_seconds=settings.head_seconds_max,
        body_bytes=settings.body_bytes_max,
        body_seconds=settings.body_seconds_max,
        bodies_bytes=settings.bodies_bytes_max,
        unread_seconds=settings.unread_seconds_max,
    )


def _affordable(limits: ConnectionLimits) -> ConnectionLimits:
    """The limits, as far as this process can keep them.

    As many connections as the process may open files for, and once more as many: a burst of new ones is accepted before
    the first of them can be turned away. Example: 1,000 connections need 2,040 files; where 1,024 are allowed, there
    are 492 connections. All bodies together may have at least twice the largest one, or that one could never come
    whole.
    """
    connections = max(1, min(limits.connections, (_files_max(2 * limits.connections + OWN_FILES) - OWN_FILES) // 2))
    bodies_bytes = max(limits.bodies_bytes, 2 * limits.body_bytes)
    return replace(limits, connections=connections, bodies_bytes=bodies_bytes)


def _files_max(wanted: int) -> int:
    """How many files the process may have open, after asking for as many as are wanted."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    allowed, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            allowed = raised
    return wanted if allowed == resource.RLIM_INFINITY else allowed


class GuardedServer(uvicorn.Server):
    """uvicorn, which also looks after the guarded connections and ends in time whatever they do."""

    def __init__(
        self, config: uvicorn.Config, guard: Guard, *, is_process: bool, when_listening: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._when_listening = when_listening
        self._guard = guard
        self._is_process = is_process
        self._looking: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen and to look after connections; then nothing that is there is garbage any more."""
        await super().startup(sockets)
        self._looking = asyncio.create_task(self._look_after_connections())
        if self._is_process:
            # what lives as long as the process is no longer looked at by the garbage collector: p99 is a third of it
            gc.collect()
            gc.freeze()
        if self.started:  # not where the application could not start
            self._when_listening()

    async def _look_after_connections(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOKS_SECONDS)
            try:
                self._guard.look_after(loop.time())
            except Exception as error:  # the next look must come
                log.error("looking after connections failed", exc_info=error)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets requests in flight end for `REQUESTS_SECONDS_MAX`, then cuts them off."""
        cutting_off = asyncio.create_task(self._cut_off())
        await super().shutdown(sockets)
        cutting_off.cancel()
        if self._looking is not None:
            self._looking.cancel()

    async def _cut_off(self) -> None:
        """Ends the requests that are not answered in time, so that uvicorn has none left to complain about."""
        await asyncio.sleep(REQUESTS_SECONDS_MAX)
        state = self.server_state
        log.info("requests cut off by the shutdown", requests=len(state.tasks), connections=len(state.connections))
        self._guard.drop_all()
        await asyncio.sleep(LOOKS_SECONDS)  # those that wait for their body end by themselves
        for task in list(state.tasks):
            task.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn passes it
        """The signal is not raised once more after the shutdown, as uvicorn does: to be stopped is to end with 0."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        if self._is_process and not self.should_exit:
            latest = threading.Timer(SHUTDOWN_SECONDS_MAX, _end_now)
            latest.daemon = True
            latest.start()
        self.should_exit = True


def _end_now() -> None:
    """A journal left open is whole: it is what a power cut would leave."""
    log.error("the shutdown took too long; ended without waiting further", seconds=SHUTDOWN_SECONDS_MAX)
    os._exit(1)


def main() -> None:
    """With the settings of the environment. Settings that can't be used are told in one line, exit code 2."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write(f"credence: {refusal(error)}\n")
        sys.exit(2)
    if lines := unknown_variables(os.environ):
        sys.stderr.write(f"credence: {'; '.join(lines)}\n")
        sys.exit(2)
    if settings.workers == 1:
        serve(settings)
        return
    from api.http.supervisor import supervise  # one process needs none

    configure_logs(settings.log_level, settings.log_format)
    sys.exit(supervise(settings, lambda: None))
