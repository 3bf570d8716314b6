"""A file on its way into the ledger: chunk by chunk, each in one transaction, from where it stopped.

The same file, known by its digest, goes on behind the rows that were done; a file that was done before is gone through
again, and finds every row there. Orders of others go on meanwhile: chunks wait in the same queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import select

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import date_of, day_number
from files.input_refused import InputRefused
from files.rows import open_rows
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.reading import read_snapshot
from ledger.books.verbs import VERBS
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.imports.complete_list import MORE, CompleteListRefused, MissingItem, missing_items
from ledger.imports.file_rows import RowReader, imported_rows
from ledger.imports.import_kinds import RowContext
from ledger.imports.import_map import ImportMap
from ledger.items.import_chunk import CHUNK_ROWS, IMPORTED, ImportChunk, ImportedRow, import_chunk
from ledger.items.import_run import ImportReject, ImportRun, ImportState
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.match_open_item import MatchOpenItem
from ledger.journal.journal import Journal
from ledger.record.actors import Actor
from ledger.store.ledger_tables import STORED

BEHIND_ONE_ANOTHER = 200
"""Commands with records of their own that are sent at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One file, and how it is to be taken."""

    path: Path
    """CSV or NDJSON, by its name."""

    digest: str
    """SHA-256 of the file and of what is said here, hexadecimal."""

    map: ImportMap
    engine: Engine
    asker: Asker
    actor: Actor | str
    new_id: Callable[[], str] = field(compare=False)
    request_id: str = ""
    updates: bool = False
    is_complete: bool = False
    """The file holds everything that is open: what it lacks is settled."""

    on: str | None = None
    """The day of a list of open items, as ISO text; None: today."""

    really: bool = False
    """However much the list lacks."""


class Importing:
    """Of one process."""

    def __init__(self, ledger: CreditLedger, journal: Journal) -> None:
        self._ledger, self._journal = ledger, journal

    def begin(self, job: ImportJob) -> ImportRun:
        """The import that this file is, as it stands. Raises `InputRefused` where the file as a whole can't be used:
        it is empty, or lacks a column. Blocks."""
        with self._rows(job, None) as rows:
            if next(rows, None) is None:
                raise InputRefused("the file holds no row; an empty file would say that there is nothing")
        runs = STORED[ImportRun]
        broken_off = select(runs.table).where(
            runs.table.c.digest == job.digest, runs.table.c.state == ImportState.RUNNING.value
        )
        for row in self._journal.read(broken_off):
            return runs.decode(row)  # type: ignore[return-value]  # by its table
        at = self._journal.clock.now().isoformat(timespec="seconds")
        return ImportRun(id=job.new_id(), kind=job.map.kind.word.value, digest=job.digest, started_at=at)

    async def start(self, job: ImportJob, run: ImportRun) -> ImportRun:
        """The import on record, before any of its rows is taken."""
        chunk = ImportChunk(run=run, rows=(), verbs=VERBS)
        return run if run.done_rows else await self._chunk(job, run, chunk)

    async def run(self, job: ImportJob, run: ImportRun) -> ImportRun:
        """The import at its end. Raises `JournalUnavailable`; then the same file goes on where it stopped."""
        missing: list[MissingItem] = []
        if job.is_complete:
            try:
                missing = await asyncio.to_thread(self._missing, job)
            except CompleteListRefused as refused:
                return await self._end(job, replace(run, state=ImportState.REFUSED, detail=str(refused)))
        run = await self._take_rows(job, run)
        for at in range(0, len(missing), CHUNK_ROWS):
            run = await self._settle(job, run, missing[at : at + CHUNK_ROWS])
        return await self._end(job, replace(run, state=ImportState.DONE))

    async def give_up(self, job: ImportJob, run: ImportRun, detail: str) -> ImportRun:
        """The import that can't go on, refused at the row that it has come to. Raises `JournalUnavailable`."""
        known = await asyncio.to_thread(self.find, run.id) or run
        return await self._end(job, replace(known, state=ImportState.REFUSED, detail=detail))

    async def check(self, job: ImportJob, run: ImportRun) -> tuple[ImportRun, list[ImportReject]]:
        """What the import would come to, with nothing written: each row as the ledger stands now, without the rows of
        earlier chunks. Raises `JournalUnavailable`."""
        rejects: list[ImportReject] = []
        settled = 0
        if job.is_complete:
            try:
                settled = len(await asyncio.to_thread(self._missing, job))
            except CompleteListRefused as refused:
                return replace(run, state=ImportState.REFUSED, detail=str(refused)), []
        with self._rows(job, self._context(job)) as rows:
            while chunk := await asyncio.to_thread(_next_chunk, rows):
                change = await asyncio.to_thread(self._looked_at, job, run, chunk)
                run = _after(run, change.shown["import"])
                rejects += [row for row in change.rows if isinstance(row, ImportReject)]
        return replace(run, state=ImportState.CHECKED, settled=settled), rejects

    def _looked_at(self, job: ImportJob, run: ImportRun, rows: list[ImportedRow]) -> LedgerChange:
        """Blocks."""
        if any(isinstance(row.command, MatchOpenItem) for row in rows):
            rows = self._with_debits(rows)
        chunk = ImportChunk(run=run, rows=rows, verbs=VERBS, updates=job.updates)
        desk = Desk(engine=job.engine, day=self._ledger.business_day(job.engine))
        return self._journal.ask(
            lambda connection, _: import_chunk(
                read_snapshot(connection, chunk.wants, desk.day, job.engine.vocabulary), chunk, desk
            )
        )

    async def _take_rows(self, job: ImportJob, run: ImportRun) -> ImportRun:
        with self._rows(job, self._context(job)) as rows:
            await asyncio.to_thread(lambda: next(islice(rows, run.done_rows, run.done_rows), None))
            ahead = asyncio.create_task(asyncio.to_thread(_next_chunk, rows))
            while chunk := await ahead:
                ahead = asyncio.create_task(asyncio.to_thread(_next_chunk, rows))
                try:
                    run = await self._take(job, run, chunk)
                except BaseException:
                    await asyncio.wait([ahead])  # it reads the file that is closed next
                    raise
        return run

    async def _take(self, job: ImportJob, run: ImportRun, rows: list[ImportedRow]) -> ImportRun:
        if job.map.kind.by_itself:
            return await self._one_by_one(job, run, rows)
        if any(isinstance(row.command, MatchOpenItem) for row in rows):
            rows = await asyncio.to_thread(self._with_debits, rows)
        return await self._chunk(job, run, ImportChunk(run=run, rows=rows, verbs=VERBS, updates=job.updates))

    async def _one_by_one(self, job: ImportJob, run: ImportRun, rows: list[ImportedRow]) -> ImportRun:
        """Each row leads to a decision, which has a record of its own."""
        counted = {"new": 0, "same": 0}
        rejected: list[ImportedRow] = []
        for at in range(0, len(rows), BEHIND_ONE_ANOTHER):
            some = rows[at : at + BEHIND_ONE_ANOTHER]
            verdicts = await asyncio.gather(*(self._by_itself(job, row) for row in some))
            for row, verdict in zip(some, verdicts, strict=True):
                if verdict in counted:
                    counted[verdict] += 1
                else:
                    rejected.append(replace(row, command=None, faults=verdict))
        chunk = ImportChunk(run=run, rows=rejected, verbs=VERBS, counted=counted)
        return await self._chunk(job, run, chunk)

    async def _by_itself(self, job: ImportJob, row: ImportedRow) -> str:
        """`new`, `same`, or what is wrong with it."""
        if row.command is None:
            return row.faults
        raw = to_json({"import": job.digest, "row": row.number})
        try:
            done = await self._ledger.ask(self._asked(job, row.command, raw))
        except FactsRefused as refused:
            return "; ".join(map(str, refused.faults))
        except CommandRefused as refused:
            return refused.detail
        return "same" if done.is_repeated else "new"

    async def _settle(self, job: ImportJob, run: ImportRun, missing: Sequence[MissingItem]) -> ImportRun:
        day = self._context(job).day
        rows = [
            ImportedRow(
                number=0,
                place=each.id,
                command=MatchOpenItem(
                    invoice=each.id,
                    account=each.account,
                    open_amount="0",
                    on=job.on or day,
                    asker=job.asker,
                    id=IMPORTED,
                ),
            )
            for each in missing
        ]
        rows = await asyncio.to_thread(self._with_debits, rows)
        return await self._chunk(job, run, ImportChunk(run=run, rows=rows, verbs=VERBS, settles=True))

    async def _end(self, job: ImportJob, run: ImportRun) -> ImportRun:
        is_done = run.state is ImportState.DONE
        return await self._chunk(job, run, ImportChunk(run=run, rows=(), verbs=VERBS, is_last=is_done))

    async def _chunk(self, job: ImportJob, run: ImportRun, chunk: ImportChunk) -> ImportRun:
        """The import behind this chunk, which is on disk."""
        what = {"import": run.id, "kind": run.kind, "digest": run.digest}
        raw = to_json({**what, "from_row": run.done_rows + 1, "rows": len(chunk.rows)})
        done = await self._ledger.ask(self._asked(job, chunk, raw))
        return _after(run, from_json(done.body)["import"])

    def _asked(self, job: ImportJob, command: object, raw: bytes) -> Asked:
        return Asked(
            command=command,  # type: ignore[arg-type]  # one of `ledger.books.verbs`
            kind=job.map.kind.record,
            engine=job.engine,
            raw=raw,
            actor=job.actor,
            request_id=job.request_id,
        )

    def _context(self, job: ImportJob) -> RowContext:
        day = date_of(self._ledger.business_day(job.engine)).isoformat()
        return RowContext(asker=job.asker, day=day, on=job.on, new_id=job.new_id)

    @contextmanager
    def _rows(self, job: ImportJob, context: RowContext | None) -> Iterator[Iterator[ImportedRow]]:
        """`context` None: rows are only looked at. Raises `InputRefused`."""
        reader = RowReader(job.map)
        with open_rows(job.path, skip_lines=job.map.skip_lines) as rows:
            if rows.heading is not None:
                reader.refuse_heading(rows.heading)
            context = context or RowContext(asker=job.asker, day="", new_id=job.new_id)
            yield imported_rows(reader, iter(rows), context)

    def _missing(self, job: ImportJob) -> list[MissingItem]:
        """Raises `CompleteListRefused`. Blocks."""
        on = day_number(date.fromisoformat(job.on or self._context(job).day))
        return missing_items(self._journal, self._listed(job), on, really=job.really)

    def _listed(self, job: ImportJob) -> set[str]:
        """The numbers of all items of the list. Raises `CompleteListRefused` where a row's can't be read."""
        reader, listed = RowReader(job.map), set()
        with open_rows(job.path, skip_lines=job.map.skip_lines) as rows:
            for row in rows:
                cells, fault = reader.cells(row)
                if cells.get("invoice") is None:
                    where = f"row {row.line} has no number that can be read ({fault})"
                    raise CompleteListRefused(f"{where}, so nobody can say what the list lacks")
                listed.add(cells["invoice"])
        return listed

    def _with_debits(self, rows: list[ImportedRow]) -> list[ImportedRow]:
        """Rows of open items with the debits that were booked for them before. Blocks."""
        commands = [row.command for row in rows if isinstance(row.command, MatchOpenItem)]
        items = STORED[OpenItem].table.c
        query = select(items.id).where(
            items.account.in_({each.account for each in commands}),
            items.state == ItemState.OPEN.value,
            items.kind == ItemKind.DEBIT.value,
        )
        found: dict[str, list[str]] = {}
        for (name,) in self._journal.read(query):
            if MORE in name:
                found.setdefault(name.partition(MORE)[0], []).append(name)
        if not found:
            return rows
        return [
            replace(row, command=replace(row.command, debits=tuple(found.get(row.command.invoice, ()))))
            if isinstance(row.command, MatchOpenItem)
            else row
            for row in rows
        ]

    def rejects(self, run: str) -> Sequence[ImportReject]:
        """In the order of their rows. Blocks."""
        stored = STORED[ImportReject]
        query = select(stored.table).where(stored.table.c.run == run).order_by(stored.table.c.number)
        return [stored.decode(row) for row in self._journal.read(query)]  # type: ignore[misc]  # by its table

    def find(self, run: str) -> ImportRun | None:
        """Blocks."""
        stored = STORED[ImportRun]
        rows = self._journal.read(select(stored.table).where(stored.table.c.id == run))
        return stored.decode(rows[0]) if rows else None  # type: ignore[return-value]  # by its table


def _after(run: ImportRun, shown: Mapping[str, Any]) -> ImportRun:
    """The import as a chunk has left it."""
    counts = {name: shown[name] for name in ("new", "same", "changed", "rejected", "settled")}
    return replace(run, state=ImportState(shown["state"]), done_rows=shown["rows"], **counts)


def _next_chunk(rows: Iterator[ImportedRow]) -> list[ImportedRow]:
    return list(islice(rows, CHUNK_ROWS))
