"""The table of events covers what is decided, and nothing else."""

from __future__ import annotations

from collections import Counter

from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.record.event_types import EVENT_TYPES, event_of
from ledger.record.record_header import RecordKind

NO_EVENT = {"invoice": {"no_action", "wait"}, "portfolio": {"normal"}}
"""Outcomes that nobody is told of."""


def test_every_outcome_of_every_kind_of_case_is_an_event_or_is_none_on_purpose() -> None:
    for name, kind in CASE_KINDS.items():
        silent = {outcome for outcome in kind.ladder if event_of(RecordKind.DECISION, name, outcome) is None}
        assert silent == NO_EVENT.get(name, set()), name


def test_no_type_waits_for_what_can_not_be_decided() -> None:
    for each in EVENT_TYPES:
        if each.kind is RecordKind.DECISION:
            assert set(each.outcomes) <= set(CASE_KINDS[each.case].ladder), each.name
            assert each.name.startswith(f"{each.case}.")


def test_a_record_is_an_event_of_one_type() -> None:
    waits = Counter((each.kind, each.case, outcome) for each in EVENT_TYPES for outcome in each.outcomes)
    assert [key for key, times in waits.items() if times > 1] == []
    assert len({each.name for each in EVENT_TYPES}) == len(EVENT_TYPES)


def test_what_is_taken_over_from_an_earlier_journal_is_no_event() -> None:
    assert event_of(RecordKind.IMPORTED, "order", "hold") is None
    assert event_of(RecordKind.KEY, "", "create") is None
