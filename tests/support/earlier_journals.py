"""Journals as versions before there were records wrote them, one for each revision of their tables."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

REVISIONS = ("0001", "0002", "0003")
_DECISION = (
    "sequence INTEGER NOT NULL PRIMARY KEY, id VARCHAR(36) NOT NULL UNIQUE, recorded_at VARCHAR(32) NOT NULL, "
    "case_kind VARCHAR(16) NOT NULL, subject TEXT NOT NULL, outcome VARCHAR(32) NOT NULL, "
    "policy_version VARCHAR(64) NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL"
)
_SET = "version VARCHAR(64) NOT NULL PRIMARY KEY, loaded_at VARCHAR(32) NOT NULL, files TEXT NOT NULL"
_BEFORE, _AFTER = {"roles": ["admin"], "authority": "none"}, {"roles": ["desk"], "authority": "cfo"}
ACTS = [
    ("2026-03-01T09:00:00.000000Z", "person", "add", "3f9a", "start of the service", _BEFORE),
    ("2026-03-01T09:00:01.000000Z", "person", "change", "3f9a", "local as u.hoffmann", _AFTER),
]
PEOPLE = [("3f9a", "a.roth", "Anna Roth", None, None)]


def decision_text(number: int) -> tuple[str, str]:
    """Request and answer as they were sent: blanks, escapes and order are theirs."""
    request = f'{{ "order" : {{"id":"SO-{number}"}},\n "account":{{"id":"C-{number % 3}", "note": "\\u00e9é"}} }}'
    answer = {"id": decision_id(number), "case": "order", "subject": f"SO-{number}", "outcome": "hold"}
    return request, json.dumps(
        {**answer, "policy_version": "v1", "reasons": [{"rule": "orders.over-limit"}], "zh": "订"}
    )


def decision_id(number: int) -> str:
    return f"01a20069-767e-7289-841e-{number:012x}"


def earlier_journal(path: Path, revision: str, decisions: int = 5) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        has_facts, has_acts = revision >= "0002", revision >= "0003"
        raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        raw.execute("INSERT INTO alembic_version VALUES (?)", [revision])
        raw.execute(f"CREATE TABLE policy_sets ({_SET}{', standard_facts TEXT' if has_facts else ''})")
        facts = ", 'facts: {}'" if has_facts else ""
        for version, month in (("v1", 1), ("v2", 2)):
            files = f'{{"rules/{version}.yaml": "policy: a"}}'
            raw.execute(f"INSERT INTO policy_sets VALUES (?, ?, ?{facts})", [version, _at(month), files])
        raw.execute(f"CREATE TABLE decisions ({_DECISION}{', actor TEXT' if has_acts else ''})")
        actor = ", 'key 7q of service erp'" if has_acts else ""
        for number in range(decisions):
            row = (number + 1, decision_id(number), _at(3, number), "order", f"SO-{number}", "hold", "v1")
            raw.execute(f"INSERT INTO decisions VALUES ({'?,' * 8}?{actor})", [*row, *decision_text(number)])
        if has_facts:
            raw.execute("CREATE TABLE activations (number INTEGER NOT NULL PRIMARY KEY, version, from_at, kind)")
            rows = [(1, "v1", _at(1), "first"), (2, "v2", _at(2), "watch"), (3, "v1", _at(2, 5), "watch")]
            raw.executemany("INSERT INTO activations VALUES (?, ?, ?, ?)", rows)
        if has_acts:
            _add_access(raw)


def _add_access(raw: sqlite3.Connection) -> None:
    raw.execute("CREATE TABLE access_acts (number INTEGER NOT NULL PRIMARY KEY, at, kind, act, subject, actor, body)")
    for number, (at, kind, act, subject, actor, body) in enumerate(ACTS, 1):
        row = (number, at, kind, act, subject, actor, json.dumps(body))
        raw.execute("INSERT INTO access_acts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    raw.execute("CREATE TABLE people (id NOT NULL PRIMARY KEY, login, name, oidc_issuer, oidc_subject)")
    raw.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", PEOPLE)


def _at(month: int, microsecond: int = 0) -> str:
    return f"2026-{month:02}-01T00:00:00.{microsecond:06}Z"
