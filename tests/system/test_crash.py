"""The whole process, killed without warning under load: every decision that was answered is in the journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.command_line import credence
from tests.support.journal_reading import headers_in
from tests.support.large import how_many
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.running_service import BODY, write_rules
from tests.support.service_processes import free_port

CALLERS = 8


@contextmanager
def _service(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "CREDENCE_RULES": str(home / "rules"),
        "CREDENCE_JOURNAL": str(home / "credence.db"),
        "CREDENCE_PORT": str(port),
        "CREDENCE_INSECURE_LOCAL": "1",
        "PYTHONPATH": str(ROOT),
    }
    with (home / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "api.http"], env=environment, stderr=log, cwd=home)
    try:
        _wait_until_ready(process, port)
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service did not become ready")


def _ask_with_keys_until_it_dies(port: int, caller: int, answered: dict[str, bytes], asked: set[str]) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        try:
            for number in range(1_000_000):
                key = f"{caller}-{number}"
                asked.add(key)
                answered[key] = client.post("/v1/decisions/order", json=BODY, headers={"Idempotency-Key": key}).content
        except httpx2.TransportError:
            pass


def _wait_for_answers(answered: dict[str, bytes], count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(answered) < count:
        assert time.monotonic() < end, "too few answers"
        time.sleep(0.01)


def _decide_until_it_dies(port: int, answered: dict[str, bytes]) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        try:
            while True:
                answer = client.post("/v1/decisions/order", json=BODY)
                assert answer.status_code == 201
                answered[answer.headers["location"]] = answer.content
        except httpx2.TransportError:
            pass


def test_after_kill_9_every_answered_decision_is_in_the_journal(tmp_path: Path) -> None:
    """Once, and none that nobody asked for; after each kill the whole journal is what was recorded."""
    write_rules(tmp_path / "rules")
    port, answered, file = free_port(), dict[str, bytes](), tmp_path / "credence.db"
    for kills in range(1, how_many(1, large=20) + 1):
        with _service(tmp_path, port) as process:
            callers = [threading.Thread(target=_decide_until_it_dies, args=(port, answered)) for _ in range(CALLERS)]
            for caller in callers:
                caller.start()
            _wait_for_answers(answered, len(answered) + 100)
            process.send_signal(signal.SIGKILL)
            for caller in callers:
                caller.join(PATIENCE)
        verified = credence("journal", "verify", file)
        assert (verified.exit_code, "no fault" in verified.stdout) == (0, True), verified.stdout
        assert len(answered) <= len(headers_in(file)) <= len(answered) + CALLERS * kills
    with _service(tmp_path, port), httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        assert {path: client.get(path).content for path in answered} == answered


@pytest.mark.long
def test_after_kill_9_a_request_that_is_sent_again_is_the_same_decision(tmp_path: Path) -> None:
    """Also those that were recorded and not answered any more: one record for each key, whatever was cut off."""
    write_rules(tmp_path / "rules")
    port, answered, asked = free_port(), dict[str, bytes](), set[str]()
    with _service(tmp_path, port) as process:
        arguments = [(port, caller, answered, asked) for caller in range(8)]
        callers = [threading.Thread(target=_ask_with_keys_until_it_dies, args=each) for each in arguments]
        for caller in callers:
            caller.start()
        _wait_for_answers(answered, 100)
        process.send_signal(signal.SIGKILL)
        for caller in callers:
            caller.join(PATIENCE)
    with _service(tmp_path, port), httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        again = {
            key: client.post("/v1/decisions/order", json=BODY, headers={"Idempotency-Key": key}).content
            for key in sorted(asked)
        }
    assert {key: again[key] for key in answered} == answered
    assert len(set(again.values())) == len(asked) == len(headers_in(tmp_path / "credence.db"))


@pytest.mark.long
def test_sigterm_answers_what_is_in_flight_and_leaves_a_whole_file(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules")
    port, answered = free_port(), dict[str, bytes]()
    with _service(tmp_path, port) as process:
        caller = threading.Thread(target=_decide_until_it_dies, args=(port, answered))
        caller.start()
        _wait_for_answers(answered, 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)  # uvicorn shuts down, then passes the signal on
        caller.join(PATIENCE)
    assert not (tmp_path / "credence.db-wal").exists()
