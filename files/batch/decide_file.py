"""Decides every row of a file through the single-decision path: row → facts → decision, or → rejects with all faults.

Streams: one row is in memory at a time. What was promised is proved at the end: rows in = decisions + rejects.
"""

from __future__ import annotations

import codecs
import io
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO

from pydantic_core import to_json

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused, Fault
from files.maps.mapped_rows import MappedRow, RowReader, faults_of_row, heading_faults, row_reader
from files.maps.row_map import RowMap
from files.records import FileRow, Format, InputUnreadable, csv_records, format_named, ndjson_records
from files.spreadsheet import row_writer
from files.whole_files import whole_files

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://credence.invalid/decision")
_REJECTS_HEADING = ("line", "faults", "row")
_PROGRESS_EVERY = 64  # rows
_READERS_MAX = 256  # shapes of NDJSON rows that are remembered
_ENCODING_HINT = "if it isn't UTF-8, give --encoding, such as gb18030 or cp1252"


@dataclass(frozen=True, slots=True)
class DecideFileJob:
    """`row_map` None: NDJSON rows are request bodies as they stand."""

    source: Path
    case: str
    row_map: RowMap | None
    as_of: date
    out: Path
    rejects: Path
    encoding: str = "utf-8"
    delimiter: str = ","
    spreadsheet: bool = False

    @property
    def is_ndjson(self) -> bool:
        return format_named(self.source) is Format.NDJSON


@dataclass(slots=True)
class RowTally:
    rows: int = 0
    decided: int = 0
    rejected: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    columns_unseen: tuple[str, ...] = ()  # mapped keys that no NDJSON row had


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on: `progress` gets bytes read and rows, `decided` the facts as sent and the decision."""

    progress: Callable[[int, int], None] = lambda _bytes, _rows: None
    decided: Callable[[Mapping[str, object], Decision], None] = lambda _facts, _decision: None


def decide_file(engine: Engine, job: DecideFileJob, watch: Watch) -> RowTally:
    """Raises InputUnreadable before the first row where the file as a whole doesn't fit. Nothing is written then, nor
    when it is interrupted."""
    tally = RowTally()
    with job.source.open("rb") as raw, whole_files((job.out, job.rejects)) as (out, rejects):
        stream = io.TextIOWrapper(raw, _encoding(job, raw), errors="surrogateescape", newline="")
        reject = row_writer(rejects, spreadsheet=job.spreadsheet)
        reject(_REJECTS_HEADING)
        for record, mapped in _mapped(job, stream, tally):
            tally.rows += 1
            decision = _decide(engine, job, record, mapped)
            if isinstance(decision, Decision):
                tally.decided += 1
                tally.outcomes[decision.outcome] += 1
                out.write(to_json(decision.as_json()).decode() + "\n")
                watch.decided(mapped.facts, decision)
            else:
                tally.rejected += 1
                reject((record.line, "; ".join(map(str, decision)), record.text))
            if not tally.rows % _PROGRESS_EVERY:
                watch.progress(raw.raw.tell(), tally.rows)
        watch.progress(raw.raw.tell(), tally.rows)
        if tally.rows != tally.decided + tally.rejected or tally.decided != tally.outcomes.total():
            raise AssertionError(f"rows were lost: {tally}")
    return tally


def _decide(engine: Engine, job: DecideFileJob, record: FileRow, mapped: MappedRow) -> Decision | tuple[Fault, ...]:
    """The decision, or every fault of the row."""
    if mapped.faults and not mapped.facts:
        return mapped.faults
    refused: tuple[Fault, ...] = ()
    try:
        if not mapped.faults and not mapped.formula_faults:
            return engine.decide(job.case, mapped.facts, job.as_of, decision_id(engine, job, record))
        engine.bind(job.case, mapped.facts, job.as_of)
    except FactsRefused as error:
        refused = error.faults
    return faults_of_row(job.row_map, mapped, refused)


def decision_id(engine: Engine, job: DecideFileJob, record: FileRow) -> str:
    """A UUID (version 5) of everything the decision follows from and of the record's place: deciding the same file
    again under the same policies gives the same ids."""
    row_map = job.row_map.name if job.row_map else ""
    return stable_id(
        row_map, job.source.name, str(record.line), record.text, job.case, job.as_of.isoformat(), engine.version
    )


def stable_id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


# --- rows ------------------------------------------------------------------------------------------------------------


def _encoding(job: DecideFileJob, raw: IO[bytes]) -> str:
    """The encoding to read with; a byte order mark is no part of the first heading."""
    start = raw.read(4)
    raw.seek(0)
    if not start:
        raise InputUnreadable("the file is empty")
    if job.encoding.lower() in ("utf-8", "utf8"):
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputUnreadable("the file is UTF-16, not UTF-8; give --encoding utf-16, or save it as UTF-8")
        return "utf-8-sig"
    return job.encoding


def _mapped(job: DecideFileJob, stream: IO[str], tally: RowTally) -> Iterator[tuple[FileRow, MappedRow]]:
    return _mapped_ndjson(job, stream, tally) if job.is_ndjson else _mapped_csv(job, stream)


def _mapped_csv(job: DecideFileJob, stream: IO[str]) -> Iterator[tuple[FileRow, MappedRow]]:
    records = csv_records(stream, job.delimiter)
    first = next(records, None)
    if first is None:
        raise InputUnreadable("the file holds no heading")
    if first.cells is None:
        raise InputUnreadable(f"the heading in line {first.line} can't be read ({first.fault}); {_ENCODING_HINT}")
    if job.row_map is None:
        raise InputUnreadable("a CSV file needs a map from its columns to facts; give --map MAP.yaml")
    heading = tuple((cell or "").strip() for cell in first.cells)
    if faults := heading_faults(job.row_map, heading):
        raise InputUnreadable("\n".join(map(str, faults)))
    read = row_reader(job.row_map, heading, job.as_of)
    for record in records:
        yield record, _unread(record) if record.cells is None else read(record.cells)


def _mapped_ndjson(job: DecideFileJob, stream: IO[str], tally: RowTally) -> Iterator[tuple[FileRow, MappedRow]]:
    readers: dict[tuple[str, ...], RowReader] = {}
    unseen = dict.fromkeys(column.column for column in job.row_map.columns) if job.row_map else {}
    for record in ndjson_records(stream):
        if record.cells is None or record.body is None:
            yield record, _unread(record)
        elif job.row_map is None:
            yield record, MappedRow(record.body, ())
        else:
            read = readers.get(record.heading)
            if read is None:
                read = row_reader(job.row_map, record.heading, job.as_of)
                for name in record.heading:
                    unseen.pop(name, None)
                if len(readers) < _READERS_MAX:
                    readers[record.heading] = read
            yield record, read(record.cells)
    tally.columns_unseen = tuple(unseen)


def _unread(record: FileRow) -> MappedRow:
    path, _, message = record.fault.partition(": ")
    return MappedRow({}, (Fault(path, message),))
