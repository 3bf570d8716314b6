"""Six persons act at once, each through a process of their own: nothing takes effect that nobody approved as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.store.place import JournalPlace, ServerAddress
from tests.support.journal_reading import from_journal
from tests.support.large import how_many
from tests.support.policy_races import race, require_sound
from tests.support.steps import long_after


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "journal.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


@pytest.mark.parametrize("acts", long_after(1, [180, how_many(600, large=5_000)]))
def test_nothing_takes_effect_that_was_not_approved_as_it_is(place: JournalPlace, acts: int) -> None:
    came = asyncio.run(race(place, acts, seed=7))
    count = from_journal(place, lambda journal: journal.ask(lambda connection, _: require_sound(connection)))
    assert count == came["activate"] + 1, came
    assert came["approve"] > 0 and (acts < 600 or came["activate"] > 1), came  # how many few acts come to is chance
    assert came["approver-is-author"] > 0, came
    assert sum(came.values()) == acts // 6 * 6
