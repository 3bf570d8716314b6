"""Engines that differ in one line from this one: run beside the rest of this checkout, or built into a wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.support.distribution import built, copy_of_known_files, plain_environment
from tests.support.paths import ROOT

_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from api.cli.start import start; start()"


class Change(NamedTuple):
    """One line of the engine, and what stands there instead."""

    file: str
    before: str
    after: str

    def make(self, tree: Path) -> None:
        path = tree / self.file
        text = path.read_text("utf-8")
        assert text.count(self.before) == 1, self
        path.write_text(text.replace(self.before, self.after), "utf-8")


OTHER_REASONS = Change(
    "engine/deciding/decision.py",
    '            "text": self.text.as_json(),\n',
    '            "text": {each: text + "!" for each, text in self.text.as_json().items()},\n',
)
"""Every reason ends otherwise."""

OTHER_COMPARISON = Change(
    "engine/compiling/arithmetic.py",
    "    ordered = left.type.kind.is_numeric or",
    '    operator = ">=" if operator == ">" else operator\n    ordered = left.type.kind.is_numeric or',
)
"""What is to be more may be equal."""


def engine_with(change: Change, folder: Path) -> Path:
    """A folder with the changed engine, which runs with the other rooms of this checkout."""
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    change.make(folder)
    return folder


def run_by(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of this checkout, decided by the engine in the folder."""
    command = [sys.executable, "-c", _RUN, str(folder), *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=plain_environment(), capture_output=True, text=True, timeout=120)


def wheel_of(folder: Path, change: Change | None = None) -> Path:
    """Built in this folder from the files that git knows, with the change made in them."""
    tree = copy_of_known_files(folder / "tree")
    if change is not None:
        change.make(tree)
    return built("wheel", tree, folder / "built")


def wheelhouse_of(folder: Path, *wheels: Path) -> Path:
    """The wheels under names of their own, and their hashes."""
    folder.mkdir()
    sums = []
    for number, wheel in enumerate(wheels):
        name = wheel.name.replace("-py3-", f"-{number}-py3-")  # a build number
        shutil.copy2(wheel, folder / name)
        sums.append(f"{sha256(wheel.read_bytes()).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")
    return folder
