"""The service as a process of its own, waited for until it decides."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.support.patience import PATIENCE
from tests.support.running_service import eventually


@contextmanager
def ready_service(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[httpx2.Client]:
    """A client of the service that `command` starts in `folder`; on leaving, the process is killed."""
    with subprocess.Popen(list(command), cwd=folder, env=env, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            lines = (line.decode() for line in process.stderr)
            first = next(line for line in lines if not line.startswith("{"))  # a log entry: the journal was made
            found = re.match(r"listening on (http://\S+)", first)
            assert found, first
            with httpx2.Client(base_url=found[1], timeout=PATIENCE) as client:
                eventually(lambda: _is_ready(client))
                yield client
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(client: httpx2.Client) -> bool:
    return client.get("/readyz").status_code == 200
