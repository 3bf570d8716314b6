"""A journal of 1,000 decisions, a copy of it for each test, in a file and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, beside
from tests.support import postgresql as postgresql_
from tests.support.tampering import write_journal


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written") / "var"
    write_journal(home / "credence.db", beside(home / "credence.db"))
    return home


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, postgresql: str) -> Iterator[tuple[ServerAddress, Path]]:
    home = tmp_path_factory.mktemp("template") / "var"
    with postgresql_.new_database(postgresql) as place:
        write_journal(place, beside(home / "credence.db"))
        yield place, home


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalPlace]:
    """A copy of the journal for one test, with its keys in `var`."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("written"), tmp_path / "var")
        yield tmp_path / "var" / "credence.db"
        return
    server, home = request.getfixturevalue("template")
    shutil.copytree(home, tmp_path / "var")
    with postgresql_.copied_database(server) as copied:
        yield copied


@pytest.fixture
def keys(tmp_path: Path) -> KeyPlaces:
    return beside(tmp_path / "var" / "credence.db")
