"""Holds a file's heading against its map before the first row is read.

All readers of CSV come through here, so that they refuse a file in the same words. A heading often stands below a
report's title: where a line further down has all columns of the map, the hint says what the map has to skip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.diagnostics.wording import did_you_mean, listed
from engine.vocabulary.binding import Fault
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.rows import USUAL_DELIMITER, lines_above_heading


def heading_faults(row_map: RowMap, heading: Sequence[str]) -> tuple[Fault, ...]:
    """What keeps this map from reading a file with this heading: each column that is missing, or there twice."""
    faults = []
    for name in row_map.headings:
        count, used = heading.count(name), row_map.reader_of(name)
        if count == 0:
            hint = did_you_mean(name, heading) or f"the columns are {listed(heading[:30])}"
            faults.append(Fault(name, f"the column that `{used}` is read from is missing", hint))
        elif count > 1:
            hint = f"rename all but the one for `{used}`"
            faults.append(Fault(name, f"is the heading of {count} columns", hint))
    return tuple(faults)


def refuse_unfit_heading(
    path: Path,
    row_map: RowMap,
    faults: Sequence[Fault],
    *,
    encoding: str = "utf-8",
    delimiter: str = USUAL_DELIMITER,
    between: str = "\n",
) -> None:
    """Raises InputRefused, with the path as its place, where `heading_faults` gave any. `encoding` and `delimiter`: how
    the file was read; `between` stands between the faults."""
    if not faults:
        return
    above = lines_above_heading(path, row_map.headings, encoding=encoding, delimiter=delimiter)
    hint = ""
    if above is not None and above != row_map.skip_lines:
        hint = f"line {above + 1} holds all columns of the map: write `skip_lines: {above}` at the top of the map"
    raise InputRefused(between.join(map(str, faults)), hint, place=str(path))
