"""Decides every row of a file through the engine, as the service does: row → facts → decision, or → rejects.

What `credence decide-file` runs. Streams: one row is in memory at a time. What was promised is proved at the end: rows
in = decisions + rejects. `duckdb.duckdb_run` decides the same rows in SQL, a hundred times as fast.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import to_json

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.rates import RATES, read_rates
from files.batch.job import BatchJob, BatchTally
from files.input_refused import InputRefused
from files.joined_lists import with_lists
from files.maps.headings import heading_faults, refuse_unfit_heading
from files.maps.mapped_rows import MappedRow, faults_of_row, row_reader, row_value
from files.maps.row_map import CURRENCY
from files.rejects import rejects_writer
from files.rows import FileRow, PerHeading, RowFile, open_rows
from files.whole_files import whole_files

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://credence.invalid/decision")
_ROWS_BETWEEN = 64
"""Between two words on the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideFileJob(BatchJob):
    """A batch that is decided row by row, from one file."""

    source: Path
    """The file: NDJSON by its name, else CSV. Without a map, NDJSON rows are request bodies as they stand."""
    case: str
    """The case kind: `order`, `invoice`, …"""
    encoding: str = "utf-8"
    """A name that Python knows."""
    delimiter: str = ","
    """What separates the cells of CSV, one character."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on while a file is decided.

    `progress` gets the bytes read and the rows done, now and then; `decided` the facts as sent and the decision, for
    every row that could be decided.
    """

    progress: Callable[[int, int], None] = lambda _bytes, _rows: None
    decided: Callable[[Mapping[str, object], Decision], None] = lambda _facts, _decision: None


def decide_file(engine: Engine, job: DecideFileJob, watch: Watch) -> BatchTally:
    """Writes a decision (one JSON object a line) or a reject for every row, and gives their counts.

    Raises InputRefused, with the file as its place, where the file as a whole can't be read or doesn't fit the map, and
    OSError. Nothing is written then, nor when it is interrupted.
    """
    tally = BatchTally()
    with (
        open_rows(
            job.source,
            encoding=job.encoding,
            delimiter=job.delimiter,
            skip_lines=job.row_map.skip_lines if job.row_map else 0,
        ) as file,
        whole_files((Path(job.out), Path(job.rejects))) as (out, rejects),
    ):
        write_reject = rejects_writer(rejects, several_files=False, spreadsheet=job.spreadsheet)
        for row, alone in _mapped(engine, job, file, tally):
            tally.rows += 1
            mapped = _with_lists(job, alone)
            decision = _decide(engine, job, row, mapped)
            if isinstance(decision, Decision):
                tally.decided += 1
                tally.outcomes[decision.outcome] += 1
                out.write(to_json(decision.as_json()).decode() + "\n")
                watch.decided(mapped.facts, decision)
            else:
                tally.rejected += 1
                write_reject(job.source, row, decision)
            if not tally.rows % _ROWS_BETWEEN:
                watch.progress(file.bytes_read(), tally.rows)
        watch.progress(file.bytes_read(), tally.rows)
        tally.refuse_lost_rows()
        if tally.decided != tally.outcomes.total():
            raise AssertionError(f"decisions were lost: {tally}")
    return tally


def _decide(engine: Engine, job: DecideFileJob, row: FileRow, mapped: MappedRow) -> Decision | tuple[Fault, ...]:
    """The decision, or every fault of the row: the map's, and those that binding finds among the other facts."""
    if mapped.faults and not mapped.facts:
        return mapped.faults
    refused: tuple[Fault, ...] = ()
    try:
        if not mapped.faults and not mapped.formula_faults:
            return engine.decide(job.case, mapped.facts, job.as_of, decision_id(engine, job, row, mapped), mapped.rate)
        engine.bind(job.case, mapped.facts, job.as_of)
    except FactsRefused as error:
        refused = error.faults
    return faults_of_row(job.row_map, mapped, refused)


def _with_lists(job: DecideFileJob, mapped: MappedRow) -> MappedRow:
    """The row with the records that stand in files of their own."""
    if not job.lists or (mapped.faults and not mapped.facts):
        return mapped
    facts, faults = with_lists(mapped.facts, job.lists, is_converted=mapped.rate is not None)
    return mapped._replace(facts=facts, faults=(*mapped.faults, *faults))


def decision_id(engine: Engine, job: DecideFileJob, row: FileRow, mapped: MappedRow) -> str:
    """A UUID (version 5) of everything the decision follows from and of the row's place: deciding the same file again
    under the same policies gives the same ids."""
    records = [json.dumps(row_value(mapped, each.fact.name), sort_keys=True) for each in job.lists]
    row_map = job.row_map.name if job.row_map else ""
    day, rate = job.as_of.isoformat(), (repr(mapped.rate),) if mapped.rate else ()
    return stable_id(row_map, job.source.name, str(row.line), row.text, job.case, day, engine.version, *rate, *records)


def stable_id(*parts: str) -> str:
    """The same UUID for the same parts, on every machine and in every release."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


# --- rows ------------------------------------------------------------------------------------------------------------


def _mapped(
    engine: Engine, job: DecideFileJob, file: RowFile, tally: BatchTally
) -> Iterator[tuple[FileRow, MappedRow]]:
    """Each row with the facts it holds. Raises InputRefused before the first row where the heading doesn't fit."""
    row_map = job.row_map
    if file.heading is not None:
        if row_map is None:
            raise InputRefused("a CSV file needs a map from its columns to facts", "give --map MAP.yaml")
        faults = heading_faults(row_map, file.heading)
        refuse_unfit_heading(job.source, row_map, faults, encoding=job.encoding, delimiter=job.delimiter)
    names = row_map.headings if row_map else ()
    unseen = dict.fromkeys(names) if file.heading is None else {}
    money = engine.denomination(job.as_of, job.rates)
    readers = PerHeading(lambda heading: row_reader(row_map, heading, job.as_of, money) if row_map else None)
    for row in file:
        if row.cells is None:
            yield row, MappedRow({}, (row.fault,) if row.fault else ())
            continue
        if unseen:
            for name in row.heading:
                unseen.pop(name, None)
        read = readers(row.heading)
        yield row, read(row.cells) if read else _request(engine, job, row)
    tally.unseen_keys = tuple(unseen)


def _request(engine: Engine, job: DecideFileJob, row: FileRow) -> MappedRow:
    """A row that is a request as it stands: beside its facts it may say in which currency its amounts are, and bring
    rates along, which count before those of the job."""
    body = dict(row.body or {})
    currency, given = body.pop(CURRENCY, None), body.pop(RATES, None)
    try:
        own = read_rates(given, engine.vocabulary.currency)
        rates = own if own.currencies else job.rates
        facts, rate = engine.in_own_currency(job.case, body, job.as_of, currency, rates)
    except FactsRefused as refused:
        return MappedRow({}, refused.faults)
    return MappedRow(facts, (), rate=rate)
