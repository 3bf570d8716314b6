"""What is masked says neither by name nor by length what may not be seen."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from engine.reading.standard_facts import standard_flagged_facts
from ledger.export.decision_table import DecisionTable
from ledger.export.export_folder import exported
from ledger.export.exporting import ExportPlan
from ledger.journal.journal import Journal
from ledger.journal.opened_records import OpenedRecord
from ledger.record.body_parts import Part, cut, new_body
from ledger.record.record_header import Header
from ledger.search.masking import masked, rules_of, shown_rules
from ledger.search.record_filter import RecordFilter

SECRET, OPEN = "account.current_ratio", "order.prepayment"


def _reason(rule: str, *, facts: Iterable[str] = (), missing: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    return {
        "rule": rule,
        "outcome": "hold",
        "text": {"en": "words"},
        "remedy": None,
        "facts": dict.fromkeys(facts, "1"),
        "missing": list(missing),
        "place": "orders.yaml:1:1",
        "waived": [],
        **more,
    }


def _missing(name: str, *needed_by: str) -> dict[str, Any]:
    return {"name": name, "kind": "fact", "title": None, "type": "rate", "unit": None, "needed_by": list(needed_by)}


def _decision(reasons: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    worked_out: dict[str, Any] = {"passed": [], "figures": [], "results": {}}
    return {"outcome": "hold", "conditions": {}, "actions": [], "reasons": reasons, **worked_out, **more}


GATHERED = _reason("facts-missing", missing=[SECRET, OPEN], rules=["orders.weak", "orders.prepaid"])
UNDETERMINED = [{"id": name, "ignored": False} for name in ("scores.ratios", "orders.weak", "orders.prepaid")]


def test_what_waits_for_a_flagged_fact_is_named_nowhere() -> None:
    missing = [_missing(SECRET, "scores.ratios", "orders.weak"), _missing(OPEN, "orders.prepaid", "orders.weak")]
    shown, lacking = masked(_decision([GATHERED], missing=missing, undetermined=UNDETERMINED), {SECRET})
    assert shown["missing"] == [_missing(OPEN, "orders.prepaid")]
    assert shown["undetermined"] == [{"id": "orders.prepaid", "ignored": False}]
    assert (shown["reasons"][0]["rule"], "rules" in shown["reasons"][0]) == ("withheld", False)
    assert {"/missing", "/undetermined", "/reasons/0"} <= {*lacking}
    assert not any(word in json.dumps(shown) for word in ("weak", "ratio"))


def test_where_a_decision_does_not_say_which_rules_wait_all_of_them_are_hidden() -> None:
    """As decisions of earlier versions."""
    earlier = {name: value for name, value in _missing(SECRET).items() if name != "needed_by"}
    for more in ({}, {"missing": [earlier]}):
        decision = _decision([GATHERED], undetermined=UNDETERMINED, **more)
        assert shown_rules(decision, {SECRET}) == []
        shown, _ = masked(decision, {SECRET})
        assert [each["id"] for each in shown["undetermined"]] == ["scores.ratios"]


def test_what_waits_for_facts_that_all_may_see_stays() -> None:
    gathered = _reason("facts-missing", missing=[OPEN], rules=["orders.a", "orders.b"])
    missing = [_missing(OPEN, "orders.a", "orders.b")]
    decision = _decision([gathered], missing=missing, undetermined=[{"id": "orders.a", "ignored": False}])
    assert masked(decision, {SECRET}) == (decision, [])
    assert rules_of(decision) == shown_rules(decision, {SECRET}) == ["orders.a", "orders.b"]


# --- parts of an export ----------------------------------------------------------------------------------------------


def _line(
    reasons: list[dict[str, Any]],
    value: str = "0.5",
    other: str = "true",
    actor: str = "local as u.becker",
    **more: Any,
) -> dict[str, Any]:
    """Of entries.ndjson, masked."""
    head = json.dumps({"outcome": "hold", "conditions": {}, "actions": [], **more})[:-1] + ', "reasons": ['
    pieces = [json.dumps(reason) for reason in reasons]
    answer, at, spans = head, len(head), []
    for number, piece in enumerate(pieces):
        answer += ("," if number else "") + piece
        at = len(answer) - len(piece)
        spans.append((at, at + len(piece), f"reason.{number}"))
    answer += "]}"
    request = f'{{"account":{{"current_ratio":{value}}},"order":{{"entered_by":{other}}}}}'
    first, second = request.index(value), request.index(other)
    cuts = [(first, first + len(value), SECRET), (second, second + len(other), "order.entered_by")]
    parts = [*cut("request", request.encode(), cuts), *cut("answer", answer.encode(), spans)]
    parts.append(Part("actor", actor.encode()))
    body = new_body(parts)
    header = Header(
        seq=0,
        id="0",
        at="2026-03-01T00:00:00.000000Z",
        kind="decision",
        body=body.digest(),
        actor="local",
        case="order",
    )
    line = exported(OpenedRecord(header, body), is_masked=True)
    committed = [
        bytes.fromhex(part["commitment"])
        if "commitment" in part
        else sha256(bytes.fromhex(part["salt"]) + f"{part['path']}\0{part['content']}".encode()).digest()
        for part in line["parts"]
    ]
    assert sha256(b"".join(committed)).hexdigest() == body.digest()
    return line


def _told(line: dict[str, Any]) -> list[tuple[str, str | None]]:
    """All of a line but what is random: what its reader learns."""
    return [(part["path"], part.get("content")) for part in line["parts"]]


OPEN_REASON = _reason("orders.prepaid", facts=[OPEN])
SECRETS = [_reason("orders.weak", facts=[SECRET]), _reason("orders.much-weaker", facts=[SECRET], remedy="pay")]


@pytest.mark.parametrize("before", [[], [OPEN_REASON]])
@pytest.mark.parametrize("after", [[], [OPEN_REASON], [OPEN_REASON, SECRETS[0]]])
def test_a_masked_line_is_the_same_whatever_is_withheld(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    """Values, reasons and names of other lengths: only commitments differ."""
    values, others, actors = ("1", "0.123456"), ('"u"', '"u.becker.long"'), ("local as a", "local as u.becker")
    lines = [
        _told(_line([*before, secret, *after], value, other, actor))
        for secret, value, other, actor in itertools.product(SECRETS, values, others, actors)
    ]
    assert all(line == lines[0] for line in lines)
    assert [content for path, content in lines[0] if path.startswith("answer") and content] == [
        json.dumps(reason) for reason in before
    ]


@pytest.mark.parametrize("name", ["conditions", "actions"])
def test_what_is_asked_for_is_told_by_no_place(name: str) -> None:
    """It stands before the reasons, so where the first one begins says how long it is."""
    asked: dict[str, list[Any]] = {
        "conditions": [{"deposit": "1.00"}, {"deposit": "100000.00"}],
        "actions": [[{"action": "call", "rule": "orders.a"}], [{"action": "call", "rule": "orders.insolvent"}]],
    }
    first, second = (_told(_line([OPEN_REASON], **{name: value})) for value in asked[name])
    assert first == second


def test_the_engines_own_flagged_facts_are_withheld_though_none_was_sent() -> None:
    """The record of a decision for which one was missing doesn't say that it is flagged."""
    assert SECRET in standard_flagged_facts()
    gathered = _reason("facts-missing", missing=["account.insolvent", OPEN], rules=["orders.insolvent", "orders.b"])
    assert "insolvent" not in json.dumps(_line([gathered]))


