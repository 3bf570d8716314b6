"""Which of the two steps of a whole run has a test: `make test` the behaviours, `make test-long` what takes long.

A test is long by a mark in its file: `@pytest.mark.long` on it, `pytestmark = pytest.mark.long` for all of a file, or
`long_after` and `one_in` for most members of a kind. Of a kind that is long something small stays in `make test`.
A step imports only the files of which it runs a test; which those are is read from their text.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Collection, Iterable
from enum import Enum
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

TEST = "not long"
"""What `make test` asks for."""

LONG = "long"
"""What `make test-long` asks for."""

QUICK = "not slow and not spark and not long"
"""What `make quick` asks for."""


class Long(Enum):
    """How much of a file is long."""

    NOTHING = 0
    SOME = 1
    ALL = 2


_MARK = re.compile(r"\bmark\.long\b|\blong_after\(|\bone_in\(")


def long_after(count: int, members: Iterable[object]) -> list[ParameterSet]:
    """Members for `parametrize`, those after the first `count` marked as long; a tuple is a member's values.

    >>> [bool(member.marks) for member in long_after(1, ["a", "b"])]
    [False, True]
    """
    return [_member(each, is_long=at >= count) for at, each in enumerate(members)]


def one_in(count: int, members: Iterable[object]) -> list[ParameterSet]:
    """The same, marked but for the first of every `count`.

    >>> [bool(member.marks) for member in one_in(2, ["a", "b", "c"])]
    [False, True, False]
    """
    return [_member(each, is_long=at % count > 0) for at, each in enumerate(members)]


def _member(values: object, *, is_long: bool) -> ParameterSet:
    marks = [pytest.mark.long] if is_long else []
    return pytest.param(*(values if isinstance(values, tuple) else (values,)), marks=marks)


@functools.cache
def how_long(file: Path) -> Long:
    """By the marks in a file of tests."""
    text = file.read_text(encoding="utf-8")
    if not _MARK.search(text):
        return Long.NOTHING
    for node in ast.parse(text).body:
        is_for_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        if is_for_all and _MARK.search(ast.unparse(node)):
            return Long.ALL
    return Long.SOME


def leaves_out(step: str, file: Path) -> bool:
    """Whether a step (`TEST`, `LONG`, `QUICK`) runs none of a file's tests."""
    return how_long(file) is {TEST: Long.ALL, QUICK: Long.ALL, LONG: Long.NOTHING}[step]


def steps_of(item: pytest.Item) -> Collection[str]:
    """`TEST`, `LONG`, both or none: the steps that import its file and take the test by its mark."""
    own = LONG if item.get_closest_marker("long") else TEST
    return [step for step in (TEST, LONG) if step == own and not leaves_out(step, item.path)]
