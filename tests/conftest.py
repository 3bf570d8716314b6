"""Spark's tests need Java. Without it they are left out, and the last lines of a run say so; CI fails instead."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest

NO_JAVA = "no Java, which Spark's tests need; install it with: sudo apt-get install default-jre-headless"


@functools.cache
def java_runs() -> bool:
    """Looked for where pyspark looks."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    return java is not None and subprocess.run([java, "-version"], capture_output=True, check=False).returncode == 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("spark") and not java_runs():
        if os.environ.get("CI"):
            pytest.fail(NO_JAVA, pytrace=False)
        pytest.skip(NO_JAVA)
