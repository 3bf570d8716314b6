"""The public names of the engine: what the package's docstring shows works, and importing it costs nobody else."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import pytest

import engine
from tests.support.paths import ROOT

ROOMS = ("engine", "files", "receivables", "ledger", "api")


def test_the_docstring_decides_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tried = doctest.testmod(engine)
    assert (tried.failed, tried.attempted) == (0, 8)


def test_each_public_name_is_there_and_says_what_it_is() -> None:
    assert engine.__all__ == ["Decision", "Diagnostic", "Engine", "FactsRefused", "load"]
    for name in engine.__all__:
        assert (getattr(engine, name).__doc__ or "").strip(), name


def test_nothing_that_needs_the_extension_is_imported_before_the_command_has_looked_at_it() -> None:
    program = "import sys, json, api.cli.start; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout)
    assert "api.extension" in imported
    assert [
        name for name in imported if name.partition(".")[0] in ("engine", "files", "durable", "durable_rules_engine")
    ] == []


def test_setuptools_reads_the_release_without_importing_the_engine() -> None:
    program = (
        "import sys; from setuptools.config.expand import read_attr;"
        "print(read_attr('engine.version.RELEASE', {'': '.'}, '.'), [name for name in sys.modules if name == 'engine'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    from engine.version import RELEASE

    assert done.stdout == f"{RELEASE} []\n"


def test_each_room_is_marked_as_typed() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "py.typed").exists()] == []