def test_whoever_exported_and_what_they_looked_for_is_withheld() -> None:
    body = new_body([Part("export", b'{"by": "u.becker", "filter": {"account": "C-1"}}')])
    header = Header(seq=0, id="0", at="2026-03-01T00:00:00.000000Z", kind="export", body=body.digest(), actor="x")
    assert [*exported(OpenedRecord(header, body), is_masked=True)["parts"][0]] == ["path", "commitment"]


def test_a_masked_table_names_nobody_and_no_rule_that_tells(tmp_path: Path) -> None:
    """Of one that is not, each rule stands there for which a reason stands."""
    gathered = _reason("facts-missing", missing=[SECRET, OPEN], rules=["orders.weak", "orders.prepaid"])
    missing = [_missing(SECRET, "orders.weak"), _missing(OPEN, "orders.prepaid")]
    answer = json.dumps(_decision([gathered], missing=missing))
    parts = [Part("request", b"{}"), Part("answer", answer.encode()), Part("actor", b"local as u.becker")]
    body = new_body(parts)
    header = Header(seq=0, id="0", at="2026-03-01T00:00:00.000000Z", kind="decision", body=body.digest(), actor="local")
    seen = {}
    for is_masked in (True, False):
        path = tmp_path / f"{is_masked}.parquet"
        table = DecisionTable(path, ExportPlan(wanted=RecordFilter(), words={}, is_masked=is_masked))
        table.add(OpenedRecord(header, body))
        table.finish(Journal.__new__(Journal))
        table.publish()
        [row] = pq.read_table(path).to_pylist()
        seen[is_masked] = row["actor"], row["rules"], row["answer"] is None
    assert seen == {
        True: ("local", ["orders.prepaid"], True),
        False: ("local as u.becker", ["orders.weak", "orders.prepaid"], False),
    }
