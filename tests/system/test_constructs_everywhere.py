"""Each construct of the policy language in each place where it must be seen: schemas, check, explanation, coverage of
policy tests, a request's decision, its record, and the same decision made again from the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.settings import Settings
from engine.explaining.explain import explain
from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.reading.exception_schemas import exceptions_schema
from engine.reading.file_schemas import policy_schema
from engine.testing.run_cases import run_cases
from engine.vocabulary.languages import OWN_LANGUAGES
from tests.engine.reading.test_schemas import faults, yaml
from tests.support.policy_files import ended, whole_set
from tests.support.random_policies import DAY
from tests.support.running_service import eventually, running
from tests.support.small_policies import REASON

VALUES = {
    "sum_of_a_list": ("sum(account.open_items.amount)", "30.00"),
    "filtered_sum": ("sum(account.open_items[due_date < as_of].amount)", "20.00"),
    "count_of_a_list": ("count(account.open_items[kind = invoice])", 2),
    "least_of_a_list": ("min(account.open_items.due_date)", "2026-06-01"),
    "greatest_of_each": ("max(for i in account.open_items return as_of - i.due_date)", 44),
    "mean_of_a_list": ("mean(account.open_items.amount)", "15.00"),
    "some_of_a_list": ("some i in account.open_items satisfies i.amount > 15", True),
    "every_of_a_list": ("every i in account.open_items satisfies i.amount > 15", False),
    "list_contains": ('list contains(account.open_items.kind, "credit_note")', False),
    "named_list": ("account.country in lists.accepted", True),
    "list_parameter": ("account.country in excluded", False),
    "holiday": ("first working day(date(2026, 7, 4), lists.holidays)", "2026-07-07"),
    "person": ('order.entered_by = "U.Becker"', True),
    "end_of_month": ("last day of month(order.delivery_date)", "2026-08-31"),
    "months": ('order.delivery_date + duration("P1M")', "2026-09-01"),
    "rounded_to_thousands": ("round half up(order.amount, -3)", "1000.00"),
    "of_unknown": ("if order.discount_rate = null then 1 else 2", "1"),
    "range": ("order.payment_days in [8..45]", True),
    "text": ('starts with(order.id, "SO")', True),
}
"""A formula of each kind, and what it gives in the case below."""

LINES = "".join(
    f"  {name}: {{formula: '{formula}', title: {{en: x, zh: 甲}}}}\n" for name, (formula, _) in VALUES.items()
)
POLICY = f"""policy: p
title: {{en: P, zh: 策略}}
decides: order
parameters:
  excluded: [XX, YY]
  tolerance: {{type: rate, values: {{2026-01-01: 0.10, 2026-07-01: 0.05}}}}
  watch: {{type: rate, value: 0.2}}
  alarm: {{type: rate, value: 0.4}}
ascending:
  - watch < alarm
values:
{LINES}\
  shown:
    formula: order.amount * (1 + tolerance) * (watch + alarm)
    type: money
    show: true
    title: {{en: shown, zh: 显示}}
scorecard:
  total: score
  criteria:
    paying:
      title: {{en: Paying, zh: 付款}}
      input: account.on_time_rate
      bands: {{"< 0.5": 0, ">= 0.5": 9, null: 1}}
tables:
  terms:
    hit: first
    outputs: {{terms: {{}}, net: days}}
    rows:
      - {{id: far, when: {{order.payment_days: "> 30"}}, then: {{net: 45, terms: "net {{net}}"}}}}
      - {{id: rest, when: {{}}, then: {{net: 10, terms: "net {{net}}"}}}}
  caps:
    hit: collect sum
    outputs: {{cap: money}}
    rows:
      - {{id: one, when: {{order.amount: "> 1"}}, then: {{cap: 5}}}}
      - {{id: two, when: {{order.amount: "> 2"}}, then: {{cap: "= order.amount / 2"}}}}
rules:
  acts:
    title: {{en: Acts, zh: 办理}}
    when: filtered_sum > 1
    then: approve
    reason: {{en: "{{filtered_sum}} is late", zh: "{{filtered_sum}} 逾期"}}
    action: {{do: notify_insurer, by: least_of_a_list + 60, amount: filtered_sum}}
  waived:
    title: {{en: Waived, zh: 豁免}}
    when: order.amount > 1
    then: hold
    reason: {REASON}
  conditional:
    when: order.amount > 2
    then: approve_with_conditions
    reason: {REASON}
    conditions: {{deposit: {{title: {{en: Deposit, zh: 预付款}}, formula: order.amount * watch}}}}
"""
EXCEPTION = """let:
  waives: [p.waived]
  when: account.id = "C-1"
  from: 2026-07-01
  until: 2026-12-31
  by: u.one
  approved_by: u.two
  reason: agreed
