"""Which files bulk reads, and which fact each of their columns holds.

Leaf of bulk: `relation` opens the files, for DuckDB; Spark opens them itself.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.diagnostics.wording import did_you_mean, listed
from engine.lowering.sql.portability import check_formulas
from engine.ruleset.ruleset import RuleSet
from files.batch.raw_facts import ColumnType, FactSource
from files.maps.row_map import RowMap
from files.records import SUFFIXES, Format, format_named

FILE, LINE, UNREAD = "credence file", "credence line", "credence unread"
"""Where a row stands, and what is wrong with an NDJSON line as a whole: beside raw columns of any name."""


class BulkRefused(Exception):
    """The input, map or output can't be used as a whole; nothing is written. The message says what to do."""


def format_of(path: str) -> Format:
    found = format_named(path)
    if found is None:
        raise BulkRefused(f"`{path}` is none of the files that bulk knows: {', '.join(SUFFIXES)}")
    return found


def files_of(patterns: Sequence[str]) -> list[str]:
    """Each once, by the first of its names, in the order of the patterns."""
    files: dict[tuple[int, int], str] = {}
    names = [name for pattern in patterns for name in sorted(glob.glob(pattern)) or [pattern]]  # noqa: PTH207 also absolute
    for name in names:
        path = Path(name)
        if not path.is_file():
            said = "is a folder" if path.is_dir() else "matches no file" if glob.has_magic(name) else "is no file"
            hint = f"; give the files in it, such as `{name.rstrip('/')}/*.csv`" if path.is_dir() else ""
            raise BulkRefused(f"`{name}` {said}{hint}")
        if glob.has_magic(name):  # DuckDB would read the files that it stands for
            raise BulkRefused(f"`{name}` holds `[`, `*` or `?`, which stand for other names; rename it")
        found = path.stat()
        if not found.st_size:
            raise BulkRefused(f"`{name}` is empty")
        files.setdefault((found.st_dev, found.st_ino), name)
    return list(files.values())


# --- columns and facts -----------------------------------------------------------------------------------------------


def sources(ruleset: RuleSet, heading: Mapping[str, ColumnType], row_map: RowMap | None) -> dict[str, FactSource]:
    """Where each fact comes from and, with a map, each helper column. Without a map a column bears the fact's name;
    with one, only what the map names is read."""
    facts = {fact.name: fact for fact in ruleset.facts}
    if row_map is None:
        groups = {fact.group for fact in ruleset.facts}
        for name in heading:
            if name.partition(".")[0] in groups and "." in name and name not in facts:
                hint = did_you_mean(name, facts) or "rename it, or give --map"
                raise BulkRefused(f"the column `{name}` is no fact of this case kind ({hint})")
        found = {name: FactSource(name, form) for name, form in heading.items() if name in facts}
        if not found:
            raise BulkRefused("no column bears the name of a fact, such as `order.amount`; give --map")
        return found
    for column in row_map.columns:
        if column.column not in heading:
            hint = did_you_mean(column.column, heading) or f"the columns are {listed(list(heading)[:30])}"
            raise BulkRefused(f"the column `{column.column}`, read for `{column.name}`, is missing ({hint})")
    return {
        column.name: FactSource(column.column, heading[column.column], column.dates, _words(column.values))
        for column in row_map.columns
    }


def refuse_formulas(row_map: RowMap | None) -> None:
    """Raises `BulkRefused` where a map has formulas whose result depends on the database, or needs more digits than
    each database keeps."""
    found = check_formulas((formula.formula, formula.place) for formula in row_map.formulas) if row_map else ()
    if row_map and found:
        formulas = "\n".join(map(str, found))
        raise BulkRefused(f"the map `{row_map.name}` has a formula for `credence decide-file` alone\n{formulas}")


def _words(values: Mapping[str, str | int | bool | None] | None) -> dict[str, str | None] | None:
    return None if values is None else {word: _word(value) for word, value in values.items()}


def _word(value: str | int | bool | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


# --- words -----------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted_list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")


__all__ = ["BulkRefused", "Format"]
