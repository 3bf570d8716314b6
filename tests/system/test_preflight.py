"""What a machine lacks is said in one line with the command that installs it: each lack, and several at once.

A machine is a folder of tools, which is all of PATH. Its Python and compiler are the real ones, told to do without
something: a version, a module, headers, the C library.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.steps import one_in

SCRIPT = ROOT / "scripts" / "preflight.sh"
ANOTHER = "sudo apt-get install python3.11 python3.11-venv python3.11-dev, then make PYTHON=python3.11 run"
LACKS = list(itertools.product(("3.11", "3.12", "3.13"), (True, False), (True, False), ("all", "no headers", "none")))


class Machine:
    """Nothing but a shell's own tools at first, in a folder whose name has a space."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "all tools"
        self.tools.mkdir()
        for tool in ("sh", "mktemp", "rm"):
            (self.tools / tool).symlink_to(_real(tool))
        self.tool("id", "echo 1000")

    def tool(self, name: str, script: str) -> None:
        file = self.tools / name
        file.write_text(f"#!{_real('sh')}\n{script}\n")
        file.chmod(0o755)

    def root(self) -> None:
        self.tool("id", "echo 0")

    def packages(self, *known: str) -> None:
        """What `apt-cache show` knows."""
        self.tool("apt-cache", f'case "$2" in {"|".join(known)}) exit 0 ;; esac; exit 100')

    def python(
        self, name: str = "python3", version: str = "3.12", venv: bool = True, header: bool = True, also: str = ""
    ) -> None:
        told = f"import sys, sysconfig; sys.version_info = ({version.replace('.', ', ')}, 0){also and '; '}{also}"
        told += "" if venv else "; sys.modules['ensurepip'] = None"
        told += "; sysconfig.get_path = lambda _: " + repr(str(self.tools if header else "/nowhere"))
        told += "; sysconfig.get_config_var = lambda name: {'CC': 'gcc -pthread'}.get(name)" if not also else ""
        (self.tools / "Python.h").touch()
        self.tool(name, f'[ "$1" = -c ] && exec "{sys.executable}" -c "{told}\n$2"')

    def gcc(self, headers: bool = True) -> None:
        self.tool("gcc", f'PATH=/usr/bin:/bin exec {_real("cc")} {"" if headers else "-nostdinc"} "$@"')

    def says(self, python: str = "python3", **settings: str) -> str:
        """The one line, without the name in front; nothing where nothing is lacking."""
        environment = {"PATH": str(self.tools), "TMPDIR": str(self.tools), **settings}
        done = subprocess.run(
            [_real("sh"), SCRIPT, python],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.stdout == ""
        assert (done.returncode == 0) is (done.stderr == "")
        assert done.stderr.count("\n") <= 1 and done.stderr.startswith("credence: " if done.stderr else "")
        assert not list(self.tools.glob("tmp.*")), "something was left behind"
        return done.stderr.removeprefix("credence: ").rstrip("\n")


def _real(tool: str) -> str:
    found = shutil.which(tool, path=f"/usr/bin:/bin:{os.environ['PATH']}")
    assert found, tool
    return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("version", "venv", "header", "compiler"), one_in(4, LACKS))
def test_all_that_is_lacking_is_one_line_with_one_command(
    machine: Machine, version: str, venv: bool, header: bool, compiler: str
) -> None:
    machine.python(version=version, venv=venv, header=header)
    if compiler != "none":
        machine.gcc(headers=compiler == "all")
    words, packages = [], []
    if not venv:
        words, packages = ["no venv module"], [f"python{version}-venv"]
    if not header:
        words.append("no Python headers (/nowhere/Python.h)")
        packages.append(f"python{version}-dev")
    if compiler == "no headers":
        words.append("no C library headers for gcc")
        packages.append("libc6-dev")
    if compiler == "none":
        words.append("no C compiler")
        packages += ["gcc", "libc6-dev"]
    expected = f"{', '.join(words)}; install what is missing with: sudo apt-get install {' '.join(packages)}"
    assert machine.says() == (expected if words else "")


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.10", "3.14", "4.0"])
def test_another_version_is_refused_with_the_newest_that_the_packages_have(machine: Machine, version: str) -> None:
    machine.python(version=version)
    machine.packages("python3.10", "python3.12", "python3.14")
    assert machine.says() == (
        f"python3 is CPython {version}, and CPython 3.11, 3.12 or 3.13 is needed; install another with: "
        "sudo apt-get install python3.12 python3.12-venv python3.12-dev, then make PYTHON=python3.12 run"
    )


@pytest.mark.parametrize("here", ["3.11", "3.12", "3.13"])
def test_a_python_that_will_do_and_is_there_already_is_named(machine: Machine, here: str) -> None:
    machine.python(version="3.14")
    machine.python(f"python{here}", version=here)
    machine.packages("python3.13")
    assert machine.says().endswith(f"; take another with: make PYTHON=python{here} run")
    assert machine.says("python3.9") == f"no python3.9; take another with: make PYTHON=python{here} run"


def test_a_python_that_is_only_a_name_is_not_offered(machine: Machine) -> None:
    """pyenv puts `python3.13` on the path of whoever has it, and refuses to run it where it isn't chosen."""
    machine.python(version="3.10")
    machine.tool("python3.13", "exit 127")
    machine.python("python3.11", version="3.11")
    assert machine.says().endswith("make PYTHON=python3.11 run")


@pytest.mark.parametrize(
    ("also", "named"),
    [
        ("import platform; platform.python_implementation = lambda: 'PyPy'", "PyPy 3.12"),
        ("sysconfig.get_config_var = lambda name: name == 'Py_GIL_DISABLED'", "free-threaded CPython 3.12"),
    ],
)
def test_another_kind_of_python_is_refused(machine: Machine, also: str, named: str) -> None:
    machine.python(also=also)
    assert machine.says().startswith(f"python3 is {named}, and CPython 3.11, 3.12 or 3.13 is needed; ")


def test_no_python_at_all(machine: Machine) -> None:
    assert machine.says() == "no python3; install it with: sudo apt-get install python3 python3-venv python3-dev"
    assert machine.says("/opt/python") == f"no /opt/python; install another with: {ANOTHER}"


def test_a_python_that_does_not_run_is_said_to(machine: Machine) -> None:
    machine.tool("python3", "exit 1")
    assert machine.says().startswith("python3 is no Python that runs, and CPython 3.11")


def test_root_needs_no_sudo(machine: Machine) -> None:
    machine.root()
    assert machine.says() == "no python3; install it with: apt-get install python3 python3-venv python3-dev"


@pytest.mark.parametrize(("name", "settings"), [("clang", {"CC": "clang -O1"}), ("gcc-9", {"CC": "gcc-9"})])
def test_the_compiler_that_cc_names_is_the_one_looked_for(
    machine: Machine, name: str, settings: dict[str, str]
) -> None:
    machine.python()
    machine.gcc()
    assert machine.says() == ""
    assert machine.says(**settings) == (
        f"no C compiler {name} (named by CC, else by Python's own build); "
        "take the one that is here with: CC=gcc make run"
    )