"""
LISTS = {
    "lists/accepted.csv": "entry,from,until\nAT,,\nDE,,2026-06-30\n...\n",
    "lists/holidays.yaml": "of: date\nvalue: [2026-07-06, 2030-12-25]\n...\n",
}
CASE: dict[str, dict[str, Any]] = {
    "order": {
        "id": "SO-1",
        "amount": "1250.00",
        "entered_by": " Ｕ.Becker",
        "delivery_date": "2026-08-01",
        "payment_days": 40,
    },
    "account": {
        "id": "C-1",
        "country": "AT",
        "on_time_rate": "0.75",
        "open_items": [
            {"id": "1", "amount": "20.00", "due_date": "2026-06-01", "kind": "invoice"},
            {"id": "2", "amount": "10.00", "due_date": "2026-08-01", "kind": "invoice"},
        ],
    },
}
RESULTS = {name: given for name, (_, given) in VALUES.items()} | {
    "shown": "787.50",
    "score": "9",
    "paying": "9",
    "terms": "net 45",
    "net": 45,
    "cap": "630.00",
}


REASONS = "reasons: [p.waived, p.acts, p.conditional], waived: [p.waived]"


def files() -> dict[str, bytes]:
    others = {"exceptions.yaml": ended(EXCEPTION), **LISTS}
    return whole_set({"p": POLICY}, folder="rules/") | {f"rules/{name}": text.encode() for name, text in others.items()}


@pytest.fixture(scope="module")
def deciding() -> Engine:
    loaded = load(files())
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    assert loaded.engine.warnings(DAY) == ()
    return loaded.engine


def test_the_schemas_take_them() -> None:
    for text, schema in ((POLICY, policy_schema(OWN_LANGUAGES)), (EXCEPTION, exceptions_schema(OWN_LANGUAGES))):
        assert faults(Draft202012Validator(schema), yaml(text)) == []


def test_a_decision_has_what_each_gives(deciding: Engine) -> None:
    decision = deciding.decide("order", CASE, DAY, "id")
    assert decision.results["p"] == RESULTS
    assert decision.outcome == "approve_with_conditions"
    assert decision.conditions == {"deposit": "250.00"}
    assert [(each.action, each.by, each.amount) for each in decision.actions] == [
        ("notify_insurer", "2026-07-31", "20.00")
    ]
    assert [(each.rule, bool(each.waived)) for each in decision.reasons if each.waived] == [("p.waived", True)]
    assert [figure.name for figure in decision.figures] == ["p.shown"]


def test_an_explanation_shows_each(deciding: Engine) -> None:
    explanation = explain(deciding, "order", CASE, DAY, "id")
    text = json.dumps(explanation.as_json(), ensure_ascii=False)
    for name in (*VALUES, "shown", "score", "paying", "terms", "cap", "acts", "waived", "conditional"):
        assert f'"p.{name}"' in text, name
    assert '"exceptions.let"' in text
    assert explanation.decision == deciding.decide("order", CASE, DAY, "id")


def test_coverage_knows_rules_rows_bands_and_exceptions(deciding: Engine) -> None:
    facts = json.dumps(CASE, ensure_ascii=False)
    results = json.dumps({f"p.{name}": given for name, given in RESULTS.items()})
    expect = f"{{outcome: approve_with_conditions, {REASONS}, results: {results}}}"
    text = f"cases: c\ncase_kind: order\nas_of: {DAY}\ntests:\n  t: {{facts: {facts}, expect: {expect}}}\n"
    document, _ = read(text, "cases.yaml")
    assert document is not None
    suite, mistakes = read_cases(document, deciding.vocabulary)
    assert suite is not None and not mistakes, list(map(str, mistakes))
    ran = run_cases([suite], deciding)
    assert [each.differences for each in ran.failed] == []
    missed = json.dumps(ran.coverage.as_json())
    assert [name for name in ("p.acts", "p.waived", "p.conditional", "exceptions.let", "#far") if name in missed] == []
    assert "#rest" in missed and "paying" in missed  # a row, and two bands, that no test hits


def test_a_request_its_record_and_the_decision_made_again(tmp_path: Path, deciding: Engine) -> None:
    """In the set's currency, and in another with its rate."""
    for name, content in files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    rates = [{"currency": "USD", "date": str(DAY), "rate": "0.5"}]
    with running(Settings(rules=tmp_path / "rules", journal=tmp_path / "credence.db")) as client:
        pending = client.get("/readyz").json()["pending"]
        assert pending["exceptions"] == ["exceptions.let"]
        client.post("/v1/policies/activate", json={"version": pending["version"]})
        eventually(lambda: client.get("/readyz").json()["ready"])
        for more in ({}, {"currency": "USD", "rates": rates}):
            answer = client.post("/v1/decisions/order", json={"as_of": str(DAY), **more, **CASE})
            assert answer.status_code == 201, client.get("/readyz").text
            recorded = client.get(f"/v1/decisions/{answer.json()['id']}")
            assert recorded.text == answer.text
            again = client.post("/v1/decisions/order", json={"as_of": str(DAY), **more, **CASE}).json()
            assert {**again, "id": ""} == {**answer.json(), "id": ""}
            if not more:
                assert answer.json()["results"]["p"] == RESULTS
                assert answer.json() == deciding.decide("order", CASE, DAY, answer.json()["id"]).as_json()
            else:
                assert answer.json()["results"]["p"]["filtered_sum"] == "10.00"
                assert answer.json()["converted_from"]["currency"] == "USD"
