"""A journal of an earlier version, read: decisions, policy sets and when they took effect, people and acts on them.

Three revisions are known. 0001 has decisions and policy sets; 0002 adds the standard facts of each set and the order in
which sets took effect; 0003 who asked, people, and the acts on people and keys.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.record.actors import Actor
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import Record, act_record, activation_record
from ledger.record.record_header import RecordKind
from ledger.store.database import EARLIER
from ledger.store.trouble import FILE_DAMAGED, FileTrouble, trouble_in_words

EARLIER_VERSION = "earlier version"
"""Who put a policy set into force, where the journal doesn't say."""

_SETS = ("version", "loaded_at", "files", "standard_facts")
_PEOPLE = ("id", "login", "name", "oidc_issuer", "oidc_subject")


@dataclass(frozen=True, slots=True)
class EarlierJournal:
    """One file, open to be read. Closed by its owner."""

    raw: sqlite3.Connection
    revision: str

    @property
    def size(self) -> int:
        """How many records it will be."""
        tables = ["decisions", *(["access_acts"] if self.revision >= "0003" else [])]
        counts = [int(self.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]
        return sum(counts) + len(self._activations())

    def policy_sets(self) -> list[dict[str, Any]]:
        """Rows of the table `policy_sets` as it is now."""
        facts = "standard_facts" if self.revision >= "0002" else "NULL"
        rows = self.raw.execute(f"SELECT version, loaded_at, files, {facts} FROM policy_sets ORDER BY loaded_at")
        return [dict(zip(_SETS, row, strict=True)) for row in rows]

    def people(self) -> list[dict[str, Any]]:
        """Rows of the table `people`."""
        if self.revision < "0003":
            return []
        rows = self.raw.execute(f"SELECT {', '.join(_PEOPLE)} FROM people")
        return [dict(zip(_PEOPLE, row, strict=True)) for row in rows]

    def records(self) -> Iterator[Record]:
        """Everything that was recorded, in its order."""
        sources = [self._decisions(), iter(self._activations())]
        if self.revision >= "0003":
            sources.append(self._acts())
        return heapq.merge(*sources, key=lambda record: record.at or "")

    def _decisions(self) -> Iterator[Record]:
        actor = "actor" if self.revision >= "0003" else "NULL"
        query = (
            f"SELECT id, recorded_at, case_kind, subject, outcome, policy_version, request, answer, {actor} "
            "FROM decisions ORDER BY sequence"
        )
        for decision, at, case_kind, subject, outcome, policy, request, answer, actor_line in self.raw.execute(query):
            line = actor_line or ""
            yield Record(
                kind=RecordKind.IMPORTED,
                id=decision,
                at=at,
                case_kind=case_kind,
                outcome=outcome,
                policy=policy,
                actor=_actor(line),
                parts=whole_parts(request.encode(), answer.encode()),
                account=_account(request),
                subject=subject,
                rules=_rules(answer),
            )

    def _activations(self) -> list[Record]:
        """Before 0002 each set is known from when it was first loaded; and the last decision says which one decided."""
        if self.revision >= "0002":
            rows = self.raw.execute("SELECT version, kind, from_at FROM activations ORDER BY number").fetchall()
        else:
            rows = self.raw.execute("SELECT version, 'watch', loaded_at FROM policy_sets ORDER BY loaded_at").fetchall()
            query = "SELECT policy_version, 'watch', recorded_at FROM decisions ORDER BY sequence DESC LIMIT 1"
            last = self.raw.execute(query).fetchone()
            if last and rows and last[2] >= rows[-1][2] and last[0] != rows[-1][0]:
                rows.append(last)
        return [
            activation_record(version, "first" if number == 0 else kind, EARLIER_VERSION, at)
            for number, (version, kind, at) in enumerate(rows)
        ]

    def _acts(self) -> Iterator[Record]:
        query = "SELECT kind, act, subject, body, actor, at FROM access_acts ORDER BY number"
        for kind, act, subject, body, actor, at in self.raw.execute(query):
            yield act_record(RecordKind(kind), act, subject, body, _actor(actor), at)


def open_earlier(path: Path) -> EarlierJournal:
    """Changes nothing in it. Raises `FileTrouble` with what is wrong and what to do."""
    if not path.is_file():
        raise FileTrouble("there is no such file")
    try:
        raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            [(revision,)] = raw.execute("SELECT version_num FROM alembic_version").fetchall()
            if raw.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
                raise FileTrouble(f"{FILE_DAMAGED}; take over a backup of it")
        except BaseException:
            raw.close()
            raise
    except (sqlite3.Error, ValueError) as error:
        raise FileTrouble(trouble_in_words(error) or "it is no journal of credence") from error
    if revision not in EARLIER:
        raw.close()
        raise FileTrouble("it is no journal of an earlier version; the service goes on with it as it is")
    return EarlierJournal(raw, revision)


def closed_after(earlier: EarlierJournal) -> closing[sqlite3.Connection]:
    """For a `with` statement around its use."""
    return closing(earlier.raw)


def _actor(line: str) -> Actor | str:
    """`local as u.hoffmann` names somebody, so it belongs into the body."""
    login = line.removeprefix("local as ")
    return Actor(login=login) if login != line else line


def _account(request: str) -> str | None:
    try:
        account = json.loads(request).get("account")
        number = account.get("id") if account else None
    except (ValueError, AttributeError):
        return None
    return number if isinstance(number, str) else None


def _rules(answer: str) -> tuple[str, ...]:
    try:
        reasons = json.loads(answer)["reasons"]
        return tuple(str(rule) for reason in reasons for rule in reason.get("rules") or [reason["rule"]])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
