"""A run without Java says at its end that Spark's tests were left out, and how to have them; in CI it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NO_JAVA
from tests.support.paths import ROOT

pytestmark = pytest.mark.long


def _run(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Spark's tests without a Java, and one other, in a run of their own."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    environment |= {"JAVA_HOME": str(folder), **more}
    tests = [
        "tests/files/batch/test_batch_spark.py",
        "tests/files/batch/test_batch.py::test_the_sql_command_prints_a_query",
    ]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_last_lines_say_what_was_left_out(tmp_path: Path) -> None:
    done = _run(tmp_path)
    assert done.returncode == 0, done.stdout
    said, totals = done.stdout.splitlines()[-2:]
    assert said.startswith("SKIPPED [")
    assert said.endswith(f": {NO_JAVA}")
    assert NO_JAVA.endswith("sudo apt-get install default-jre-headless")
    assert "1 passed" in totals


def test_in_ci_the_run_fails(tmp_path: Path) -> None:
    done = _run(tmp_path, CI="true")
    assert done.returncode == 1, done.stdout
    assert NO_JAVA in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]
