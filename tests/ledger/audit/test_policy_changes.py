"""Every member of a parameter, changed by itself, is told with old and new value; its words for readers are not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ledger.audit.policy_changes import differences
from ledger.journal.opened_records import PolicySet

ENTRY = {
    "type": "rate",
    "minimum": "0",
    "maximum": "0.1",
    "for": "EUR",
    "unit": "days",
    "value": "0.01",
    "title": {"en": "Rate", "zh": "比例"},
    "note": {"en": "Ours.", "zh": "内部。"},
}


def _set(entry: object) -> PolicySet:
    parameters = {} if entry is None else {"rate": entry}
    text = yaml.safe_dump({"policy": "orders", "parameters": parameters}, allow_unicode=True)
    return PolicySet("v", "2026-07-01T00:00:00Z", {"orders.yaml": text}, "facts: {}\n")


def _told(before: object, after: object) -> list[str]:
    return differences(_set(before), _set(after))["parameters"]


@pytest.mark.parametrize("member", ENTRY)
def test_a_member_that_changes_comes_or_goes_is_named(member: str) -> None:
    without = {name: value for name, value in ENTRY.items() if name != member}
    was: Any = ENTRY[member]
    if member in ("title", "note"):
        assert _told(ENTRY, without) == _told(without, ENTRY) == _told(ENTRY, {**ENTRY, member: "other"}) == []
        return
    name = "orders.rate" if member == "value" else f"orders.rate {member}"
    assert _told(ENTRY, {**ENTRY, member: "0.9"}) == [f"{name}: {was} → 0.9"]
    assert _told(ENTRY, without) == [f"{name}: {was} → –"]
    assert _told(without, ENTRY) == [f"{name}: – → {was}"]
    assert _told(ENTRY, {**ENTRY, member: None}) == [f"{name}: {was} → null"]


def test_a_value_is_told_alike_however_it_is_written() -> None:
    dated = {"values": {"2020-01-01": "1", "2026-07-01": "2"}}
    assert _told("5", "7") == ["orders.rate: 5 → 7"]
    assert _told("5", {"value": "5"}) == []
    assert _told({"value": "5"}, dated) == ['orders.rate: 5 → {"2020-01-01": "1", "2026-07-01": "2"}']
    assert _told(None, "5") == ["orders.rate: – → 5"]
