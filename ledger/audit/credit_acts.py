"""What people did beyond the policies, or changed for everybody: releases, limits, and orders that passed by an
exception. Each line with the record of the decision that it rests on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sqlalchemy import Connection, select

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from ledger.audit.report_lines import ReportLine
from ledger.credit.account import Account
from ledger.credit.limit import Limit
from ledger.credit.order import Hold, HoldKind, Order, Release
from ledger.journal.opened_records import ENTRY, JOINED, OpenedRecord, opened_or_gone
from ledger.record.decision_parts import ANSWER, REQUEST
from ledger.record.new_records import COMMAND
from ledger.record.record_header import Header, RecordKind, read_header
from ledger.store.key_database import SubjectKeys
from ledger.store.ledger_tables import STORED
from ledger.store.tables import entries, entry_rules

RELEASES = (
    "person", "role", "second_person", "second_role", "order", "account", "amount", "currency", "state", "reason",
    "on", "expires_on",
)  # fmt: skip
"""`state`: in_force, proposed (waits for a second person), refused by the policies, ended; `held` and `lifted` of an
order that a person held, where `person` is known as long as it is held so."""

LIMITS = (
    "account", "number", "kind", "amount", "currency", "from", "until", "state", "requested_by", "granted_by",
    "granted_role", "second_person", "second_role", "granted_on", "reason", "taken_over",
    "said_granted_by",
)  # fmt: skip
"""`taken_over`: it came from an import, which `requested_by` made, and no policy judged it; `said_granted_by` is who
granted it by the word of the file alone. The import's record says who sent which file."""

EXCEPTIONS = (
    "order", "account", "amount", "currency", "outcome", "rule", "exception", "asked_by", "approved_by", "until",
)  # fmt: skip
"""A line for each rule that an exception waived, in the order's newest words."""

_GOES = ("approve", "approve_with_conditions")

_AT_ONCE = 500


def releases(connection: Connection, keys: SubjectKeys) -> list[ReportLine]:
    """By person, then in the order in which they were made; refused ones too, and what somebody held. Raises
    `FileTrouble`."""
    release, order = STORED[Release], STORED[Order].table.c
    query = select(order.currency, *release.table.c).where(order.id == release.table.c.order_id)
    found: list[tuple[Release, str]] = []
    for currency, *row in connection.execute(query):
        found.append((cast("Release", release.decode(row)), currency))
    headers = _headers(connection, [each.decision for each, _ in found])
    lines = [ReportLine(headers.get(each.decision or ""), _release(each, currency)) for each, currency in found]
    lines += _held_by_persons(connection, keys)
    return sorted(lines, key=lambda line: (line.values["person"] or "", _place(line)))


def _held_by_persons(connection: Connection, keys: SubjectKeys) -> Iterator[ReportLine]:
    """Of each the record says who it was, by an opaque id, and the reason."""
    hold, order = STORED[Hold], STORED[Order].table.c
    query = (
        select(order.currency, order.amount, order.stopped_by, *hold.table.c)
        .where(order.id == hold.table.c.order_id, hold.table.c.kind == HoldKind.MANUAL.value)
        .order_by(hold.table.c.since_seq)
    )
    for currency, amount, stopped_by, *row in connection.execute(query).all():
        each = cast("Hold", hold.decode(row))
        entry = select(*ENTRY).select_from(JOINED).where(entries.c.seq == each.since_seq)
        record = opened_or_gone(connection.execute(entry).one(), keys.key)
        told = json.loads(record.body.document(COMMAND) or b"{}") if isinstance(record, OpenedRecord) else {}
        values = dict.fromkeys(RELEASES) | {
            "person": None if each.lifted_on is not None else stopped_by,
            "order": each.order,
            "account": each.account,
            "amount": decimal_formatter(MINOR_UNITS[currency])(amount),
            "currency": currency,
            "state": "held" if each.lifted_on is None else "lifted",
            "reason": told.get("reason"),
            "on": _iso(each.since),
        }
        yield ReportLine(record.header, values)


