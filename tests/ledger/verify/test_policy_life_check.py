"""An activation or an approval that somebody wrote by hand is named by `journal verify`; so is one that is gone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.journal.journal import Journal
from ledger.policies.policy_life import PolicyLife
from ledger.policies.states import ActWord, ProposalEdit
from ledger.verify.journal_faults import FaultKind, FaultsFound
from ledger.verify.policy_life_check import check_policy_life
from tests.support.journal_reading import from_journal
from tests.support.policy_races import Passing, asked, first_in_force

APPROVAL = "INSERT INTO policy_approvals (proposal, digest, person, at, behind, comment, seq) "
OF_THE_FIRST = "SELECT proposal, digest, 'c.meyer', at, behind, comment, {seq} FROM policy_approvals LIMIT 1"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets were in force, and a third is proposed."""
    path = tmp_path_factory.mktemp("lived") / "journal.db"

    async def live() -> None:
        journal = Journal(path)
        life = PolicyLife(journal, Passing())
        try:
            await first_in_force(life)
            for text in ("1", "2"):
                number = int(await life.begin(asked("ann"), ProposalEdit(title="t", why="w", files={"a": text})))
                await life.propose(asked("ann"), number)
                for word in (ActWord.APPROVE, ActWord.ACTIVATE)[: 2 if text == "1" else 0]:
                    await life.act(asked("ben"), number, word)
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(live())
    return path


def _found(path: Path, change: Callable[[sqlite3.Connection], object]) -> list[str]:
    """Changed in a copy of which the triggers are gone, as whoever has the file may do."""
    copied = path.with_name("copied.db")
    with sqlite3.connect(path) as source, sqlite3.connect(copied) as into:
        source.backup(into)
        for (name,) in into.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            into.execute(f"DROP TRIGGER {name}")
        change(into)
    faults = FaultsFound()
    from_journal(copied, lambda journal: check_policy_life(journal, faults, opens_bodies=False))
    copied.unlink()
    assert {each.kind for each in faults.shown} <= {FaultKind.POLICY_LIFE}
    return [str(each.text) for each in faults.shown]


def test_what_was_lived_has_no_faults(lived: Path) -> None:
    faults = FaultsFound()
    from_journal(lived, lambda journal: check_policy_life(journal, faults, opens_bodies=True))
    assert faults.total == 0


CHANGES = {
    "an approval of a record that isn't there": (
        APPROVAL + OF_THE_FIRST.format(seq=900),
        "approval of c.meyer has no record",
    ),
    "an approval of another's record": (
        APPROVAL + OF_THE_FIRST.format(seq="(SELECT min(seq) FROM policy_approvals) + 1"),
        "approval of c.meyer has no record",
    ),
    "an approver who was another": (
        "UPDATE policy_approvals SET person = 'c.meyer'",
        "approval of c.meyer has no record",
    ),
    "an approval that was taken away": ("DELETE FROM policy_approvals", "an approval that is not there any more"),
    "an activation by hand": (
        f"INSERT INTO policy_activations VALUES (3, '{'a' * 64}', '2026', 'approved', 3, 900)",
        "activation 3: has no record",
    ),
    "another version": (
        f"UPDATE policy_activations SET version = '{'a' * 64}' WHERE number = 2",
        "activation 2: has no record",
    ),
    "another number": ("UPDATE policy_activations SET number = 7 WHERE number = 2", "activation 7: has no record"),
    "an activation that was taken away": (
        "DELETE FROM policy_activations WHERE number = 1",
        "an activation that is not there any more",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_written_by_hand_is_named(lived: Path, what: str) -> None:
    statement, told = CHANGES[what]
    found = _found(lived, lambda rows: rows.execute(statement))
    assert any(told in each for each in found), found
