"""Some rows of an import, done as the commands that they stand for, in one transaction and on one record.

A row that is refused keeps no other from being done: it is noted with what is wrong. The import's own row, which says
how far it has come, changes in the same transaction, so that an import that is broken off never does a row twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from engine.vocabulary.binding import FactsRefused
from ledger.credit.account import Account, Figures, Group, Key
from ledger.credit.bounds import require_storable
from ledger.credit.change import Again, CommandRefused, Desk, LedgerChange
from ledger.credit.entry import Entry
from ledger.credit.exchange import ExchangeRate
from ledger.credit.limit import Limit
from ledger.credit.order import Order
from ledger.credit.readable import require_readable
from ledger.credit.security import Security
from ledger.credit.snapshot import LedgerCommand, LedgerRow, Snapshot, Wants
from ledger.items.import_run import ImportReject, ImportRun, ImportState
from ledger.items.item import OpenItem
from ledger.items.put_rates import PutRate

CHUNK_ROWS = 1_000
"""Rows that share a transaction: some tens of milliseconds, for which orders wait."""

BOOKED_OTHERWISE = "already-booked-differently"
_CHANGED = "is there already with other content; give --update (`update=true`) to take this one"
BOOKED = "is booked already with other content; reverse that one, or give this one a number of its own"
"""Of a row whose number was used for something else."""

COUNTED = ("new", "same", "changed", "rejected", "settled")

IMPORTED = "imported"
"""What imported items are given in place of a record's id, until they are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """One row: the command that it stands for, or why it stands for none."""

    number: int
    place: str
    command: LedgerCommand | None
    faults: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportChunk:
    """The next rows of one import."""

    run: ImportRun
    """As it stands before them."""

    rows: Sequence[ImportedRow] = field(hash=False)
    verbs: Mapping[type[Any], Callable[[Snapshot, Any, Desk], LedgerChange]] = field(hash=False)
    """What does each kind of command."""

    updates: bool = False
    """Rows that are there with other content are taken."""

    settles: bool = False
    """The rows are no rows of the file, but items that it lacks, to be settled."""

    is_last: bool = False
    counted: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Of rows that were done as commands of their own: how many were `new` and how many `same`."""

    @cached_property
    def wants(self) -> Wants:
        """What all rows want, and the import."""
        each = [row.command.wants for row in self.rows if row.command is not None]
        names = ("accounts", "orders", "items", "groups", "open_items", "histories", "currencies")
        all_wanted = {name: frozenset().union(*(getattr(wants, name) for wants in each)) for name in names}
        rates = (each for row in self.rows if isinstance(row.command, PutRate) for each in row.command.rates)
        return Wants(**{**all_wanted, "currencies": all_wanted["currencies"] | {each["currency"] for each in rates}})


def import_chunk(snapshot: Snapshot, command: ImportChunk, desk: Desk) -> LedgerChange:
    """Puts what each row changes into the snapshot at once, for the next row; so it raises nothing."""
    doing = _Doing(snapshot, command, desk)
    for row in command.rows:
        doing.take(row)
    return replace(
        chunk_change(run_after(command, doing.counts), (*doing.rows.values(), *doing.rejects), desk),
        entries=tuple(doing.entries),
        rechecks=frozenset(doing.rechecks),
        recheck_groups=frozenset(doing.recheck_groups),
        recheck_currencies=frozenset(doing.recheck_currencies),
    )


def chunk_change(run: ImportRun, rows: Iterable[LedgerRow], desk: Desk) -> LedgerChange:
    """What the record of every chunk says, and its caller is answered. `run`: as it stands behind the chunk."""
    return LedgerChange(
        rows=(*rows, run),
        act="import",
        about=run.id,
        account=None,
        told={"business_date": desk.business_date.isoformat()},
        shown={"import": run_shown(run)},
        status=202,
    )


def run_after(chunk: ImportChunk, counts: Mapping[str, int]) -> ImportRun:
    """The import with the rows of a chunk counted: how many were `new`, `same`, `changed`, `rejected`, `settled`."""
    run = chunk.run
    of_file = 0 if chunk.settles else len(chunk.rows) + sum(chunk.counted.values())
    return replace(
        run,
        done_rows=run.done_rows + of_file,
        state=ImportState.DONE if chunk.is_last else run.state,
        **{name: getattr(run, name) + counts.get(name, 0) for name in COUNTED},
    )


def run_shown(run: ImportRun) -> dict[str, Any]:
    """How far an import has come, as callers see it."""
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state.value,
        "started_at": run.started_at,
        "rows": run.done_rows,
        "new": run.new,
        "same": run.same,
        "changed": run.changed,
        "rejected": run.rejected,
        "settled": run.settled,
        "detail": run.detail,
    }


class _Doing:
    def __init__(self, snapshot: Snapshot, command: ImportChunk, desk: Desk) -> None:
        self.snapshot, self.command, self.desk = snapshot, command, desk
        self.rows: dict[tuple[type, Key], LedgerRow] = {}
        self.entries: list[Entry] = []
        self.rejects: list[ImportReject] = []
        self.rechecks: set[str] = set()
        self.recheck_groups: set[str] = set()
        self.recheck_currencies: set[str] = set()
        self.counts = dict.fromkeys(COUNTED, 0) | dict(command.counted)

    def take(self, row: ImportedRow) -> None:
        """Counts it, and does it where it can be done."""
        verdict, fault = self._done(row)
        self.counts[verdict] += 1
        if fault:
            self.rejects.append(ImportReject(run=self.command.run.id, number=row.number, place=row.place, faults=fault))

    def _done(self, row: ImportedRow) -> tuple[str, str]:
        """What became of it, and what is wrong with it."""
        if row.command is None:
            return "rejected", row.faults
        try:
            require_readable(row.command)
            change = self.command.verbs[type(row.command)](self.snapshot, row.command, self.desk)
            require_storable(change)
        except Again:
            return "same", ""
        except FactsRefused as refused:
            return "rejected", "; ".join(map(str, refused.faults))
        except CommandRefused as refused:
            if refused.code != BOOKED_OTHERWISE:
                return "rejected", refused.detail
            return ("same", "") if refused.members.get("same_content") else ("rejected", BOOKED)
        except Exception as error:  # one row must not take the others with it, nor leave the snapshot half changed
            return "rejected", f"credence can't take this row, which is a fault of its own: {type(error).__name__}"
        if change.refused is not None:
            return "rejected", change.refused.detail
        verdict = _compared(self.snapshot, change)
        if verdict == "changed" and not self.command.updates:
            return "rejected", _CHANGED
        if verdict != "same":
            self._put(change)
        return ("settled" if self.command.settles and verdict != "same" else verdict), ""

    def _put(self, change: LedgerChange) -> None:
        for each in change.rows:
            row = replace(each, record=None) if isinstance(each, OpenItem) and each.record == IMPORTED else each
            self.snapshot.put(row)
            self.rows[type(row), row.key] = row
        self.entries += change.entries
        self.rechecks |= change.rechecks
        self.recheck_groups |= change.recheck_groups
        self.recheck_currencies |= change.recheck_currencies


_SUBJECTS = (OpenItem, Order, ExchangeRate, Limit, Security, Figures, Group, Account)
"""What a row is about, the most particular first: with an item its account changes too."""


def _compared(snapshot: Snapshot, change: LedgerChange) -> str:
    """`new`, `same` or `changed`, by the row that the command is about."""
    for kind in _SUBJECTS:
        rows = [row for row in change.rows if type(row) is kind]
        if rows:
            before = [snapshot.get(kind, *row.key) for row in rows]
            if all(each is None for each in before):
                return "new"
            if kind is OpenItem:  # what was there is only set off
                return "new" if None in before else "changed"
            return "same" if all(map(_is_same, before, rows)) else "changed"
    return "same"


def _is_same(before: Any, after: Any) -> bool:
    if before is not None and hasattr(before, "version"):
        before = replace(before, version=after.version)
    return bool(before == after)
