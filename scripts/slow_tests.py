"""Writes tests/slow_tests.txt, what `make quick` leaves out, from the times of a run of both steps, or of all tests.

    .venv/bin/python -m pytest --numprocesses auto --dist loadfile --junit-xml report.xml
    python scripts/slow_tests.py report.xml …

A file that takes `FILE_SECONDS` is left out whole, so that it isn't even imported; of the others the tests that take
`TEST_SECONDS`, all their cases together. Run it on a quiet machine, when `make quick` takes more than a minute.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

FILE_SECONDS = 2.0
TEST_SECONDS = 0.3
TESTS = Path(__file__).parents[1] / "tests"
LIST = TESTS / "slow_tests.txt"


def main(*reports: str) -> None:
    seconds: Counter[tuple[str, str]] = Counter()
    for case in (case for report in reports for case in ElementTree.parse(report).iter("testcase")):
        name = case.attrib["name"].partition("[")[0]
        seconds[_file(case.attrib["classname"]), name] += float(case.attrib["time"])  # type: ignore[assignment]
    LIST.write_text("".join(f"{entry}\n" for entry in slow(seconds)), encoding="utf-8")


def slow(seconds: Counter[tuple[str, str]]) -> list[str]:
    """The entries, `api/test_worker.py` or `api/test_logs.py::test_a_line`, by the seconds of each test of a file."""
    files: Counter[str] = Counter()
    for (file, _), taken in seconds.items():
        files[file] += taken  # type: ignore[assignment]
    whole = {file for file, taken in files.items() if taken >= FILE_SECONDS}
    tests = {f"{f}::{name}" for (f, name), taken in seconds.items() if f not in whole and taken >= TEST_SECONDS}
    return sorted(whole | tests)


def _file(classname: str) -> str:
    """`tests.api.test_worker` is api/test_worker.py; of a class of tests too."""
    parts = classname.split(".")
    return next(
        path.relative_to(TESTS).as_posix()
        for end in range(len(parts), 0, -1)
        if (path := TESTS.parent.joinpath(*parts[:end]).with_suffix(".py")).exists()
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
