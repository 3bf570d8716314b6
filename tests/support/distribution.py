"""The wheel and the source distribution, built from the files that git knows; and an environment that has only them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement

from tests.support.paths import ROOT

PACKAGES = ("api/", "engine/", "files/", "ledger/", "receivables/")

_BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel and, linked from this one, what the wheel says that it needs."""

    home: Path

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    @property
    def credence(self) -> Path:
        return self.home / "bin" / "credence"

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=plain_environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )


def plain_environment() -> dict[str, str]:
    """Without what would lead Python or credence to other places."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CREDENCE_"))}


def known_files() -> list[str]:
    """What git tracks or would take; a link counts as one file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in set(names) if name and (ROOT / name).exists())


def packaged_files() -> dict[str, bytes]:
    """What a wheel has to hold: every file of the packages that git knows, links followed."""
    found: dict[str, bytes] = {}
    known = known_files()
    for name in known:
        path = ROOT / name
        if not name.startswith(PACKAGES):
            continue
        if path.is_symlink() and path.is_dir():
            target = path.resolve().relative_to(ROOT).as_posix() + "/"
            found |= {
                name + "/" + each.removeprefix(target): (ROOT / each).read_bytes()
                for each in known
                if each.startswith(target)
            }
        else:
            found[name] = path.read_bytes()
    return found


def copy_of_known_files(target: Path) -> Path:
    for name in known_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def built(what: str, tree: Path, target: Path) -> Path:
    """`what` is `wheel` or `sdist`; the file that setuptools makes of `tree`."""
    target.mkdir()
    command = [sys.executable, "-c", _BUILD, f"build_{what}", str(target)]
    subprocess.run(command, cwd=tree, env=plain_environment(), capture_output=True, check=True)
    (file,) = target.iterdir()
    return file


def unpacked(sdist: Path, target: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(target, filter="data")
    (tree,) = target.iterdir()
    return tree


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """Without the metadata."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def install(wheel: Path, home: Path) -> Installed:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    installed = Installed(home)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(installed.python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, str(wheel)], env=plain_environment() | {"PIP_REQUIRE_HASHES": "0"}, check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (own,) = distributions(path=[str(site)])
    for needed in _needed(own):
        for top in _top_level(needed):
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(needed.locate_file(top))))
    return installed


def _needed(own: Distribution) -> list[Distribution]:
    """All that it requires, and what that requires, with the extras asked for."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()

    def add(requirements: list[str], extra: str) -> None:
        for requirement in map(Requirement, requirements):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                for each in ("", *requirement.extras):
                    if (requirement.name, each) not in seen:
                        seen.add((requirement.name, each))
                        found[requirement.name] = distribution(requirement.name)
                        add(found[requirement.name].requires or [], each)

    add(own.requires or [], "")
    return list(found.values())


def _top_level(needed: Distribution) -> set[str]:
    return {path.parts[0] for path in needed.files or () if path.parts[0] not in ("..", "__pycache__")}
