"""A list of order numbers from elsewhere, such as the ERP's, against what was decided: missing, extra, other amount.

Only orders of the period count on the journal's side, so the list must be of the same period. An order that was asked
about again has several decisions; the newest one counts.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from engine.diagnostics.wording import clipped
from ledger.audit.report_lines import ReportLine
from ledger.journal.journal import Journal
from ledger.journal.opened_records import GoneRecord, OpenedRecord
from ledger.record.decision_parts import REQUEST
from ledger.search.all_wanted import headers_at
from ledger.search.record_search import FoundRecord

COLUMNS = ("finding", "order", "listed_amount", "decided_amount", "id", "outcome", "gone_by")
"""`gone_by`: the record that says why what this one said is gone."""

MISSING, EXTRA, OTHER_AMOUNT, UNREADABLE = "missing", "extra", "other amount", "unreadable"
"""Listed and never decided; decided and not listed; decided on another amount; a record whose order can't be read, and
no record says why."""

NOT_FOUND = "not found"
"""Listed, and not among the orders that can be read. It is not said to be missing where any decision of the period was
erased, dropped or can't be read: it may be one of those."""

BYTES_MAX = 64 << 20
FAULTS_MAX = 20


class ListRefused(ValueError):
    """The list can't be used; each fault names its line."""


class _Order(NamedTuple):
    """The newest decision on an order."""

    seq: int
    amount: str | None


class _Finding(NamedTuple):
    """A line before its record's header is looked up."""

    finding: str
    order: str | None = None
    listed: str | None = None
    decided: str | None = None
    seq: int | None = None
    gone_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """What came of it."""

    findings: list[_Finding]
    """Those listed in the list's order, then those that are extra, then records whose order nobody can read."""

    listed: int
    """Orders in the list."""

    matched: int
    """Listed, decided, and on the listed amount where it has one."""

    gone: Counter[str]
    """How many records of the period can't be read, by `erased`, `dropped` and `unreadable`."""

    def lines(self, journal: Journal) -> Iterator[ReportLine]:
        """The report, a line at a time: only findings' headers are read. Raises `JournalUnavailable`, `FileTrouble`."""
        headers = headers_at(journal, [each.seq for each in self.findings if each.seq is not None])
        for each in self.findings:
            header = None if each.seq is None else next(headers)
            values: dict[str, str | int | None] = {
                "finding": each.finding,
                "order": each.order,
                "listed_amount": each.listed,
            }
            values |= {"listed_amount": each.listed, "decided_amount": each.decided, "id": None, "outcome": None}
            if header is not None:
                values |= {"id": header.id, "outcome": header.outcome}
            yield ReportLine(header, {**values, "gone_by": each.gone_by})

    def said(self) -> str:
        """In a line: `11 of 12 listed orders as decided, 3 findings (1 erased)`."""
        count = len(self.findings)
        gone = ", ".join(f"{number:,} {word}" for word, number in sorted(self.gone.items()))
        said = f"{self.matched:,} of {self.listed:,} listed orders as decided, {count:,} finding{'s' * (count != 1)}"
        return f"{said} ({gone})" if gone else said


def read_orders(text: str, id_column: str | None = None, amount_column: str | None = None) -> dict[str, Decimal | None]:
    """Amounts by order number, from CSV with a heading. The first column has the numbers where nothing is said; amounts
    are compared where a column is named, and must be plain decimals. Raises `ListRefused`."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    heading = rows[0] if rows else []
    if not heading:
        raise ListRefused("the list is empty; its first line must name its columns")
    for column in (id_column, amount_column):
        if column is not None and heading.count(column) != 1:
            found = ", ".join(f"`{clipped(each)}`" for each in heading)
            raise ListRefused(f"the list has no one column `{column}`; it has {found}")
    at = heading.index(id_column) if id_column else 0
    amount_at = heading.index(amount_column) if amount_column else None
    orders: dict[str, Decimal | None] = {}
    faults: list[str] = []
    for line, row in enumerate(rows[1:], 2):
        if row and (fault := _take(orders, row, len(heading), at, amount_at)):
            faults.append(f"line {line}: {fault}")
    if faults:
        more = f"\n… and {len(faults) - FAULTS_MAX} more" if len(faults) > FAULTS_MAX else ""
        raise ListRefused("\n".join(faults[:FAULTS_MAX]) + more)
    return orders


def _take(orders: dict[str, Decimal | None], row: list[str], width: int, at: int, amount_at: int | None) -> str:
    """What is wrong with the row; blank where it was taken."""
    if len(row) != width:
        return f"has {len(row)} cells, and the heading has {width}"
    number = row[at].strip()
    if not number:
        return "has no order number"
    if number in orders:
        return f"`{clipped(number)}` stands twice"
    amount = None
    if amount_at is not None:
        try:
            amount = Decimal(row[amount_at].strip())
        except InvalidOperation:
            return f"`{clipped(row[amount_at])}` is no amount; write it as 1250.00"
        if not amount.is_finite():
            return f"`{clipped(row[amount_at])}` is no amount; write it as 1250.00"
    orders[number] = amount
    return ""


def completeness(listed: dict[str, Decimal | None], records: Iterable[FoundRecord]) -> Complete:
    """`records`: the decisions on orders of the list's period, the oldest first."""
    decided: dict[str, _Order] = {}
    gone: list[_Finding] = []
    for record in records:
        order = _order(record) if isinstance(record, OpenedRecord) else None
        if order is not None:
            decided[order[0]] = order[1]
        elif isinstance(record, GoneRecord):
            gone.append(_Finding(record.how, seq=record.header.seq, gone_by=record.by))
        else:
            gone.append(_Finding(UNREADABLE, seq=record.header.seq))
    absent = NOT_FOUND if gone else MISSING
    compared = (_compared(number, amount, decided.get(number), absent) for number, amount in listed.items())
    found = [finding for finding in compared if finding is not None]
    extra = (
        _Finding(EXTRA, number, None, order.amount, order.seq)
        for number, order in decided.items()
        if number not in listed
    )
    return Complete(
        findings=[*found, *extra, *gone],
        listed=len(listed),
        matched=len(listed) - len(found),
        gone=Counter(each.finding for each in gone),
    )


def _order(record: OpenedRecord) -> tuple[str, _Order] | None:
    try:
        request: Any = json.loads(record.body.document(REQUEST) or b"null")
        order = request["order"]
        amount = order.get("amount")
        return str(order["id"]), _Order(record.header.seq, None if amount is None else str(amount))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _compared(number: str, listed: Decimal | None, order: _Order | None, absent: str) -> _Finding | None:
    written = None if listed is None else str(listed)
    if order is None:
        return _Finding(absent, number, written)
    if listed is None or (order.amount is not None and Decimal(order.amount) == listed):
        return None
    return _Finding(OTHER_AMOUNT, number, written, order.amount, order.seq)
