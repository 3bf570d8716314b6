"""`credence serve` in a real process: says where it listens, answers, stops on request, refuses in words."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.command_line import credence, desk
from tests.support.patience import PATIENCE
from tests.support.running_service import eventually
from tests.support.steps import long_after


@contextmanager
def serving(rules: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and the first line that is no log entry."""
    command = [sys.executable, "-m", "api.cli", "serve", "--insecure-local", "--rules", str(rules), *options]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "CREDENCE_JOURNAL": str(rules.parent / "journal.db")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            assert process.stderr is not None
            yield process, next(line for line in _lines(process) if not line.startswith("{"))
        finally:
            process.kill()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    assert process.stderr is not None
    while line := process.stderr.readline():
        yield line.decode()


def test_all_that_is_printed_before_it_listens_is_log_entries_in_json(tmp_path: Path) -> None:
    """A journal that is made is logged as every other event is, not in the form for developers."""
    rules = desk(tmp_path / "rules")
    command = [sys.executable, "-m", "api.cli", "serve", "--rules", str(rules), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "CREDENCE_JOURNAL": str(tmp_path / "journal.db")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            before: list[str] = []
            for line in _lines(process):
                if line.startswith("listening on"):
                    break
                before.append(json.loads(line)["event"])
        finally:
            process.kill()
        assert process.stdout is not None
        assert (before[0], process.stdout.read()) == ("journal made", b"")


@pytest.mark.parametrize("stop", long_after(1, [signal.SIGTERM, signal.SIGINT]))
def test_it_says_where_it_listens_answers_and_stops(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(desk(tmp_path / "rules"), "--port", "0") as (process, said):
        found = re.match(r"listening on (http://127\.0\.0\.1:[0-9]+)  \(API: ", said)
        assert found, said
        with httpx2.Client(base_url=found[1], timeout=PATIENCE) as client:
            assert client.get("/healthz").status_code == 200, "it says so when it listens, not before"
            eventually(lambda: _is_ready(client))
            body = {"as_of": "2026-07-01", "order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}
            assert client.post("/v1/decisions/order", json=body).json()["outcome"] == "hold"
        process.send_signal(stop)
        process.communicate(timeout=PATIENCE)

    assert process.returncode == 0


def _is_ready(client: httpx2.Client) -> bool:
    return client.get("/readyz").status_code == 200


def test_a_port_that_is_taken_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = credence("serve", "--port", port, "--rules", desk(tmp_path / "rules"))

    assert result.exit_code == 2
    assert f"port {port} is taken by another program; stop that one, or choose another with --port" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "no.such.host.invalid"), "`no.such.host.invalid` is not an address of this machine"),
        (("--host", "203.0.113.7"), "`203.0.113.7` is not an address of this machine"),
        (("--rules", "/no/such/folder"), "the rules folder `/no/such/folder` does not exist"),
        (("--journal", "/dev/null/x/y"), "the journal `/dev/null/x/y` can't be written: "),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = credence("serve", "--port", "0", "--rules", desk(tmp_path / "rules"), *options)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_journal_that_is_no_database_is_refused_in_one_line_and_left_alone(tmp_path: Path) -> None:
    journal = tmp_path / "notes.txt"
    journal.write_text("not a database, but somebody's notes\n" * 99)

    result = credence("serve", "--port", "0", "--rules", desk(tmp_path / "rules"), "--journal", journal)

    assert result.exit_code == 2
    wrong = "can't be written: the file is not an SQLite database; choose another with --journal"
    assert result.stderr == f"credence: the journal `{journal}` {wrong}\n"
    assert journal.read_text().startswith("not a database")


def test_rules_with_mistakes_are_named_decide_nothing_and_count_once_they_are_mended(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    good = (rules / "orders.yaml").read_bytes()
    (rules / "orders.yaml").write_text("policy: orders\n", encoding="utf-8")
    with serving(rules, "--port", "0") as (process, first):
        assert process.stderr is not None
        assert "P002" in first
        url = next(found[1] for line in _lines(process) if (found := re.match(r"listening on (http://\S+)", line)))
        with httpx2.Client(base_url=url, timeout=PATIENCE) as client:
            assert client.get("/readyz").status_code == 503
            body = {"order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}
            assert client.post("/v1/decisions/order", json=body).status_code == 503
            (rules / "orders.yaml").write_bytes(good)
            eventually(lambda: _is_ready(client))
            assert client.post("/v1/decisions/order", json=body).status_code == 201
