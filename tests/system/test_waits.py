"""No test fails because others have the processor: what has to come is waited for as long as `PATIENCE`, until it is
there, and no sleep hopes that it has come."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.patience import PATIENCE

FILES = sorted((ROOT / "tests").rglob("*.py"))
WAITS = {
    "wait": 0,
    "join": 0,
    "settimeout": 0,
    "timeout": 0,
    "eventually": 1,
    "wait_for": 1,
    "create_connection": 1,
}
"""Calls, by their last name, with the place of the seconds that they wait."""

ASKS = ("Client", "get", "post", "put", "delete", "request", "stream")
"""Of httpx2; their own limit is five seconds."""

CLOCKS = ("monotonic()", "perf_counter()")

ON_PURPOSE = {
    "tests/api/http/test_guard.py: connection.settimeout(5)": "any error will do, this one too",
    "tests/api/http/test_guard.py: time.sleep(0.05)": "between what is sent; the answers are the same without",
    "tests/api/http/test_guard.py: time.sleep(0.1)": "the same",
    "tests/api/http/test_reload.py: threading.Event().wait(0.03)": "between pieces, much less than two looks",
    "tests/api/http/test_reload.py: threading.Event().wait(1)": "for a change that must not come",
    "tests/api/http/test_search_turns.py: asyncio.sleep(0.05)": "for a search that must not begin",
    "tests/api/test_policies_too_large.py: time.sleep(0.2)": "before hanging up; whenever that is, nothing waits then",
    "tests/support/order_load.py: self.stop.wait(0.05)": "before an order that was cut off is sent again",
    "tests/ledger/journal/test_journal.py: time.sleep(0.05)": "what a commit takes at least",
    "tests/ledger/journal/test_journal.py: time.monotonic() - started < 25 * LOCK_SECONDS_MAX": "half of 50 in turn",
    "tests/ledger/journal/test_on_postgresql.py: time.monotonic() - started < 10 * LOCK_SECONDS_MAX": "half of 20",
    "tests/support/webhook_receivers.py: time.sleep(made[0].waits)": "a receiver that is slow",
    "tests/system/test_under_attack.py: connection.settimeout(0.2)": "any error will do, this one too",
    "tests/system/test_under_attack.py: time.sleep(0.2)": "how long the attacked service is watched",
    "tests/system/test_under_attack.py: time.sleep(1)": "the same; and before the rest of a body",
    "tests/system/test_under_attack.py: time.sleep(seconds)": "the same",
}
"""Short waits that no busy machine makes fail, each with the reason."""


def _found(tree: ast.AST) -> Iterator[str]:
    inside = {
        id(node)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While)
        for node in ast.walk(loop)
        if isinstance(node, ast.Call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if _is_short(node) or (_is_sleep(node) and id(node) not in inside):
                yield ast.unparse(node)
        elif isinstance(node, ast.Assert):
            yield from (ast.unparse(each) for each in ast.walk(node.test) if _is_bound(each))


def _is_short(call: ast.Call) -> bool:
    """A wait for fewer seconds than `PATIENCE`, said as a number; or one of httpx2 that says none."""
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    said = [each.value for each in call.keywords if each.arg == "timeout"]
    if name.startswith("httpx2.") and last in ASKS and not said:
        return True
    place = WAITS.get(last)
    said += call.args[place : place + 1] if place is not None else []
    return any(isinstance(each, ast.Constant) and _seconds(each) < PATIENCE for each in said)


def _seconds(constant: ast.Constant) -> float:
    value = constant.value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else PATIENCE


def _is_sleep(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("time.sleep", "asyncio.sleep") and ast.unparse(call.args[0]) != "0"


def _is_bound(node: ast.AST) -> bool:
    """`time.monotonic() - started < 3`; that a time is over, or that none is left, may be said."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[-1], ast.Lt | ast.LtE):
        return False
    *_, before, limit = [node.left, *node.comparators]
    return any(clock in ast.unparse(before) for clock in CLOCKS) and ast.unparse(limit) not in ("end", "PATIENCE")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_waits_are_long_and_end_when_it_is_there(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = {f"{name}: {each}" for each in _found(ast.parse(path.read_text(encoding="utf-8")))}

    assert found - ON_PURPOSE.keys() == set()
    assert {each for each in ON_PURPOSE if each.startswith(f"{name}:")} <= found


@pytest.mark.parametrize(
    "line",
    [
        "process.wait(10)",
        "thread.join(20)",
        "eventually(ready, 30)",
        "subprocess.run(command, timeout=60)",
        "httpx2.get(url)",
        "httpx2.Client(base_url=url)",
        "time.sleep(0.5)",
        "assert time.monotonic() - started < 3",
        "assert 1 < time.perf_counter() - started <= 3",
    ],
)
def test_what_is_short_is_found(line: str) -> None:
    assert len(list(_found(ast.parse(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "process.wait(PATIENCE)",
        "eventually(ready)",
        "httpx2.get(url, timeout=PATIENCE)",
        "while not ready():\n    time.sleep(0.02)",
        "assert time.monotonic() - started > 0.3",
        "' '.join(words)",
    ],
)
def test_what_is_long_or_has_no_end_of_its_own_is_not(line: str) -> None:
    assert list(_found(ast.parse(line))) == []
