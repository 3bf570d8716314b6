"""Holds a file's heading against its map before the first row is read.

All readers of CSV come through here, so that they refuse a file in the same words. A heading often stands below a
report's title: where a line further down has all columns of the map, the hint says what the map has to skip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.vocabulary.binding import Fault
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.rows import USUAL_DELIMITER, lines_above_heading


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
