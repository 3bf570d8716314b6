"""One process that serves: uvicorn with uvloop and httptools, one worker. `credence serve`, `python -m api.server`."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics
from pydantic import ValidationError

from api.app import create_app
from api.logs import configure_logs
from api.settings import Settings, refusal

SHUTDOWN_SECONDS_MAX = 20
"""How long requests in flight may take to finish after SIGTERM."""


def serve(settings: Settings) -> None:
    """Blocks until SIGINT or SIGTERM; requests in flight are answered and the journal is closed."""
    configure_logs(settings.log_level)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,  # the journal has each decision; the log has what was refused
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nothing here depends on the caller's address
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    _Server(config).run()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """What lives as long as the process is no longer looked at by the garbage collector: p99 is a third of it."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn passes it
        """The signal is not raised once more after the shutdown, as uvicorn does: to be stopped is to end with 0."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def main() -> None:
    """Settings that can't be used are told in one line, exit code 2."""
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"credence: {refusal(error)}", file=sys.stderr)  # noqa: T201  # the log isn't set up before the settings
        sys.exit(2)
    serve(settings)


if __name__ == "__main__":
    main()
