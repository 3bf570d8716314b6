"""The two commands on a machine where nothing was installed, in a year: the real Makefile, script and locks, against an
index in a folder that holds newer releases than the locks know.

What differs from a real machine: packages are without their code (see local_index.py), so no network is needed; pip,
setuptools and the compiler are real, and so is the pip that each Python brings.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.extension import FLAGS
from tests.support.large import IS_LARGE
from tests.support.local_index import MARK, locked, write_index
from tests.support.paths import ROOT

BUILD = {entry.name: entry.version for entry in locked(ROOT / "locks" / "build.txt")}
MENDS = "make clean setup"
PYTHONS = ("3.11", "3.12", "3.13")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
"""That which runs this: enough where pip alone, which is the same for all of them, makes the difference."""


def _python(version: str) -> str | None:
    """The Python that runs this, for its own version; for another one the oldest on this machine that is complete."""
    if version == OWN:
        return sys._base_executable  # type: ignore[attr-defined, no-any-return] # what made this environment
    installed = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3")
    for python in [*sorted(installed), Path(f"/usr/bin/python{version}")]:
        checked = subprocess.run(["sh", ROOT / "scripts" / "preflight.sh", python], capture_output=True, check=False)
        if checked.returncode == 0:
            return str(python)
    return None


@dataclass(frozen=True)
class Machine:
    """A checkout in a folder of its own, a home with nothing in it, and the settings that pip finds."""

    checkout: Path
    python: str
    settings: dict[str, str]

    def make(self, target: str, **more: str) -> None:
        """`PIP_USER`, a habit of many machines, would install outside of the environment."""
        done = self.run("make", target, f"PYTHON={self.python}", PIP_USER="1", **more)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = self.settings | more
        return subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    def installed(self) -> dict[str, str]:
        listed = self.run(".venv/bin/python", "-m", "pip", "list", "--format", "json")
        return {package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(listed.stdout)}

    def extension(self) -> Path:
        (found,) = (self.checkout / ".venv").glob("lib/python*/site-packages/durable_rules_engine*.so")
        return found


def _machine(folder: Path, python: str) -> Machine:
    for name, version in BUILD.items():
        assert importlib.metadata.version(name) == version, f"{name} is not as locked; mend it with: {MENDS}"
    checkout = folder / "a checkout, 检出"
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "tests", "docs", "bench", "locks", "*.egg-info")
    shutil.copytree(ROOT, checkout, ignore=unwanted)
    index = write_index(folder / "index", ROOT / "locks", checkout / "locks", whole=BUILD)
    (folder / "home").mkdir()
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "VIRTUAL_ENV", "CC"))}
    settings |= {"HOME": str(folder / "home"), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index}
    return Machine(checkout, python, settings | {"PIP_CACHE_DIR": str(folder / "cache")})


@pytest.fixture(scope="module", params=PYTHONS)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    python = _python(request.param)
    if python is None:
        pytest.skip(f"no Python {request.param} on this machine")
    machine = _machine(tmp_path_factory.mktemp("machine"), python)
    machine.make("setup")
    machine.make("setup-tests")
    return machine


@pytest.mark.long
def test_the_locks_install_with_the_pip_that_python_brings_though_newer_releases_are_out(machine: Machine) -> None:
    locks = [locked(ROOT / "locks" / f"{name}.txt") for name in ("build", "run", "test")]
    wanted = {entry.name: entry.version for lock in locks for entry in lock}
    installed = machine.installed()
    assert installed["pip"] == BUILD["pip"]
    assert len(installed) > 60
    assert {name: version for name, version in installed.items() if version != wanted.get(name, version)} == {}


@pytest.mark.long
def test_a_second_time_asks_the_index_for_nothing(machine: Machine) -> None:
    machine.make("setup-tests", PIP_INDEX_URL="file:///nowhere")


@pytest.mark.long
def test_the_extension_is_compiled_with_optimisation_and_loads(machine: Machine) -> None:
    assert MARK in machine.extension().read_bytes()
    assert machine.run(".venv/bin/python", "-c", "import durable_rules_engine").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("machine", PYTHONS if IS_LARGE else [OWN], indirect=True)
def test_a_wheel_that_pip_kept_from_a_build_without_the_flags_is_not_taken(machine: Machine) -> None:
    """pip keeps what it builds, and hands it out again wherever the same source is asked for."""
    by_hand = [".venv/bin/python", "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--force-reinstall"]
    for word in ("Building wheel", "Using cached"):
        done = machine.run(*by_hand, "-r", ".venv/durable-rules.txt")
        assert word in done.stdout, done.stdout + done.stderr
        assert MARK not in machine.extension().read_bytes()

    (machine.checkout / ".venv" / ".installed-compiled").unlink()
    machine.make("setup")

    assert MARK in machine.extension().read_bytes()


def test_the_command_that_the_service_names_compiles_with_the_same_flags() -> None:
    assert f'flags="{FLAGS}"\n' in (ROOT / "scripts" / "install.sh").read_text()


def test_the_rule_matcher_of_this_environment_is_compiled_with_optimisation() -> None:
    """Without it each decision's second opinion takes half as long again."""
    found = importlib.util.find_spec("durable_rules_engine")
    assert found is not None and found.origin is not None
    optimised = MARK in Path(found.origin).read_bytes()
    assert optimised, f"{found.origin} was compiled without scripts/install.sh's flags; compile it anew: {MENDS}"
