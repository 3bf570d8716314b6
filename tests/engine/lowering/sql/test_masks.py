"""Masks hold of each match whether it fired and whether it is undetermined, at the bit that belongs to it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import duckdb
import pytest
from sqlglot import exp

from engine.lowering.sql.dialect import DUCKDB
from engine.lowering.sql.levels import ColumnNames, Levels, SqlValue, column
from engine.lowering.sql.masks import BITS, Mask, mask_pairs
from engine.ruleset.interpret import kleene_and
from tests.support.steps import one_in

NAMES = ("a", "b", "c", "d")
ROWS = list(itertools.product((True, False, None), repeat=len(NAMES)))


@pytest.mark.parametrize("count", one_in(2, [BITS + 1, 1, BITS, 4, BITS // 2, BITS // 2 + 1, 2 * BITS + 40]))
@pytest.mark.parametrize("copies_rows", [False, True])
def test_each_match_has_its_bit_for_every_mixture_of_true_false_and_null(count: int, *, copies_rows: bool) -> None:
    """Random conjunctions of four conditions, most of them shared; with and without the early sums of a dialect whose
    sub-selects copy rows."""
    chance = random.Random(count)
    matches = [[name for name in NAMES if chance.random() < 0.4] for _ in range(count)]
    levels = Levels(replace(DUCKDB, materializes_subselects=copies_rows), ColumnNames())
    values = {name: SqlValue(column(levels.names.name(name)), nullable=True) for name in NAMES}
    levels.nullable.update(NAMES)
    ids = [f"match {number}" for number in range(count)]
    pairs = mask_pairs(levels, ids, [[values[name] for name in names] for names in matches])
    for masks, sought in ((pairs.fired, True), (pairs.undetermined, None)):
        assert [id_ for mask in masks for id_ in mask.ids] == ids
        for row, chosen in zip(ROWS, chosen_ids(levels, masks), strict=True):
            truths = dict(zip(NAMES, row, strict=True))
            verdicts = [kleene_and(truths[name] for name in names) for names in matches]
            expected = [id_ for id_, verdict in zip(ids, verdicts, strict=True) if verdict is sought]
            assert chosen == expected, row


def test_a_rule_set_without_rules_has_no_masks() -> None:
    pairs = mask_pairs(Levels(DUCKDB, ColumnNames()), [], [])
    assert (pairs.fired, pairs.undetermined) == ((), ())


def chosen_ids(levels: Levels, masks: Sequence[Mask]) -> list[list[str]]:
    """The ids whose bits are set, for each of the rows."""
    selected = [column(mask.column) for mask in masks]
    subselects, last = levels.selects("facts", selected)
    query = exp.select(*selected).from_(last)
    for name, select in subselects:
        query = query.with_(name, as_=select)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE facts ({', '.join(f'{name} BOOLEAN' for name in NAMES)})")
        connection.executemany(
            f"INSERT INTO facts VALUES ({', '.join('?' for _ in NAMES)})", [list(row) for row in ROWS]
        )
        rows = connection.execute(query.sql("duckdb")).fetchall()
    return [
        [id_ for mask, bits in zip(masks, row, strict=True) for i, id_ in enumerate(mask.ids) if bits >> i & 1]
        for row in rows
    ]
