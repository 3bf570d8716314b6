"""Which tests `make quick`, `make test` and `make test-long` leave out, and what becomes of Spark's tests without Java.

Without Java they are left out, and the last lines of a run say so; CI fails instead.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.pipeline import Engine
from ledger.policies.rules_folder import RulesFolder
from ledger.store.place import ServerAddress
from tests.support import default_policies, postgresql
from tests.support.compiled_once import compiled_once
from tests.support.kept_workers import kept_workers
from tests.support.large import IS_LARGE
from tests.support.postgresql import new_database
from tests.support.steps import LONG, QUICK, TEST, leaves_out, steps_of

TESTS = Path(__file__).parent

os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
"""A query of a test runs once: optimising the code that Spark writes for it takes longer than running it as it is."""

if not IS_LARGE:
    _settings = ("spark.sql.codegen.wholeStage=false", "spark.sql.codegen.factoryMode=NO_CODEGEN")
    _options = " ".join(f"--conf {setting}" for setting in _settings)
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", f"{_options} pyspark-shell")
    """For the few rows of a test Spark writes no code at all: a third less time. `make large` runs the code."""

NO_JAVA = "no Java, which Spark's tests need; install it with: sudo apt-get install default-jre-headless"

SLOW = frozenset((TESTS / "slow_tests.txt").read_text(encoding="utf-8").splitlines())
"""Files, and single tests `file::name`, as scripts/slow_tests.py wrote them from the times of a whole run; beside them
`@pytest.mark.slow` does the same."""


@pytest.fixture(scope="session", name="default_folder")
def _default_folder() -> RulesFolder:
    """The files under rules/, as `credence check rules` reads them."""
    return default_policies.default_folder()


@pytest.fixture(scope="session", name="default_engine")
def _default_engine() -> Engine:
    """The policies that ship, compiled once; a test that closes an engine makes its own."""
    return default_policies.default_policies()


@pytest.fixture(scope="session", autouse=True)
def _policies_are_compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _workers_are_kept() -> Iterator[None]:
    with kept_workers():
        yield


@pytest.fixture(scope="session", name="postgresql")
def _postgresql() -> Iterator[str]:
    """The folder of the socket of a PostgreSQL server, which starts when the first test asks for it."""
    with postgresql.server() as socket:
        yield socket


@pytest.fixture(name="database")
def _database(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerAddress]:
    """An empty one for one test, which runs in a folder of its own: the journal's keys are made there."""
    monkeypatch.chdir(tmp_path)
    with new_database(postgresql) as place:
        yield place


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as processors: a third of the time of all tests is waiting, for a service, a clock, Java."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end: to look through it again and again takes a fifth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_unconfigure() -> None:
    """Libraries that count what is left of theirs at the end complain of what is frozen."""
    gc.unfreeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where nothing of a file would run it isn't imported, which would take most of `make quick`."""
    step = config.option.markexpr
    if step not in (TEST, LONG, QUICK) or collection_path.suffix != ".py":
        return None
    return leaves_out(step, collection_path) or (step == QUICK and _named(collection_path) in SLOW) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _mark_slow(items)
    if lost := [item.nodeid for item in items if not steps_of(item)]:
        raise pytest.UsageError(f"neither make test nor make test-long runs {lost[0]}; mark it as steps.py says")
    if hasattr(config, "workerinput"):  # of several processes: with the long files first, all of them end together
        first = {item.path for item in items if item.get_closest_marker("spark")}
        second = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: (item.path not in first, item.path not in second))


def _named(path: Path) -> str:
    return os.path.relpath(path, TESTS)


def _mark_slow(items: list[pytest.Item]) -> None:
    for item in items:
        file = _named(item.path)
        if file in SLOW or f"{file}::{item.originalname if isinstance(item, pytest.Function) else item.name}" in SLOW:
            item.add_marker("slow")


@functools.cache
def java_runs() -> bool:
    """Looked for where pyspark looks."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    return java is not None and subprocess.run([java, "-version"], capture_output=True, check=False).returncode == 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("spark") and not java_runs():
        if os.environ.get("CI"):
            pytest.fail(NO_JAVA, pytrace=False)
        pytest.skip(NO_JAVA)
