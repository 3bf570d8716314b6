"""Which policy set took effect when, by whom, and what it changed: files, rules and parameters, old → new.

The texts of two sets are compared as their authors wrote them, entry by entry: `orders.limit_tolerance: 0.05 → 0.10`.
What a change means for decisions is not said here; `credence test` and `credence backtest` say that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import yaml
from sqlalchemy import Connection

from ledger.audit.report_lines import ReportLine
from ledger.journal.opened_records import PolicySet, policy_set, records_of
from ledger.record.record_header import RecordKind
from ledger.store.key_database import SubjectKeys

COLUMNS = ("how", "from", "to", "files", "rules", "parameters", "others", "who")
"""`how`: first, watch, approved or rollback. `from`, `to`: versions. The next four list what differs."""

_WORDS = ("title", "note")
"""What readers see of a parameter, and nobody decides by."""

Entries = dict[tuple[str, str], Any]
"""Of a set, by section and name: `("parameters", "orders.limit_tolerance")`."""


def policy_changes(connection: Connection, keys: SubjectKeys) -> list[ReportLine]:
    """A line for each time that a set took effect, the first one first. Raises `FileTrouble`."""
    lines: list[ReportLine] = []
    before: PolicySet | None = None
    for record in records_of(connection, keys.key, [RecordKind.POLICY]):
        header = record.header
        after = policy_set(connection, header.policy)
        values = {"how": header.outcome, "from": before and before.version, "to": header.policy, "who": record.actor}
        lines.append(ReportLine(header, {**values, **_differences(before, after)}))
        before = after or before
    return lines


def _differences(before: PolicySet | None, after: PolicySet | None) -> dict[str, list[str]]:
    """Of the first set and of one that isn't kept only what can be said."""
    old, new = (each.files if each else {} for each in (before, after))
    files = list(_told(dict(old), dict(new), shows_values=False))
    entries: dict[str, list[str]] = {"rules": [], "parameters": [], "others": []}
    if before is not None and after is not None:
        was, is_ = _entries(old), _entries(new)
        for section in sorted({section for section, _ in (*was, *is_)}):
            one, other = ({name: value for (of, name), value in each.items() if of == section} for each in (was, is_))
            column = section if section in ("rules", "parameters") else "others"
            prefix = "" if column == section else f"{section} "
            entries[column] += [prefix + told for told in _told(one, other, shows_values=section == "parameters")]
        if before.standard_facts != after.standard_facts:
            entries["others"].append("the engine's standard facts changed")
    return {"files": files, **entries}


def _told(old: Mapping[str, Any], new: Mapping[str, Any], *, shows_values: bool) -> Iterator[str]:
    """`orders.over-limit added`, `orders.limit_tolerance: 0.05 → 0.10`."""
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name) and (name in old) == (name in new):
            continue
        if shows_values:
            was, is_ = (_value(each[name]) if name in each else "–" for each in (old, new))
            if was != is_:
                yield f"{name}: {was} → {is_}"
        elif name not in old:
            yield f"{name} added"
        else:
            yield f"{name} {'changed' if name in new else 'removed'}"


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


def _value(entry: Any) -> str:
    """Of a parameter what it is, without its words for readers."""
    if isinstance(entry, dict):
        entry = {name: value for name, value in entry.items() if name not in _WORDS}
        value = entry.get("value", entry.get("values"))
        entry = entry if value is None else value
    return entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
