"""scripts/install.sh decides what is to be done: shown with a Python that only writes down what it is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PYTHON = """#!/bin/sh
case "$1 $2" in
    "-m venv") rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && echo venv >>"$LOG" ;;
    "-m pip") shift 3; echo "pip $*" >>"$LOG"; case "$*" in *"${FAILS:-nothing}"*) exit 1 ;; esac ;;
    "-c import pip") exit 0 ;;
    "-c import sys"*) echo VERSION ;;
esac
"""


class Checkout:
    """The script and small locks in a folder whose name has a space; `asked` is what the Python was asked for last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a checkout"
        (self.folder / "locks").mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        (self.folder / "scripts" / "preflight.sh").write_text("echo preflight >>$LOG\n")
        for name in ("build", "run", "test"):
            self.write(
                f"locks/{name}.txt", f"{name}==1 \\\n    --hash=sha256:00\ndurable-rules==1 \\\n    --hash=sha256:01\n"
            )
        self.write("pyproject.toml", "")
        (self.folder / "engine").mkdir()
        self.write("engine/version.py", "")
        self.log = folder / "log"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def python(self, name: str, version: str) -> str:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PYTHON.replace("VERSION", version))
        file.chmod(0o755)
        return str(file)

    def install(self, want: str = "test", python: str = "", fails: str = "nothing") -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"LOG": str(self.log), "PATH": path, "FAILS": fails}
        command = ["sh", "scripts/install.sh", ".venv", want, python]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    @property
    def asked(self) -> list[str]:
        """venv, preflight, and for each use of pip what it installs from."""
        return [
            line.split()[-1].removesuffix(".txt") if line.startswith("pip") else line
            for line in self.log.read_text().splitlines()
        ]


ALL = ["preflight", "venv", "locks/build", "preflight", ".venv/durable-rules", "locks/run", ".", "locks/test"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path)
    checkout.python("python3", "3.11")
    assert checkout.install().returncode == 0
    assert checkout.asked == ALL
    return checkout


@pytest.mark.parametrize(("want", "asked"), [("locked", ALL[:-2]), ("run", ALL[:-1]), ("test", ALL)])
def test_each_want_goes_as_far_as_it_says(tmp_path: Path, want: str, asked: list[str]) -> None:
    checkout = Checkout(tmp_path)
    checkout.python("python3", "3.11")

    checkout.install(want)

    assert checkout.asked == asked


def test_nothing_is_done_twice(checkout: Checkout) -> None:
    checkout.install()
    assert checkout.asked == []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("locks/build.txt", ["locks/build"]),
        ("locks/run.txt", ["locks/run"]),
        ("locks/test.txt", ["locks/test"]),
        ("pyproject.toml", ["."]),
        ("engine/version.py", ["."]),
        ("scripts/durable_rules.h", ["preflight", ".venv/durable-rules"]),
        ("scripts/install.sh", ["preflight", ".venv/durable-rules"]),
    ],
)
def test_what_reads_a_changed_file_is_done_again(checkout: Checkout, changed: str, again: list[str]) -> None:
    file = checkout.folder / changed
    file.write_text("# changed\n" + file.read_text())
    checkout.install()
    assert checkout.asked == again


def test_another_release_of_the_rule_matcher_is_compiled(checkout: Checkout) -> None:
    file = checkout.folder / "locks" / "run.txt"
    file.write_text(file.read_text().replace("durable-rules==1", "durable-rules==2"))
    checkout.install()
    assert checkout.asked == ["preflight", ".venv/durable-rules", "locks/run"]


def test_only_what_the_service_needs_is_installed_to_run_it(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.python("python3", "3.11")
    checkout.install("run")
    assert checkout.asked == ALL[:-1]


def test_an_environment_is_kept_unless_another_python_is_asked_for(checkout: Checkout) -> None:
    checkout.python("python3", "3.12")
    checkout.install()
    assert checkout.asked == []
    checkout.install(python=checkout.python("same/python3", "3.11"))
    assert checkout.asked == []
    checkout.install(python=checkout.python("other/python3", "3.13"))
    assert checkout.asked == ALL


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    (checkout.folder / ".venv" / "bin" / "python").symlink_to(checkout.folder / "gone")
    checkout.install()
    assert checkout.asked == ALL


def test_an_environment_without_pip_is_made_anew(checkout: Checkout) -> None:
    """An install that was broken off while pip replaced itself, or an environment that another tool made."""
    python = checkout.folder / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace('"-c import pip") exit 0', '"-c import pip") exit 1'))
    checkout.install()
    assert checkout.asked == ALL


@pytest.mark.parametrize("fails", [step for step in ALL if step not in ("preflight", "venv")])
def test_a_step_that_fails_is_named_last_and_done_again(tmp_path: Path, fails: str) -> None:
    number = ALL.index(fails)
    checkout = Checkout(tmp_path)
    checkout.python("python3", "3.11")
    done = checkout.install(fails=f"-r {fails}.txt" if fails != "." else "--editable .")
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("credence: stopped at `")
    assert checkout.asked == ALL[: number + 1]

    checkout.install()

    steps = ["preflight", fails] if fails == ".venv/durable-rules" else [fails]
    assert checkout.asked == steps + ALL[number + 1 :]
