"""The wheel, built here and started in an environment that has nothing else of ours: it holds all that git knows of the
packages, and the way from `credence init` to an answered request works with it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha256
from importlib.metadata import PathDistribution
from pathlib import Path
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from engine.version import ENGINE_VERSION, RELEASE
from files.extras import BULK
from scripts.licensed_build import PLACE, TEXT_SHA256
from scripts.option_tables import commands
from tests.support.distribution import (
    Installed,
    built,
    copy_of_known_files,
    install,
    known_files,
    packaged_files,
    unpacked,
    wheel_files,
)
from tests.support.paths import ROOT
from tests.support.service_processes import ready_service

pytestmark = pytest.mark.slow

ORDER = (ROOT / "docs" / "order.json").read_bytes()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_known_files(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tree, tmp_path_factory.mktemp("built") / "wheel")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("empty") / "environment")


@pytest.fixture(scope="module")
def site(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `credence init` wrote."""
    home = tmp_path_factory.mktemp("site")
    done = installed.run(installed.credence, "init", "credit", cwd=home)
    assert done.returncode == 0, done.stderr
    return home / "credit"


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    packed, wanted = wheel_files(wheel), packaged_files()

    assert sorted(packed) == sorted(wanted)
    assert packed == wanted
    for name in (
        "engine/vocabulary/facts.yaml",
        "engine/vocabulary/case_kinds.yaml",
        "engine/feel/grammar.lark",
        "ledger/store/migrations/env.py",
        "api/console/words.yaml",
        "api/console/templates/frame.html",
        "api/console/static/console.css",
        "api/console/static/icon.svg",
        "api/starter/rules/orders.yaml",
        "api/starter/rules/cases/orders.yaml",
        "api/starter/rules/maps/open_items.yaml",
        "api/starter/schema/policy.schema.json",
        "api/starter/sample/order.json",
    ):
        assert name in packed


def test_a_wheel_made_from_the_source_distribution_is_the_same(tree: Path, wheel: Path, tmp_path: Path) -> None:
    source = unpacked(built("sdist", tree, tmp_path / "sdist"), tmp_path / "unpacked")

    again = built("wheel", source, tmp_path / "wheel")

    assert again.name == wheel.name == f"credence_decisions-{RELEASE}-py3-none-any.whl"
    assert wheel_files(again) == wheel_files(wheel)


