"""The checkpoints that an export takes along: by them each quorum is met at the newest size at which it ever was."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from sqlalchemy import create_engine, insert

from ledger.journal.signed_log import cosigned_notes
from ledger.store.tables import checkpoints, cosignatures
from tests.support.large import how_many

WITNESSES = "abcd"


@pytest.mark.parametrize("seed", range(how_many(40, large=1_000)))
def test_whoever_is_asked_for_together_the_newest_that_they_cosigned_is_there(seed: int) -> None:
    chance = random.Random(seed)
    by = {size: {each for each in WITNESSES if chance.random() < 0.3} for size in range(1, chance.randint(2, 12))}
    until = chance.randint(1, 12)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for table in (checkpoints, cosignatures):
            table.create(connection)
        connection.execute(insert(checkpoints), [{"size": size, "note": f"{size}\n"} for size in by])
        for size, witnesses in by.items():
            for each in witnesses:
                connection.execute(insert(cosignatures), {"size": size, "witness": each, "line": f"{each}\n"})
        found = dict(cosigned_notes(connection, until))
    assert list(found) == sorted(found, reverse=True)
    for size, note in found.items():
        assert note == "".join(f"{each}\n" for each in (size, *sorted(by[size])))
    needed = set()
    for count in range(1, len(WITNESSES) + 1):
        for together in combinations(WITNESSES, count):
            newest = max((size for size in by if size <= until and by[size] >= set(together)), default=None)
            needed |= {newest} - {None}
    assert set(found) == needed
