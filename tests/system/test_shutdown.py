"""SIGTERM ends the process in time whatever it is doing: a request that hangs, a journal that doesn't close."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.support.patience import PATIENCE
from tests.support.raw_http import head
from tests.support.running_service import BODY, eventually, write_rules

HURRIED = """\
import api.http.server
api.http.server.REQUESTS_SECONDS_MAX = 1
api.http.server.SHUTDOWN_SECONDS_MAX = 3
"""
A_REQUEST_THAT_HANGS = """\
import asyncio, api.http.health
async def _trouble(journal):
    open("asked", "w").close()
    await asyncio.sleep(600)
api.http.health._trouble = _trouble
"""
A_JOURNAL_THAT_DOES_NOT_CLOSE = """\
import time
from ledger.journal.journal import Journal
Journal.close = lambda self: time.sleep(600)
"""


def _stopped_while(wrong: str, home: Path) -> tuple[int, float, list[dict[str, object]]]:
    """Exit code, seconds it took, and the log. It is told to stop once it has been asked something."""
    script = f"{HURRIED}{wrong}api.http.server.main()"
    environment = os.environ | {
        "CREDENCE_RULES": str(write_rules(home / "rules")),
        "CREDENCE_JOURNAL": str(home / "credence.db"),
        "CREDENCE_PORT": "0",
        "CREDENCE_INSECURE_LOCAL": "1",
        "PYTHONPATH": str(Path.cwd()),
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=log, cwd=home)
    try:
        running = "Uvicorn running on http://127.0.0.1:"
        eventually(lambda: running in (home / "log").read_text())
        port = (home / "log").read_text().partition(running)[2].partition(" ")[0]
        url = f"http://127.0.0.1:{port}"
        assert httpx2.post(f"{url}/v1/decisions/order", json=BODY, timeout=PATIENCE).status_code == 201
        with socket.create_connection(("127.0.0.1", int(port)), PATIENCE) as asking:
            asking.sendall(head("GET /readyz HTTP/1.1", "Host: localhost"))
            eventually(lambda: "asked" not in wrong or (home / "asked").exists())
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
            seconds = time.monotonic() - begun
    finally:
        process.kill()
        process.wait(PATIENCE)
    return code, seconds, [json.loads(line) for line in (home / "log").read_text().splitlines()]


def test_a_request_that_hangs_is_cut_off_in_one_line(tmp_path: Path) -> None:
    code, _, events = _stopped_while(A_REQUEST_THAT_HANGS, tmp_path)

    assert code == 0
    assert [e for e in events if e["level"] != "info"] == []
    assert [e["path"] for e in events if e["event"] == "request cut off by the shutdown"] == ["/readyz"]
    assert [e["requests"] for e in events if e["event"] == "requests cut off by the shutdown"] == [1]


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    code, seconds, events = _stopped_while(A_JOURNAL_THAT_DOES_NOT_CLOSE, tmp_path)

    assert (code, seconds > 2) == (1, True)
    assert events[-1]["event"] == "the shutdown took too long; ended without waiting further"
