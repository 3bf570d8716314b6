"""Who may what, and which duties conflict in one hand: a line for each person and each key.

The line's record is the last act that set it, so that whoever doubts a role finds who gave it, and when. Names stand in
a table of their own, which can be erased; roles are in the journal's records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ledger.audit.report_lines import ReportLine
from ledger.journal.clock import moment
from ledger.journal.opened_records import OpenedRecord, records_of
from ledger.record.actors import is_named
from ledger.record.new_records import ACT_BODY, ACT_SUBJECT
from ledger.record.record_header import Header, RecordKind
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import people

COLUMNS = (
    "what",
    "id",
    "login",
    "name",
    "service",
    "roles",
    "authority",
    "acts_for",
    "state",
    "expires_at",
    "conflicts",
)
"""`what`: person or key. `state`: active, ended, revoked or expired."""

DESK_ROLES = frozenset({"order-entry", "booking", "collector", "desk"})


class Conflict(NamedTuple):
    """Duties that one person must not have together."""

    one: frozenset[str]
    """Any of these roles …"""

    other: frozenset[str]
    """… with any of these."""

    why: str


CONFLICTS = (
    Conflict(frozenset({"order-entry"}), frozenset({"desk"}), "enters orders and releases them"),
    Conflict(frozenset({"booking"}), frozenset({"desk"}), "books payments and releases orders"),
    Conflict(frozenset({"editor"}), frozenset({"approver"}), "writes policies and puts them into force"),
    Conflict(frozenset({"editor", "approver"}), frozenset({"desk"}), "makes policies and decides beyond them"),
    Conflict(frozenset({"admin"}), DESK_ROLES | {"approver"}, "keeps people and keys, and decides"),
    Conflict(frozenset({"privacy"}), frozenset({"admin"}), "proposes erasures and confirms them"),
    Conflict(
        frozenset({"auditor"}), DESK_ROLES | {"editor", "approver", "admin", "privacy"}, "audits what it does itself"
    ),
)
"""Separation of duties by roles. What is separated case by case, such as releasing one's own order, policies see to."""

GAVE_ITSELF = "changed its own rights"
AUTHORITY_WITHOUT_DESK = "has an authority to release and not the role desk"
KEY_OF_ENDED = "its person was ended"


_KINDS = (RecordKind.PERSON, RecordKind.KEY)


def access_review(connection: Connection, keys: SubjectKeys, now: datetime) -> list[ReportLine]:
    """People in the order in which they were added, then keys. Raises `FileTrouble`."""
    names = {row.id: row for row in connection.execute(select(people))}
    persons, all_keys = (_last_acts(records_of(connection, keys.key, [kind])) for kind in _KINDS)
    ended = {id_ for id_, act in persons.items() if act.header.outcome == "end"}
    lines = [_person(id_, act, names.get(id_)) for id_, act in persons.items()]
    return lines + [_key(id_, act, names, ended, now) for id_, act in all_keys.items()]


class _LastAct(NamedTuple):
    """What holds of a person or a key."""

    header: Header
    said: Mapping[str, Any]
    """What the acts have set, later ones over earlier ones."""

    gave_itself: bool


def _last_acts(records: list[OpenedRecord]) -> dict[str, _LastAct]:
    found: dict[str, _LastAct] = {}
    for record in records:
        subject, body = record.text(ACT_SUBJECT) or "", record.text(ACT_BODY) or "{}"
        before = found.get(subject)
        said = {**(before.said if before else {}), **json.loads(body)}
        itself = is_named(record.actor, frozenset({subject})) and record.header.outcome in ("add", "change")
        found[subject] = _LastAct(record.header, said, bool(before and before.gave_itself) or itself)
    return found


def _person(id_: str, act: _LastAct, name: Any) -> ReportLine:
    roles, is_ended = _roles(act), act.header.outcome == "end"
    authority = act.said.get("authority", "none")
    found = [] if is_ended else list(_conflicts(roles))
    if not is_ended and authority != "none" and "desk" not in roles:
        found.append(AUTHORITY_WITHOUT_DESK)
    if act.gave_itself:
        found.append(GAVE_ITSELF)
    values = {"what": "person", "id": id_, "login": name and name.login, "name": name and name.name, "service": None}
    values |= {"roles": roles, "authority": authority, "acts_for": None, "state": "ended" if is_ended else "active"}
    return ReportLine(act.header, {**values, "expires_at": None, "conflicts": found})


def _key(id_: str, act: _LastAct, names: Mapping[str, Any], ended: set[str], now: datetime) -> ReportLine:
    said, owner = act.said, names.get(act.said.get("person") or "")
    expires = min(filter(None, (said.get("expires_at"), said.get("from"))), key=datetime.fromisoformat, default=None)
    state = "active"
    if expires and datetime.fromisoformat(expires) <= now:
        state = "revoked" if act.header.outcome == "revoke" else "expired"
    found = list(_conflicts(_roles(act))) if state == "active" else []
    if state == "active" and said.get("person") in ended:
        found.append(KEY_OF_ENDED)
    values = {"what": "key", "id": id_, "login": owner and owner.login, "name": owner and owner.name}
    values |= {"service": said.get("service"), "roles": _roles(act), "authority": None}
    values |= {"acts_for": bool(said.get("acts_for")), "state": state}
    values["expires_at"] = expires and moment(datetime.fromisoformat(expires))
    return ReportLine(act.header, {**values, "conflicts": found})


def _roles(act: _LastAct) -> list[str]:
    return sorted(act.said.get("roles") or ())


def _conflicts(roles: list[str]) -> Iterator[str]:
    given = set(roles)
    for conflict in CONFLICTS:
        one, other = sorted(given & conflict.one), sorted(given & conflict.other)
        if one and other:
            yield f"{', '.join(one)} with {', '.join(other)}: {conflict.why}"
