"""A list of order numbers from elsewhere, such as the ERP's, against what was decided: missing, extra, other amount.

Only orders of the period count on the journal's side, so the list must be of the same period. An order that was asked
about again has several decisions; the newest one counts.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.diagnostics.wording import clipped
from ledger.audit.report_lines import ReportLine
from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import REQUEST
from ledger.record.record_header import Header
from ledger.search.record_search import FoundRecord

COLUMNS = ("finding", "order", "listed_amount", "decided_amount", "id", "outcome")
MISSING, EXTRA, OTHER_AMOUNT, UNREADABLE = "missing", "extra", "other amount", "unreadable"
"""Listed and never decided; decided and not listed; decided on another amount; a record whose order can't be read."""

BYTES_MAX = 64 << 20
FAULTS_MAX = 20


class ListRefused(ValueError):
    """The list can't be used; each fault names its line."""


@dataclass(frozen=True, slots=True)
class Complete:
    """What came of it."""

    lines: list[ReportLine]
    """Findings: those listed in the list's order, then those that are extra."""

    listed: int
    """Orders in the list."""

    matched: int
    """Listed, decided, and on the listed amount where it has one."""


@dataclass(frozen=True, slots=True)
class _Order:
    header: Header
    amount: str | None


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
    unreadable: list[ReportLine] = []
    for record in records:
        order = _order(record) if isinstance(record, OpenedRecord) else None
        if order is None:
            unreadable.append(ReportLine(record.header, {"finding": UNREADABLE, **_of(record.header)}))
        else:
            decided[order[0]] = order[1]
    lines = [line for number, amount in listed.items() if (line := _compared(number, amount, decided.get(number)))]
    matched = len(listed) - len(lines)
    extra = [_line(EXTRA, number, None, order) for number, order in decided.items() if number not in listed]
    return Complete([*lines, *extra, *unreadable], len(listed), matched)


def _order(record: OpenedRecord) -> tuple[str, _Order] | None:
    try:
        request: Any = json.loads(record.body.document(REQUEST) or b"null")
        order = request["order"]
        amount = order.get("amount")
        return str(order["id"]), _Order(record.header, None if amount is None else str(amount))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _compared(number: str, listed: Decimal | None, order: _Order | None) -> ReportLine | None:
    if order is None:
        values = {"finding": MISSING, "order": number, "listed_amount": None if listed is None else str(listed)}
        return ReportLine(None, {**values, "decided_amount": None, "id": None, "outcome": None})
    if listed is None or (order.amount is not None and Decimal(order.amount) == listed):
        return None
    return _line(OTHER_AMOUNT, number, listed, order)


def _line(finding: str, number: str, listed: Decimal | None, order: _Order) -> ReportLine:
    values = {"finding": finding, "order": number, "listed_amount": None if listed is None else str(listed)}
    return ReportLine(order.header, {**values, "decided_amount": order.amount, **_of(order.header)})


def _of(header: Header) -> dict[str, str]:
    return {"id": header.id, "outcome": header.outcome}
