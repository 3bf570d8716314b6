"""`credence init` writes a folder to start from, whole or not at all, and what it says to do next works there."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import credence
from tests.support.paths import ROOT, RULES
from tests.support.service_processes import ready_service
from tests.support.steps import long_after

SOURCES = {"rules": RULES, "schema": ROOT / "schema", "sample": ROOT / "api" / "starter" / "sample"}
JSON = {"content-type": "application/json"}
COMMAND = (sys.executable, "-m", "api.cli")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_policies_schemas_and_sample_of_this_repository(tmp_path: Path) -> None:
    result = credence("init", tmp_path / "new" / "credit")

    written = files_of(tmp_path / "new" / "credit")
    assert result.exit_code == 0, result.stderr
    assert written == {f"{part}/{name}": text for part, at in SOURCES.items() for name, text in files_of(at).items()}
    assert {"rules/orders.yaml", "rules/cases/orders.yaml", "sample/order.json", "sample/open_items.csv"} <= set(
        written
    )
    assert sorted(path.name for path in (tmp_path / "new" / "credit").iterdir()) == sorted(SOURCES)
    assert f"{len(written)} files written to {tmp_path}/new/credit:" in result.stdout


@pytest.mark.slow
@pytest.mark.long
def test_what_it_says_to_do_next_works_in_a_shell(tmp_path: Path) -> None:
    command = [*COMMAND, "init", "it's our $credit 信用"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    *before, last = re.findall(r"^  ((?:cd|credence) .*)$", said, re.M)

    assert [line.split()[:2] for line in before][1:] == [
        ["credence", "check"],
        ["credence", "decide"],
        ["credence", "portfolio"],
    ]
    assert last == "credence serve --insecure-local"
    done = subprocess.run(["sh", "-ec", _script(*before)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no mistakes: " in done.stdout
    assert "HOLD" in done.stdout
    assert "13 invoices and credit notes" in done.stdout
    enter_and_serve = f"{before[0]}\nexec {COMMAND[0]} -m api.cli serve --insecure-local --port 0"
    with ready_service(["sh", "-ec", enter_and_serve], tmp_path) as client:
        answer = client.post("/v1/decisions/order", content=(ROOT / "docs" / "order.json").read_bytes(), headers=JSON)
        assert answer.json()["outcome"] == "hold"


def _script(*lines: str) -> str:
    """The lines as they were said, `credence` being this one."""
    return "\n".join((f'credence() {{ "{COMMAND[0]}" -m api.cli "$@"; }}', *lines))


def test_in_the_folder_itself_nothing_is_said_of_going_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = credence("init", ".")

    assert result.exit_code == 0
    assert "  cd " not in result.stdout
    assert files_of(tmp_path)["rules/orders.yaml"] == (RULES / "orders.yaml").read_bytes()


def _file(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


def _hidden_file(folder: Path) -> None:
    (folder / ".gitignore").write_text("mine")


def _policies(folder: Path) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "orders.yaml").write_text("mine")


def _broken_link(folder: Path) -> None:
    (folder / "rules").symlink_to("nowhere")


@pytest.mark.parametrize("fill", [_file, _hidden_file, _policies, _broken_link])
def test_a_folder_that_holds_anything_is_refused_and_left_as_it_was(tmp_path: Path, fill: object) -> None:
    assert callable(fill)
    fill(tmp_path)
    names, before = sorted(path.name for path in tmp_path.iterdir()), files_of(tmp_path)

    result = credence("init", tmp_path)

    assert result.exit_code == 2
    assert (
        result.stderr == f"credence: `{tmp_path}` is not empty (`{names[0]}`); nothing was written; give a new folder\n"
    )
    assert (sorted(path.name for path in tmp_path.iterdir()), files_of(tmp_path)) == (names, before)


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    assert credence("init", tmp_path / "credit").exit_code == 0
    (tmp_path / "credit" / "rules" / "orders.yaml").write_text("mine")

    assert credence("init", tmp_path / "credit").exit_code == 2

    assert (tmp_path / "credit" / "rules" / "orders.yaml").read_text() == "mine"


def test_a_place_that_takes_no_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place, said in (
        (tmp_path / "file", "is a file, not a folder; give a new folder"),
        (tmp_path / "file" / "in", "can't be written: Not a directory"),
        (Path("/proc/credit"), "can't be written: No such file or directory"),
    ):
        result = credence("init", place)

        assert (result.exit_code, result.stderr) == (2, f"credence: `{place}` {said}\n")


SIZES = sorted({len(content) for at in SOURCES.values() for content in files_of(at).values()})


@pytest.mark.slow
@pytest.mark.parametrize("most", long_after(1, [SIZES[len(SIZES) // 2], SIZES[0] - 1, SIZES[-1] - 1]))
@pytest.mark.parametrize("there", [False, True], ids=["new", "empty"])
def test_where_the_disk_fails_halfway_nothing_is_left(tmp_path: Path, most: int, there: bool) -> None:
    folder = tmp_path / "new" / "credit"
    if there:
        folder.mkdir(parents=True)

    done = subprocess.run(
        [*COMMAND, "init", folder],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"credence: `{folder}` can't be written: File too large\n"
    assert list(tmp_path.rglob("*")) == ([tmp_path / "new", folder] if there else [])


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("test",),
        ("decide", str(ROOT / "docs" / "order.json")),
        ("explain", str(ROOT / "docs" / "order.json")),
        ("sql", "--case", "order"),
        ("schema",),
        ("serve", "--port", "0"),
    ],
    ids=lambda command: command[0],
)
def test_without_a_rules_folder_every_command_names_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)

    result = credence(*command)

    assert result.exit_code == 2
    assert result.stderr == (
        "credence: the rules folder `rules` does not exist; give the folder that holds the policies' YAML files, or"
        " write the default ones: `credence init DIR` makes DIR/rules\n"
    )
    assert list(tmp_path.iterdir()) == []
