"""Several workers on one journal: killed under load, told to end, left alone, and changed under way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ledger.journal.journal import Journal
from ledger.store.place import JournalPlace, ServerAddress
from tests.support.journal_reading import from_journal
from tests.support.large import how_many
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.running_service import BODY, ORDERS, eventually, write_rules

READY_SECONDS = 150
TWICE = 20
"""Requests that are sent over several connections at once."""


@dataclass(frozen=True, slots=True)
class Service:
    process: subprocess.Popen[bytes]
    url: str
    log: Path
    rules: Path
    place: JournalPlace

    def workers(self) -> set[int]:
        """Those that are alive, by what the log says of their start and end."""
        text = self.log.read_text("utf-8")
        started = set(map(int, re.findall(r'"process": (\d+), "event": "worker started"', text)))
        return {each for each in started if Path(f"/proc/{each}/stat").exists()}

    def ask(self, path: str = "/readyz") -> httpx2.Response:
        """Over a connection of its own, which any worker may take."""
        with httpx2.Client(base_url=self.url, timeout=PATIENCE) as client:
            return client.get(path)

    def readiness(self, number: int) -> dict[int, dict[str, object]]:
        """What each worker said last, once so many have answered."""
        said: dict[int, dict[str, object]] = {}

        def all_said() -> bool:
            answer = self.ask().json()
            said[answer["worker"]] = answer
            return len(said) >= number

        eventually(all_said, READY_SECONDS)
        return said


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "credence.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


@contextmanager
def serving(home: Path, place: JournalPlace, workers: int = 2) -> Iterator[Service]:
    rules, log = write_rules(home / "rules"), home / "log"
    journal = place.uri if isinstance(place, ServerAddress) else str(place)
    command = [sys.executable, "-m", "api.cli", "serve", "--insecure-local", "--workers", str(workers), "--port", "0"]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--rules", str(rules), "--journal", journal],
            stderr=errors,
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        eventually(lambda: "listening on" in log.read_text("utf-8") or process.poll() is not None, READY_SECONDS)
        found = re.search(r"listening on (http://\S+)", log.read_text("utf-8"))
        assert found, log.read_text("utf-8")
        yield Service(process, found[1], log, rules, place)
    finally:
        process.kill()
        process.wait(PATIENCE)


def _decide(url: str, answered: dict[str, bytes], stop: threading.Event) -> None:
    """One after the other, each over a new connection; what a killed worker leaves unanswered is nobody's."""
    while not stop.is_set():
        try:
            with httpx2.Client(base_url=url, timeout=PATIENCE) as client:
                for _ in range(5):
                    answer = client.post("/v1/decisions/order", json=BODY)
                    assert answer.status_code == 201, answer.text
                    answered[answer.json()["id"]] = answer.content
        except httpx2.TransportError:
            pass


@pytest.mark.long
def test_workers_on_one_journal(tmp_path: Path, place: JournalPlace) -> None:
    """A change takes effect in each; one is killed under load; in the end all are told to stop, or left alone."""
    with serving(tmp_path, place) as service:
        _change_the_policies(service)
        _ask_twice_at_once(service)
        answered = _kill_under_load(service, counted_before=TWICE)
        if isinstance(place, ServerAddress):
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(PATIENCE) == 0
        else:
            service.process.kill()
            service.process.wait(PATIENCE)
        eventually(lambda: not service.workers(), READY_SECONDS)
    assert _activations(place) == 3
    journal = Journal(place)
    try:
        assert [each for each, answer in answered.items() if journal.find(each) != answer.decode()] == []
    finally:
        journal.close()


def _change_the_policies(service: Service) -> None:
    """Saved: by each worker, recorded once. Taking a rule away: pending in each, activated in one, in force in each."""
    first = {each["policy_version"] for each in service.readiness(2).values()}
    assert len(first) == 1
    (service.rules / "orders.yaml").write_text(ORDERS.replace("limit: 10000", "limit: 20000"), encoding="utf-8")
    eventually(lambda: not first & {each["policy_version"] for each in service.readiness(2).values()}, READY_SECONDS)
    (service.rules / "orders.yaml").write_text(ORDERS.replace("  over-limit:", "  other:"), encoding="utf-8")
    eventually(lambda: all(each["pending"] for each in service.readiness(2).values()), READY_SECONDS)
    pending = next(iter(service.readiness(2).values()))["pending"]
    assert isinstance(pending, dict)
    answer = httpx2.post(f"{service.url}/v1/policies/activate", json={"version": pending["version"]}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    eventually(lambda: not any(each["pending"] for each in service.readiness(2).values()), READY_SECONDS)
    assert {each["policy_version"] for each in service.readiness(2).values()} == {pending["version"]}


def _ask_twice_at_once(service: Service) -> None:
    """The same request over two connections, which one worker or two of them take: it is decided once, and where one
    was told to come back, it gets the answer then."""
    answered: dict[str, set[bytes]] = {}

    def ask() -> None:
        for number in range(TWICE):
            key = f"twice-{number}"
            with httpx2.Client(base_url=service.url, timeout=PATIENCE) as client:
                while True:
                    answer = client.post("/v1/decisions/order", json=BODY, headers={"Idempotency-Key": key})
                    if answer.status_code != 409:
                        break
            assert answer.status_code == 201, answer.text
            answered.setdefault(key, set()).add(answer.content)

    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE)
    assert [len(answers) for answers in answered.values()] == [1] * TWICE


def _kill_under_load(service: Service, counted_before: int) -> dict[str, bytes]:
    """What was answered, by its id. Counts are those of all workers, also of the one that is gone."""
    kills, answered, stop = how_many(1, large=10), dict[str, bytes](), threading.Event()
    callers = [threading.Thread(target=_decide, args=(service.url, answered, stop)) for _ in range(4)]
    for caller in callers:
        caller.start()
    for _ in range(kills):
        _wait_for(answered, len(answered) + 60)
        victim = min(service.workers())
        os.kill(victim, signal.SIGKILL)
        _wait_for_workers(service, 2, without=victim)
    stop.set()
    for caller in callers:
        caller.join(PATIENCE)
    counted = re.search(r"^credence_decisions_total{.*} (\d+)", service.ask("/metrics").text, re.MULTILINE)
    assert counted
    assert len(answered) <= int(counted[1]) - counted_before <= len(answered) + 4 * kills
    return answered


def _wait_for(answered: dict[str, bytes], count: int) -> None:
    eventually(lambda: len(answered) >= count, READY_SECONDS)


def _wait_for_workers(service: Service, count: int, without: int) -> None:
    eventually(lambda: len(service.workers() - {without}) == count, READY_SECONDS)


def _activations(place: JournalPlace) -> int:
    return from_journal(place, lambda journal: len(journal.activations()))


def test_where_no_worker_can_start_the_service_ends(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules")
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif any('serving_worker' in each for each in sys.orig_argv): raise SystemExit(3)\n"
    )
    command = [sys.executable, "-m", "api.cli", "serve", "--insecure-local", "--workers", "2", "--port", "0"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        timeout=READY_SECONDS,
    )
    assert done.returncode == 1
    assert b"no worker could start" in done.stderr