def limit_changes(connection: Connection, _: SubjectKeys) -> list[ReportLine]:
    """Limits as they were asked for, granted, refused and ended, by account and number. Raises `FileTrouble`."""
    limit, account = STORED[Limit], STORED[Account].table.c
    query = select(account.currency, *limit.table.c).where(account.id == limit.table.c.account)
    found: list[tuple[Limit, str]] = []
    for currency, *row in connection.execute(query.order_by(limit.table.c.account, limit.table.c.number)):
        found.append((cast("Limit", limit.decode(row)), currency))
    headers = _headers(connection, [each.decision for each, _ in found])
    return [ReportLine(headers.get(each.decision or ""), _limit(each, currency)) for each, currency in found]


def exceptions(connection: Connection, keys: SubjectKeys) -> list[ReportLine]:
    """Decisions to let an order go of which an exception waived a rule, the first one first. Raises `FileTrouble`."""
    has_rules = select(entry_rules.c.seq).where(entry_rules.c.seq == entries.c.seq).exists()
    passed = (
        entries.c.kind == RecordKind.DECISION.value,
        entries.c.case_kind == "order",
        entries.c.outcome.in_(_GOES),
        has_rules,
    )
    query = select(*ENTRY).select_from(JOINED).where(*passed).order_by(entries.c.seq)
    lines = []
    for row in connection.execute(query):
        record = opened_or_gone(row, keys.key)
        if isinstance(record, OpenedRecord):
            lines += [ReportLine(record.header, each) for each in _waived(record)]
    return lines


def _waived(record: OpenedRecord) -> Iterator[dict[str, Any]]:
    decision = json.loads(record.body.document(ANSWER) or b"{}")
    facts = json.loads(record.body.document(REQUEST) or b"{}")
    order, account = facts.get("order", {}), facts.get("account", {})
    for reason in decision.get("reasons", ()):
        for waiver in reason.get("waived", ()):
            yield {
                "order": order.get("id"),
                "account": account.get("id"),
                "amount": order.get("amount"),
                "currency": facts.get("currency") or decision.get("currency"),
                "outcome": record.header.outcome,
                "rule": reason["rule"],
                "exception": waiver["exception"],
                "asked_by": waiver["by"],
                "approved_by": waiver["approved_by"],
                "until": waiver["until"],
            }


def _release(each: Release, currency: str) -> dict[str, Any]:
    return {
        "person": each.by,
        "role": each.role,
        "second_person": each.second_by,
        "second_role": each.second_by_role,
        "order": each.order,
        "account": each.account,
        "amount": decimal_formatter(MINOR_UNITS[currency])(each.amount),
        "currency": currency,
        "state": each.state.value,
        "reason": each.reason,
        "on": _iso(each.on),
        "expires_on": _iso(each.expires_on),
    }


def _limit(each: Limit, currency: str) -> dict[str, Any]:
    return {
        "account": each.account,
        "number": each.number,
        "kind": each.kind.value,
        "amount": None if each.amount is None else decimal_formatter(MINOR_UNITS[currency])(each.amount),
        "currency": currency,
        "from": _iso(each.from_on),
        "until": _iso(each.until_on),
        "state": each.state.value,
        "requested_by": each.requested_by,
        "granted_by": each.granted_by,
        "granted_role": each.granted_by_role,
        "second_person": each.second_by,
        "second_role": each.second_by_role,
        "granted_on": _iso(each.granted_on),
        "reason": each.reason,
        "taken_over": each.taken_over_on is not None,
        "said_granted_by": each.said_granted_by,
    }


def _iso(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()


def _headers(connection: Connection, decisions: list[str | None]) -> Mapping[str, Header]:
    """Of the records of decisions, by their ids."""
    found: dict[str, Header] = {}
    ids = [each for each in decisions if each is not None]
    for at in range(0, len(ids), _AT_ONCE):
        query = select(entries.c.header).where(entries.c.id.in_(ids[at : at + _AT_ONCE]))
        for (text,) in connection.execute(query):
            header = read_header(text.encode())
            found[header.id] = header
    return found


def _place(line: ReportLine) -> int:
    return -1 if line.header is None else line.header.seq
