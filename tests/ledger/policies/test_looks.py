"""When a change is read: once two looks at the folder saw the same, and not where it changes while it is read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from api.http.metrics import Metrics
from api.policy_compiler import Compiler
from api.worker import NICENESS
from ledger.journal.journal import Journal
from ledger.policies import in_force
from ledger.policies.in_force import Policies
from ledger.policies.rules_folder import RulesFolder, read_folder
from tests.support.running_service import ORDERS, write_rules

LENIENT = ORDERS.replace("limit: 10000", "limit: 20000")
STRICT = ORDERS.replace("limit: 10000", "limit: 5000")


def _followed(tmp_path: Path, steps: Callable[[Policies, Path], Awaitable[None]]) -> None:
    """Runs the steps on a folder whose set is in force."""

    async def follow() -> None:
        rules, journal = write_rules(tmp_path / "rules"), Journal(tmp_path / "credence.db")
        compiler = Compiler()
        policies = Policies(rules, journal, Metrics(), compiler)
        try:
            await policies.start()
            assert _limit(policies) == "10000"
            await steps(policies, rules)
        finally:
            await compiler.close()
            await asyncio.to_thread(journal.close)

    asyncio.run(follow())


def _limit(policies: Policies) -> str:
    text = policies.engine().files["rules/orders.yaml"]
    return text.partition("limit: ")[2].partition("\n")[0]


def test_the_first_set_is_compiled_as_soon_as_can_be_and_later_ones_behind_the_decisions(tmp_path: Path) -> None:
    async def niceness() -> list[int]:
        rules, journal, compiler = write_rules(tmp_path / "rules"), Journal(tmp_path / "credence.db"), Compiler()
        policies = Policies(rules, journal, Metrics(), compiler)
        try:
            before = await compiler._worker.run("test", os.nice, 0)
            await policies.start()
            return [before, await compiler._worker.run("test", os.nice, 0)]
        finally:
            await compiler.close()
            await asyncio.to_thread(journal.close)

    assert asyncio.run(niceness()) == [os.nice(0), os.nice(0) + NICENESS]


def test_a_change_is_read_at_the_second_look_that_sees_it(tmp_path: Path) -> None:
    async def steps(policies: Policies, rules: Path) -> None:
        (rules / "orders.yaml").write_text(LENIENT, encoding="utf-8")
        await policies.refresh()
        assert _limit(policies) == "10000"
        await policies.refresh()
        assert _limit(policies) == "20000"

    _followed(tmp_path, steps)


def test_what_changes_from_look_to_look_is_not_read_before_it_rests(tmp_path: Path) -> None:
    async def steps(policies: Policies, rules: Path) -> None:
        for length in range(1, 6):
            (rules / "orders.yaml").write_text(LENIENT + "#" * length, encoding="utf-8")
            await policies.refresh()
            assert (_limit(policies), policies.failed) == ("10000", None)
        await policies.refresh()
        assert _limit(policies) == "20000"

    _followed(tmp_path, steps)


def test_what_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(policies: Policies, rules: Path) -> None:
        def read_and_change(root: Path, name: str = "") -> RulesFolder:
            found = read_folder(root, name)
            (rules / "orders.yaml").write_text(STRICT, encoding="utf-8")
            return found

        (rules / "orders.yaml").write_text(LENIENT, encoding="utf-8")
        await policies.refresh()
        monkeypatch.setattr(in_force, "read_folder", read_and_change)
        await policies.refresh()
        assert _limit(policies) == "10000"
        monkeypatch.undo()
        await policies.refresh()
        await policies.refresh()
        assert _limit(policies) == "5000"

    _followed(tmp_path, steps)


def test_a_folder_behind_a_link_that_is_switched_is_followed(tmp_path: Path) -> None:
    """As Kubernetes mounts settings: each version in a folder of its own, and a link that names the one that counts."""

    async def steps(policies: Policies, rules: Path) -> None:
        rules.rename(tmp_path / "first")
        write_rules(tmp_path / "second", LENIENT)
        rules.symlink_to("first")
        await policies.refresh()
        await policies.refresh()
        assert _limit(policies) == "10000"
        (tmp_path / "link").symlink_to("second")
        (tmp_path / "link").replace(rules)
        await policies.refresh()
        await policies.refresh()
        assert _limit(policies) == "20000"

    _followed(tmp_path, steps)


def test_a_folder_that_is_away_changes_nothing_and_is_followed_when_it_is_back(tmp_path: Path) -> None:
    async def steps(policies: Policies, rules: Path) -> None:
        rules.rename(tmp_path / "away")
        await policies.refresh()
        await policies.refresh()
        assert policies.failed is not None
        assert [found.code for found in policies.failed.diagnostics] == ["I002"]
        assert _limit(policies) == "10000"
        write_rules(rules, LENIENT)
        await policies.refresh()
        await policies.refresh()
        assert (_limit(policies), policies.failed is None) == ("20000", True)

    _followed(tmp_path, steps)


def test_a_fault_of_ours_leaves_the_set_in_force_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def steps(policies: Policies, rules: Path) -> None:
        def fail(*_: object) -> RulesFolder:
            raise RuntimeError("a fault of ours")

        (rules / "orders.yaml").write_text(LENIENT, encoding="utf-8")
        monkeypatch.setattr(in_force, "read_folder", fail)
        await policies.refresh()
        await policies.refresh()
        assert policies.failed is not None
        assert [mistake.code for mistake in policies.failed.diagnostics] == ["I001"]
        assert _limit(policies) == "10000"

    _followed(tmp_path, steps)
