"""What every audit report consists of: lines, each with the record that proves it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from files.spreadsheet import FORMULA_STARTS, TEXT_MARK
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header

PROVEN = ("record", "leaf", "at", "by")
"""Columns of every report: the journal's number of the record, its leaf in the log, when it was recorded, and who did
it, by opaque ids as its header has them. Empty where a line is about what isn't in the journal."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One finding."""

    header: Header | None
    """Of the record that proves it; None: there is none, which is the finding."""

    values: Mapping[str, Any]
    """The report's own columns: texts, numbers, and lists of texts."""

    def as_json(self) -> dict[str, Any]:
        """Proof first."""
        return {**_proven(self.header), **self.values}


def _proven(header: Header | None) -> dict[str, Any]:
    if header is None:
        return dict.fromkeys(PROVEN)
    leaf = leaf_hash(header.canonical_text()).hex()
    return {"record": header.seq, "leaf": leaf, "at": header.at, "by": header.actor}


def as_ndjson(lines: Iterable[ReportLine]) -> Iterator[str]:
    """An object a line, a line at a time."""
    for line in lines:
        yield json.dumps(line.as_json(), ensure_ascii=False) + "\n"


def as_csv(lines: Iterable[ReportLine], columns: Iterable[str]) -> Iterator[str]:
    """A heading and a row a line, a line at a time; a list is one cell, its entries parted by semicolons. Cells that a
    spreadsheet would take for formulas are marked as text: these files are opened in one."""
    file = io.StringIO()
    names = (*PROVEN, *columns)
    writer = csv.writer(file, lineterminator="\n")

    def row(cells: Iterable[str | int]) -> str:
        file.seek(0)
        file.truncate()
        writer.writerow(cells)
        return file.getvalue()

    yield row(names)
    for line in lines:
        said = line.as_json()
        yield row(_cell(said.get(name)) for name in names)


def _cell(value: object) -> str | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return TEXT_MARK + text if text.startswith(tuple(FORMULA_STARTS)) else text