@pytest.mark.long
def test_it_runs_from_the_environment_and_not_from_here(installed: Installed, tmp_path: Path) -> None:
    rooms = ("api", "engine", "files", "ledger", "receivables")
    command = f"import {', '.join(rooms)}; print({', '.join(f'{room}.__file__' for room in rooms)})"

    done = installed.run(installed.python, "-c", command, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert all(path.startswith(str(installed.home)) for path in done.stdout.split())


@pytest.mark.long
def test_it_is_the_same_version_as_the_sources(installed: Installed, tmp_path: Path) -> None:
    done = installed.run(installed.credence, "--version", cwd=tmp_path)

    assert done.stdout == f"credence {ENGINE_VERSION}\n"


@pytest.mark.long
def test_the_folder_written_checks_and_passes_its_tests(installed: Installed, site: Path) -> None:
    checked = installed.run(installed.credence, "check", site / "rules", cwd=site.parent)
    tested = installed.run(installed.credence, "test", site / "rules", "--min-coverage", "100", cwd=site.parent)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("no mistakes: ")
    assert tested.returncode == 0, tested.stdout


@pytest.mark.long
def test_the_samples_are_decided(installed: Installed, site: Path) -> None:
    decided = installed.run(installed.credence, "decide", "sample/order.json", "--json", cwd=site)
    open_items = ("sample/open_items.csv", "--map", "rules/maps/open_items.yaml", "--as-of", "2026-06-30")
    aged = installed.run(installed.credence, "portfolio", *open_items, "--json", cwd=site)
    out = ("--out", "decisions.ndjson", "--rejects", "rejects.csv")
    dunned = installed.run(installed.credence, "decide-file", *open_items, *out, cwd=site)

    decision = json.loads(decided.stdout)
    assert (decision["outcome"], decision["engine_version"]) == ("hold", ENGINE_VERSION)
    assert [reason["rule"] for reason in decision["reasons"]] == ["orders.over-limit"]
    assert aged.returncode == 0, aged.stderr
    assert dunned.stderr.startswith("13 rows = 13 decisions + 0 rejects")


@pytest.mark.long
def test_the_service_decides_and_keeps_the_journal(installed: Installed, site: Path, tmp_path: Path) -> None:
    command = [str(installed.credence), "serve", "--insecure-local", "--port", "0"]
    command += ["--rules", str(site / "rules")]
    with ready_service(command, tmp_path) as client:
        answer = client.post("/v1/decisions/order", content=ORDER, headers={"content-type": "application/json"})
        described = client.get("/openapi.json").json()

    assert (answer.status_code, answer.json()["outcome"]) == (201, "hold")
    assert answer.json()["engine_version"] == described["info"]["version"] == ENGINE_VERSION
    with closing(sqlite3.connect(tmp_path / "var" / "credence.db")) as journal, journal:
        assert journal.execute("SELECT count(*) FROM entries WHERE kind = 'decision'").fetchone() == (1,)


@pytest.mark.long
def test_what_is_not_there_is_said_in_one_line(installed: Installed, site: Path, tmp_path: Path) -> None:
    served = installed.run(installed.credence, "serve", cwd=tmp_path)
    bulk = installed.run(installed.credence, "sql", "--case", "order", cwd=site)
    (site / "x.parquet").write_bytes(b"PAR1")
    parquet = ("x.parquet", "--map", "rules/maps/open_items.yaml", "--as-of", "2026-06-30")
    columns = installed.run(installed.credence, "portfolio", *parquet, cwd=site)

    assert served.returncode == bulk.returncode == columns.returncode == 2
    assert re.fullmatch(r"credence: the rules folder `rules` does not exist; .*`credence init DIR`.*\n", served.stderr)
    assert bulk.stderr == f"credence: bulk needs its libraries; install them with `{BULK}`\n"
    assert columns.stderr == f"credence: x.parquet: Parquet and Arrow files need pyarrow; install it with `{BULK}`\n"
    assert list(tmp_path.iterdir()) == []


COMMANDS = sorted(commands())


@pytest.mark.long
@pytest.mark.parametrize("command", [*(name.split() for name in COMMANDS), ["--version"], ["--help"], []], ids=" ".join)
def test_a_matcher_that_cannot_be_loaded_is_one_line_with_the_command_that_builds_it(
    installed: Installed, tmp_path: Path, command: list[str]
) -> None:
    _says_how_to_build_it([str(installed.credence), *command], installed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("module", ["api.http", "api.cli"])
def test_so_it_is_for_the_modules_that_are_run(installed: Installed, tmp_path: Path, module: str) -> None:
    _says_how_to_build_it([str(installed.python), "-m", module], installed, tmp_path)


def _says_how_to_build_it(command: list[str], installed: Installed, folder: Path) -> None:
    symbol = "/x/durable_rules_engine.so: undefined symbol: PyEval_CallObject"
    (folder / "durable_rules_engine.py").write_text(f"raise ImportError({symbol!r})")

    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    start = f"credence: the rule matcher durable-rules can't be loaded ({symbol}); build it with: CPPFLAGS='"
    assert done.stderr.startswith(start)
    assert done.stderr.count("\n") == 1
    assert f" {installed.python} -m pip install --no-binary durable-rules " in done.stderr


@pytest.mark.long
def test_a_matcher_that_is_not_there_is_said_likewise(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "durable_rules_engine.py").write_text("import no_such_thing")

    done = subprocess.run([installed.credence], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr.startswith("credence: the rule matcher durable-rules can't be loaded (No module named ")


def test_extras_lead_to_the_distribution_itself(wheel: Path) -> None:
    (info,) = [each for each in ZipPath(wheel).iterdir() if each.name.endswith(".dist-info")]
    ours = PathDistribution(info)

    assert (ours.name, ours.version) == ("credence-decisions", RELEASE)
    names = {Requirement(each).name for each in ours.requires or ()}
    assert "credence-decisions" in names
    assert "credence" not in names


def test_wheel_and_sources_carry_the_licence_in_full_and_the_repository_names_it(
    wheel: Path, tree: Path, tmp_path: Path
) -> None:
    sources = unpacked(built("sdist", tree, tmp_path / "sdist"), tmp_path / "sources")
    (metadata,) = (name for name in ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    folder = metadata.removesuffix("METADATA")
    with ZipFile(wheel) as archive:
        carried = {name.removeprefix(folder + "licenses/"): archive.read(name) for name in archive.namelist()}
        headers = archive.read(metadata).decode().split("\n\n")[0].splitlines()

    assert "License-Expression: Apache-2.0" in headers
    assert carried["LICENSE"] == (sources / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert b"SPDX-License-Identifier: Apache-2.0" in carried["LICENSE"]
    for text in (carried[PLACE.as_posix()], (sources / PLACE).read_bytes()):
        assert sha256(text).hexdigest() == TEXT_SHA256
        assert b"TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
    assert not (ROOT / PLACE).exists()
    assert not [name for name in known_files() if "TERMS AND CONDITIONS FOR USE" in _text(ROOT / name)]


def _text(path: Path) -> str:
    """Of a file; nothing of a folder that a link leads to, or of this test, which has to name what it looks for."""
    return "" if path.is_dir() or path.name == Path(__file__).name else path.read_text("utf-8", "replace")


def test_a_build_without_the_text_at_hand_ends_in_one_line(tree: Path, tmp_path: Path) -> None:
    """The text is recognised by its digest: another one in its place is none."""
    shutil.copytree(tree, tmp_path / "tree", symlinks=True)
    backend = tmp_path / "tree" / "scripts" / "licensed_build.py"
    backend.write_text(backend.read_text("utf-8").replace(TEXT_SHA256, "0" * 64), "utf-8")

    with pytest.raises(subprocess.CalledProcessError) as failed:
        built("wheel", tmp_path / "tree", tmp_path / "wheel")

    assert failed.value.stderr.decode().splitlines()[-1] == (
        "no licence file of the installed `packaging` is the text of the Apache License 2.0"
    )
    assert not (tmp_path / "tree" / PLACE).exists()
