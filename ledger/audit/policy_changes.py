"""Which policy set took effect when, by whom, and what it changed: files, rules and parameters, old → new.

The texts of two sets are compared as their authors wrote them, entry by entry: `orders.limit_tolerance: 0.05 → 0.10`.
What a change means for decisions is not said here; `credence test` and `credence backtest` say that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import yaml
from sqlalchemy import Connection

from engine.vocabulary.days import UTC_NAME
from ledger.audit.report_lines import ReportLine
from ledger.journal.opened_records import OpenedRecord, PolicySet, policy_set, records_of
from ledger.policies.proposal_rows import proposal_numbered
from ledger.policies.proposal_view import PolicyReader
from ledger.record.new_records import ACTIVATION
from ledger.record.policy_versions import gives_version
from ledger.record.record_header import RecordKind
from ledger.store.key_database import SubjectKeys
from ledger.store.trouble import FileTrouble

COLUMNS = (
    *("finding", "how", "from", "to", "files", "rules", "parameters", "others"),
    *("author", "approvers", "flips", "who"),
)
"""`finding`: what can't be said, and why; else null. `how`: first, watch, approved, rollback or engine. `from`, `to`:
versions. The next four list what differs. `author` drafted it, `approvers` said yes to exactly that; `flips`: what they
were shown that would be decided otherwise. Of a set saved in a watched folder nobody is on record but `who`."""

NOT_KEPT = "text not kept"
OTHER_TEXT = "text not as its version says"
BEFORE = "of the set before: "
"""Findings: the set that took effect isn't there; what is there as its text is another one. Where either is true of the
set before, nothing can be compared either."""

_WORDS = ("title", "note")
"""What readers see of a parameter, and nobody decides by."""

_VALUES = ("value", "values")
"""Members of a parameter that are its value."""

_ABSENT = "–"
_NOTHING: dict[str, list[str]] = {"files": [], "rules": [], "parameters": [], "others": []}

Entries = dict[tuple[str, str], Any]
"""Of a set, by section and name: `("parameters", "orders.limit_tolerance")`."""


def policy_changes(connection: Connection, keys: SubjectKeys) -> list[ReportLine]:
    """A line for each time that a set took effect, the first one first. Nothing is said of a text that is not its
    version's: the line's `finding` says so instead. Raises `FileTrouble`."""
    lines: list[ReportLine] = []
    reader = PolicyReader(connection, keys, UTC_NAME, "")
    before: _Text | None = None
    for record in records_of(connection, keys.key, [RecordKind.POLICY]):
        header = record.header
        after = _text(connection, header.policy)
        finding = after.finding or (BEFORE + before.finding if before is not None and before.finding else None)
        told = _NOTHING if finding else differences(before and before.policies, after.policies)
        values = {"finding": finding, "how": header.outcome, "from": before and before.version, "to": header.policy}
        lines.append(ReportLine(header, {**values, **told, **_people(reader, record), "who": record.actor}))
        before = after
    return lines


def _people(reader: PolicyReader, record: OpenedRecord) -> dict[str, Any]:
    """Who is behind an activation, by the proposal that its record names."""
    said = json.loads(record.text(ACTIVATION) or "{}")
    number = said.get("proposal")
    proposal = None if number is None else proposal_numbered(reader.connection, number)
    if proposal is None:
        return {"author": None, "approvers": [], "flips": []}
    flips = list(proposal.findings.flips) if proposal.findings else []
    return {"author": reader.who(proposal.seq), "approvers": list(reader.approvers(number)), "flips": flips}


class _Text(NamedTuple):
    """What is kept of a version."""

    version: str
    policies: PolicySet | None
    finding: str | None


def _text(connection: Connection, version: str) -> _Text:
    try:
        kept = policy_set(connection, version)
    except FileTrouble:
        return _Text(version, None, OTHER_TEXT)
    if kept is None:
        return _Text(version, None, NOT_KEPT)
    is_its = gives_version(version, kept.files, kept.standard_facts)
    return _Text(version, kept, None) if is_its else _Text(version, None, OTHER_TEXT)


def differences(before: PolicySet | None, after: PolicySet | None) -> dict[str, list[str]]:
    """What differs between two sets, by the report's columns. Of the first set only its files."""
    old, new = (each.files if each else {} for each in (before, after))
    entries: dict[str, list[str]] = {"rules": [], "parameters": [], "others": []}
    if before is not None and after is not None:
        was, is_ = _entries(old), _entries(new)
        for section in sorted({section for section, _ in (*was, *is_)}):
            one, other = ({name: value for (of, name), value in each.items() if of == section} for each in (was, is_))
            column = section if section in ("rules", "parameters") else "others"
            prefix = "" if column == section else f"{section} "
            told = _told_of_parameters(one, other) if section == "parameters" else _told(one, other)
            entries[column] += [prefix + each for each in told]
        if before.standard_facts != after.standard_facts:
            entries["others"].append("the engine's standard facts changed")
    return {"files": list(_told(old, new)), **entries}


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """`orders.over-limit added`, `changed`, `removed`."""
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield f"{name} {'added' if name in new else 'removed'}"
        elif old[name] != new[name]:
            yield f"{name} changed"


def _told_of_parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """`orders.limit_tolerance: 0.05 → 0.10`; of all that isn't the value, which member:
    `orders.shortfall_rate maximum: 0.1 → 0.9`."""
    for name in sorted({*old, *new}):
        was, is_ = _members(old.get(name)), _members(new.get(name))
        for member in dict.fromkeys((*was, *is_)):
            before, after = was.get(member), is_.get(member)
            if before != after:
                yield f"{name}{member and f' {member}'}: {before or _ABSENT} → {after or _ABSENT}"


def _members(entry: Any) -> dict[str, str]:
    """What is decided by, as text: the value under no name, all else by its own."""
    if entry is None:
        return {}
    if not isinstance(entry, dict):
        return {"": _shown(entry)}
    return {"" if name in _VALUES else name: _shown(each) for name, each in entry.items() if name not in _WORDS}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _entries(files: Mapping[str, str]) -> Entries:
    """Each file's entries as they were written. A text that can't be read as YAML any more has none."""
    found: Entries = {}
    for name, text in files.items():
        try:
            read = yaml.load(text, Loader=yaml.BaseLoader)  # texts only: nothing is made of them
        except yaml.YAMLError:
            continue
        if not isinstance(read, dict):
            continue
        stem = str(read.get("policy") or PurePath(name).stem)
        for section, content in read.items():
            if isinstance(content, dict) and section != "title":
                found |= {(section, f"{stem}.{entry}"): value for entry, value in content.items()}
            else:
                found[section, stem] = content
    return found
