"""The engine's version: another one wherever a file of the engine differs, the same one wherever none does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import version
from engine.version import ENGINE_VERSION, LIBRARIES, RELEASE, fingerprint
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.policy_files import whole_set
from tests.support.small_policies import decide, engine_of

ENGINE = ROOT / "engine"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(ENGINE, tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))


def test_it_is_the_release_and_half_of_the_digits_of_the_fingerprint() -> None:
    assert f"{RELEASE}+{fingerprint(ENGINE)[:32]}" == ENGINE_VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{32}", ENGINE_VERSION)


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_release_of_what_it_decides_with_is_another_engine(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(ENGINE)
    monkeypatch.setattr(version, "installed_version", lambda name: "9.9" if name == library else metadata.version(name))
    assert fingerprint(ENGINE) != before


def test_another_python_is_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(ENGINE)
    monkeypatch.setattr(sys, "version_info", SimpleNamespace(major=3, minor=99))
    assert fingerprint(ENGINE) != before


def test_a_decision_carries_it() -> None:
    decision = decide(engine_of("values: {x: 1}\n"))

    assert decision.engine_version == ENGINE_VERSION


def test_one_byte_more_in_any_file_is_another_fingerprint(copy: Path) -> None:
    files = [path for path in copy.rglob("*") if path.is_file() and path.name != "py.typed"]
    seen = {fingerprint(copy)}
    for file in files:
        before = file.read_bytes()
        file.write_bytes(before + b"\n")
        seen.add(fingerprint(copy))
        file.write_bytes(before)

    assert len(files) > 100
    assert len(seen) == len(files) + 1


def test_a_file_removed_renamed_or_moved_is_another_fingerprint(copy: Path) -> None:
    seen = [fingerprint(copy)]
    for act in (
        lambda: (copy / "pipeline.py").rename(copy / "pipeline1.py"),  # keeps its place in the order
        lambda: (copy / "pipeline1.py").rename(copy / "feel" / "pipeline1.py"),
        lambda: (copy / "feel" / "pipeline1.py").unlink(),
    ):
        act()
        seen.append(fingerprint(copy))

    assert len(set(seen)) == len(seen)


def test_line_ends_caches_and_editors_leftovers_are_no_part_of_it(copy: Path) -> None:
    for file in copy.rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "facts.cpython-311.pyc").write_bytes(b"x")
    (copy / ".#facts.py").write_text("x")
    (copy / "facts.py~").write_text("x")

    assert fingerprint(copy) == fingerprint(ENGINE)


def test_the_command_line_prints_the_version_of_the_sources_it_runs(tmp_path: Path) -> None:
    root = ENGINE.parent
    for name in ("engine", "ledger", "api"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))

    unchanged = _printed(tmp_path)
    with (tmp_path / "engine" / "facts.yaml").open("a") as file:
        file.write("# a word more\n")

    assert unchanged == f"credence {ENGINE_VERSION}\n"
    changed = _printed(tmp_path)
    assert changed.startswith(f"credence {RELEASE}+")
    assert changed != unchanged


def _printed(folder: Path) -> str:
    command = [sys.executable, "-m", "api.cli", "--version"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout


DECIDES = """
import json, sys
from datetime import date
from engine.deciding.answer_text import answer_text
from engine.pipeline import load
from engine.vocabulary.strict_json import read_json_object
loaded = load({name: text.encode() for name, text in json.loads(sys.argv[1]).items()})
body = read_json_object('{"account": {"id": "C-1"}}', decimals_as_text=False)
answer, _ = answer_text(loaded.engine.decide_request("account", body, date(2026, 7, 1), "id"))
print(json.dumps([json.loads(answer)["id"], sorted({name.partition(".")[0] for name in sys.modules})]))
"""
MODULES = {"durable-rules": "durable_rules_engine", "pydantic-core": "pydantic_core", "pyyaml": "yaml", "lark": "lark"}
ONLY_LOADED = {"regex", "typing_extensions", "typing_inspection", "_distutils_hack", "_yaml"}
"""By those, for what isn't used."""


def test_all_that_makes_an_answer_of_a_request_is_the_engine_or_a_library_that_it_names() -> None:
    """What a process has loaded that read a request, decided and wrote the answer."""
    policy = "policy: p\ntitle: {en: P, zh: P}\ndecides: account\nvalues: {x: 1}\n"
    files = {name: content.decode() for name, content in whole_set({"p": policy}).items()}
    words = [sys.executable, "-c", DECIDES, json.dumps(files)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
    id_, loaded = json.loads(done.stdout)
    assert id_ == "id"
    assert not {"files", "receivables", "ledger", "api"} & set(loaded)
    installed = {name for name, of in metadata.packages_distributions().items() if set(of) - {"credence-decisions"}}
    assert set(loaded) & installed - ONLY_LOADED == set(MODULES.values())
    assert sorted(MODULES) == sorted(LIBRARIES)


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("ledger/replay/request_again.py", "engine.vocabulary.strict_json"),
        ("ledger/record/decision_parts.py", "engine.deciding.answer_text"),
        ("api/http/body.py", "engine.vocabulary.strict_json"),
    ],
)
def test_what_is_answered_and_what_is_replayed_is_read_and_written_by_it(file: str, module: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert f"from {module} import" in text
    assert "to_json" not in text
    assert "json.dumps" not in text
