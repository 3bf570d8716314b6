"""How the code is shaped: what a reader may rely on in every module of the product."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

ROOMS = ("engine", "files", "receivables", "ledger", "api")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

LINES_OF_A_FUNCTION_MAX = 70
LINES_OF_A_MODULE_MAX = 500
POSITIONAL_FIELDS_MAX = 4
POSITIONAL = {"Scalar"}
"""Made for each word of every policy file: by keyword, reading the default policies takes a tenth longer."""

RUN_BY_NAME = ("__init__.py", "__main__.py", "env.py")
"""Modules that nobody imports: packages, programs, and what Alembic runs, as it runs `versions/`."""


COMMANDS = ROOT / "api" / "cli"
"""A command's module is called as the command, and may be called as what it runs."""


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_name_stands_in_two_places() -> None:
    """`rows.py` in the tab of an editor, or in a traceback, is one file and no other."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        if path.name not in RUN_BY_NAME and path.parent != COMMANDS:
            places[path.name].append(_named(path))

    assert [names for names in places.values() if len(names) > 1] == []


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LINES_OF_A_MODULE_MAX
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION_MAX
    ]
    assert long == []


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_safety_is_raised_and_never_asserted(path: Path) -> None:
    """`python -O` leaves assertions out: they may tell mypy of which class something is, and nothing else."""
    tree = ast.parse(path.read_text("utf-8"))
    asserted = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert [node.lineno for node in asserted if not _tells_a_class(node.test)] == []


def _tells_a_class(test: ast.expr) -> bool:
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_a_constant_stands_above_its_first_use(path: Path) -> None:
    """But for tables of functions and classes, which stand below what they name."""
    body = ast.parse(path.read_text("utf-8")).body
    below = [
        name
        for index, (name, value) in _constants(body)
        if (first := _first_use(name, body[:index])) is not None and not _names(value) & _defined(body[first:index])
    ]
    assert below == []


def _constants(body: list[ast.stmt]) -> Iterator[tuple[int, tuple[str, ast.expr]]]:
    for index, node in enumerate(body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id.isupper() and value is not None:
            yield index, (target.id, value)


def _first_use(name: str, before: list[ast.stmt]) -> int | None:
    return next((index for index, node in enumerate(before) if name in _names(node)), None)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _defined(nodes: list[ast.stmt]) -> set[str]:
    found = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    return found | {name for _, (name, _) in _constants(nodes)}


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_nouns_of_many_fields_take_keywords_only(path: Path) -> None:
    """In a call with seven positional arguments nobody sees that two are swapped. Tuples that hot paths make are named
    tuples, and say so; `POSITIONAL` lists what else was measured."""
    many = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef) and (decorator := _dataclass(node)) is not None:
            keywords = {keyword.arg for keyword in decorator.keywords} if isinstance(decorator, ast.Call) else set()
            if (
                len(_positional(node)) > POSITIONAL_FIELDS_MAX
                and "kw_only" not in keywords
                and node.name not in POSITIONAL
            ):
                many.append(node.name)
    assert many == []


def _positional(node: ast.ClassDef) -> list[ast.AnnAssign]:
    """The fields before `_: KW_ONLY`."""
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    marks = [index for index, field in enumerate(fields) if ast.unparse(field.annotation) == "KW_ONLY"]
    return fields[: marks[0]] if marks else fields


def _dataclass(node: ast.ClassDef) -> ast.expr | None:
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(function, ast.Name) and function.id == "dataclass":
            return decorator
    return None


def test_every_module_is_used_by_another() -> None:
    """A command, a route or a check that nobody puts in its list would be there and do nothing."""
    used = {name for path in MODULES for name in _modules_named(ast.parse(path.read_text("utf-8")))}
    unused = [path for path in MODULES if ".".join(path.relative_to(ROOT).with_suffix("").parts) not in used]
    assert [_named(path) for path in unused if path.name not in RUN_BY_NAME and path.parent.name != "versions"] == []


def _modules_named(tree: ast.Module) -> Iterator[str]:
    """Imported, or written as text for a process that imports it by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]
