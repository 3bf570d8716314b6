"""A batch: what every way of deciding whole files is asked for, and what it counts.

Nouns that `decide_file` (one row at a time through the engine), `duckdb.duckdb_run` and `spark.cluster` (all rows
through the rule set's SQL) share. Each has a job of its own that adds what only it needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from engine.vocabulary.rates import NO_RATES, Rates
from files.joined_lists import JoinedList
from files.maps.row_map import RowMap


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """What is decided, how rows become facts, and where the results go."""

    as_of: date
    """The day of the decisions: whose parameters are in force, and what `as_of` is to formulas."""
    lists: tuple[JoinedList, ...] = ()
    """Facts that are lists and whose records stand in files of their own."""
    row_map: RowMap | None = None
    """How columns become facts. None: columns bear the names of facts, rows of NDJSON may be requests."""
    rates: Rates = NO_RATES
    """What other currencies are worth in that of the policies."""
    out: str
    """Where the decisions go: a path, on Spark one of the cluster's storage."""
    rejects: str
    """Where the rows with faults go."""
    spreadsheet: bool = False
    """CSV outputs are for a spreadsheet: text that begins like a formula is marked as text (`files.spreadsheet`)."""


@dataclass(slots=True, kw_only=True)
class BatchTally:
    """What became of the rows: each was decided or rejected."""

    rows: int = 0
    """All rows that were read; blank lines are none."""
    decided: int = 0
    rejected: int = 0
    seconds: float = 0.0
    """From the first file opened to the last one in its place; 0 where nobody measured."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Decisions by outcome; in SQL only where a summary is wanted."""
    rules: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By rule: the rows that it fired for, and those that it is undetermined for; only where a summary is wanted."""
    unread_columns: tuple[str, ...] = ()
    """Columns that hold no fact; only without a map."""
    unseen_keys: tuple[str, ...] = ()
    """Keys that the map reads and no NDJSON row has."""

    def refuse_lost_rows(self) -> None:
        """Rows in = decisions + rejects. Raises AssertionError otherwise: a fault of ours, which no file may hide."""
        if self.rows != self.decided + self.rejected:
            raise AssertionError(f"rows were lost: {self}")
