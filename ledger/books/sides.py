"""How a figure of the ledger is compared with what it is made of, as SQL of either database.

One query adds up what a figure should be (`expected`) and what stands there (`found`), side by side, and gives only the
rows where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TotalsSide:
    """Rows of one table: `keys` and `figures` are SQL, `rest` what stands behind `FROM`."""

    keys: Sequence[str]
    figures: Sequence[str]
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesCompared:
    """One kind of figure."""

    kind: int
    """Which of the seven checks it belongs to (`ledger.books.verify`)."""

    title: str
    """What is compared, as a person calls it."""

    keys: Sequence[str]
    """What tells one row from another: the account first, days as `due_on`."""

    figures: Sequence[str]
    expected: Sequence[TotalsSide]
    found: TotalsSide
    combined: str = "SUM"
    """How several rows of one key become one figure: `SUM`, `MIN` or `MAX`."""

    def query(self) -> str:
        """Keys, then of each figure what is expected and what is found, where these differ."""
        sides = [*(_rows(each, is_found=False) for each in self.expected), _rows(self.found, is_found=True)]
        names = [f"k{at}" for at in range(len(self.keys))]
        pairs = [(f"{self.combined}(e{at})", f"{self.combined}(f{at})") for at in range(len(self.figures))]
        differs = " OR ".join(f"{expected} IS DISTINCT FROM {found}" for expected, found in _whole(self, pairs))
        columns = ", ".join([*names, *(each for pair in pairs for each in pair)])
        grouped = ", ".join(names)
        return f"SELECT {columns} FROM ({' UNION ALL '.join(sides)}) AS both_sides GROUP BY {grouped} HAVING {differs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """What each row of one table must fulfil by itself."""

    kind: int
    title: str
    keys: Sequence[str]
    table: str
    columns: Sequence[str]
    """Of the table, for the keys."""

    figures: Mapping[str, tuple[str, str]] = field(hash=False)
    """By name what is expected and what is found, as SQL over one row."""

    def query(self) -> str:
        """As `SidesCompared.query`."""
        columns = ", ".join([*self.columns, *(each for pair in self.figures.values() for each in pair)])
        differs = " OR ".join(f"({expected}) IS DISTINCT FROM ({found})" for expected, found in self.figures.values())
        return f"SELECT {columns} FROM {self.table} WHERE {differs}"


def _whole(comparison: SidesCompared, pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """A sum over nothing is nothing, not unknown."""
    if comparison.combined != "SUM":
        return pairs
    return [(f"COALESCE({expected}, 0)", f"COALESCE({found}, 0)") for expected, found in pairs]


def _rows(side: TotalsSide, *, is_found: bool) -> str:
    none = "CAST(NULL AS BIGINT)"
    keys = [f"{key} AS k{at}" for at, key in enumerate(side.keys)]
    both = [
        f"{none if is_found else figure} AS e{at}, {figure if is_found else none} AS f{at}"
        for at, figure in enumerate(side.figures)
    ]
    return f"SELECT {', '.join([*keys, *both])} FROM {side.rest}"
