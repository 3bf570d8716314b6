"""Every test runs in `make test` or in `make test-long`, none in both or in neither, and CI runs both."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.steps import LONG, QUICK, TEST, Long, how_long, leaves_out

HEAD = "import pytest\nfrom tests.support.steps import long_after, one_in\n"
FILES = {
    "test_short.py": "def test_a(): ...\n",
    "test_long.py": "pytestmark = pytest.mark.long\ndef test_b(): ...\n",
    "test_long_and_more.py": "pytestmark = [\n    pytest.mark.slow,\n    pytest.mark.long,\n]\ndef test_c(): ...\n",
    "test_mixed.py": "@pytest.mark.long\ndef test_d(): ...\ndef test_e(): ...\n",
    "test_members.py": "@pytest.mark.parametrize('n', long_after(1, 'fgh'))\ndef test_n(n): ...\n",
    "test_every_other.py": "@pytest.mark.parametrize('n', one_in(2, 'ijk'))\ndef test_o(n): ...\n",
    "test_pairs.py": "@pytest.mark.parametrize(('n', 'm'), long_after(1, [(1, 2), (3, 4)]))\ndef test_p(n, m): ...\n",
}
"""Every way in which a test is marked."""

LONG_ONES = {"test_b", "test_c", "test_d", "test_n[g]", "test_n[h]", "test_o[j]", "test_p[3-4]"}
OTHERS = {"test_a", "test_e", "test_n[f]", "test_o[i]", "test_o[k]", "test_p[1-2]"}


def test_ci_runs_both_steps_one_after_the_other() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make test", "make test-long"]
    assert "set -euo pipefail" in lines


@pytest.mark.parametrize(("target", "step"), [("test", f'"{TEST}"'), ("test-long", LONG), ("quick", f'"{QUICK}"')])
def test_make_asks_for_the_steps_as_files_are_left_out_by_them(target: str, step: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe and f"\t$(PYTEST) -m {step}\n" in recipe[1]


def _collected(*more: str) -> list[str]:
    """Ids, as a run of its own collects them."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "--collect-only", *more]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


def _write(folder: Path, text: dict[str, str]) -> Path:
    for name, content in text.items():
        (folder / name).write_text(HEAD + content, encoding="utf-8")
    return folder


def _names(ids: list[str]) -> list[str]:
    return [each.rpartition("::")[2] for each in ids]


@pytest.mark.parametrize(("step", "expected"), [(TEST, OTHERS), (LONG, LONG_ONES)], ids=["test", "long"])
def test_each_way_to_mark_a_test_puts_it_into_one_step(tmp_path: Path, step: str, expected: set[str]) -> None:
    ours = ("-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "-m", step)

    assert sorted(_names(_collected(*ours, str(_write(tmp_path, FILES))))) == sorted(expected)


def test_a_step_imports_only_the_files_of_which_it_runs_something(tmp_path: Path) -> None:
    folder = _write(tmp_path, FILES)
    assert [name for name in FILES if leaves_out(TEST, folder / name)] == ["test_long.py", "test_long_and_more.py"]
    assert [name for name in FILES if leaves_out(LONG, folder / name)] == ["test_short.py"]
    assert how_long(folder / "test_mixed.py") is Long.SOME
    assert all(leaves_out(QUICK, folder / name) == leaves_out(TEST, folder / name) for name in FILES)


def test_a_test_that_no_step_would_run_ends_the_run(tmp_path: Path) -> None:
    """Marked in a way that isn't seen in its file."""
    hidden = {"test_hidden.py": "far = getattr(pytest.mark, 'long')\n@far\ndef test_far(): ...\n"}
    ours = ("-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"))

    with pytest.raises(AssertionError, match=r"neither make test nor make test-long runs .*test_far"):
        _collected(*ours, str(_write(tmp_path, hidden)))


@pytest.mark.long
def test_both_steps_together_are_all_tests() -> None:
    """What pytest finds without any of this beside what it finds in each step."""
    found = [_collected(*(("-m", step) if step else ())) for step in (None, TEST, LONG)]

    assert len(found[0]) > 10_000
    assert sorted(found[1] + found[2]) == sorted(found[0])
