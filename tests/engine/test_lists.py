"""Lists of records, from the policy's text to the reason: what formulas over them are worth, and what is named when
something is missing."""

from __future__ import annotations

import json
import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.explaining.explain import explain
from engine.feel.runtime import evaluate
from engine.lowering.sql.portability import portability_mistakes
from engine.reading.request_schemas import facts_schema
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.text import Text
from tests.support.small_policies import AS_OF, REASON, check, decide, engine_of

ITEMS: list[dict[str, Any]] = [
    {"amount": "100.00", "due": "2026-06-01", "kind": "invoice", "paid": False},
    {"amount": "250.50", "due": "2026-08-01", "kind": "invoice", "paid": True},
    {"amount": "-40.00", "due": "2026-05-01", "kind": "credit", "paid": False},
]


def results(text: str, facts: dict[str, Any]) -> Any:
    """What the policy `p` works out."""
    return decide(engine_of(text), **facts).results["p"]


WORTH = {
    "count(account.items)": (3, 0),
    "sum(account.items.amount)": ("310.50", "0.00"),
    "sum(account.items[due < as_of and kind = invoice].amount)": ("100.00", "0.00"),
    "sum(account.items[due < as_of][kind = invoice].amount)": ("100.00", "0.00"),
    "sum(account.items[item.amount > 0].amount)": ("350.50", "0.00"),
    "sum(account.items.amount[item > 100])": ("250.50", "0.00"),
    "count(account.items[not(paid)])": (2, 0),
    "min(account.items.due)": ("2026-05-01", None),
    "max(account.items[kind = credit].amount)": ("-40.00", None),
    "max(for i in account.items return as_of - i.due)": (75, None),
    "sum(for i in account.items[paid] return i.amount * 2)": ("501.00", "0.00"),
    "mean(account.items.amount)": ("103.50", None),
    "some i in account.items satisfies i.amount > 200": (True, False),
    "every i in account.items satisfies i.amount > 0": (False, True),
    "some a in account.items.amount satisfies a > 251": (False, False),
    "any(account.items.paid)": (True, False),
    "all(account.items.paid)": (False, True),
    'list contains(account.items.kind, "credit")': (True, False),
    "list contains(account.items.amount, 250.5)": (True, False),
}


@pytest.mark.parametrize("formula", WORTH)
def test_what_a_formula_over_a_list_is_worth(formula: str) -> None:
    text = f"values:\n  v: {json.dumps(formula)}\n"
    of_some, of_none = WORTH[formula]
    assert results(text, {"items": ITEMS})["v"] == of_some
    assert results(text, {"items": []})["v"] == of_none
    assert results(text, {})["v"] is None


def test_it_is_what_feel_says_where_nothing_is_missing() -> None:
    """FEEL's own evaluator on the same records, as an oracle that shares nothing with the compiler."""
    chance = random.Random(7)
    engine = engine_of("values:\n" + "".join(f"  v{i}: {json.dumps(formula)}\n" for i, formula in enumerate(WORTH)))
    for _ in range(60):
        records: list[dict[str, Any]] = [
            {
                "amount": f"{chance.randint(-30_000, 30_000) / 100:.2f}",
                "due": date(2026, chance.randint(1, 12), 28).isoformat(),
                "kind": chance.choice(["invoice", "credit"]),
                "paid": chance.random() < 0.5,
            }
            for _ in range(chance.randint(1, 5))
        ]
        found = decide(engine, items=records).results["p"]
        in_feel = [{**r, "amount": Decimal(r["amount"]), "due": date.fromisoformat(r["due"])} for r in records]
        context = {
            "account": {"items": in_feel},
            "as_of": AS_OF,
            "invoice": "invoice",
            "credit": "credit",
        }
        for index, formula in enumerate(WORTH):
            expected = evaluate(formula.replace("as_of - i.due", '(as_of - i.due) / duration("P1D")'), context)
            if expected is None and formula.startswith("sum("):
                expected = 0  # FEEL's sum of nothing is null; docs/policy-language.md says why a policy's is 0
            assert _plain(found[f"v{index}"]) == _plain(expected), (formula, records)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    try:
        return round(Decimal(str(value)), 2)
    except ArithmeticError:
        return value


RULE = f"rules:\n  r:\n    when: WHEN\n    then: review\n    reason: {REASON}\n"


def reason(when: str, **facts: Any) -> Any:
    decision = decide(engine_of(RULE.replace("WHEN", json.dumps(when))), **facts)
    return decision.reasons[0] if decision.reasons else None


def test_a_list_that_is_missing_is_named() -> None:
    assert reason("sum(account.items.amount) > 5").missing == ("account.items",)


def test_what_records_lack_is_named_once_and_only_where_it_matters() -> None:
    lacking = [{"amount": "1.00"}, {"amount": "2.00"}, {"amount": "3.00", "due": "2026-01-01", "kind": "credit"}]
    unknown = reason("sum(account.items[due < as_of].amount) > 1000", items=lacking)
    assert unknown.missing == ("account.items[].due",)
    assert "1 fact is missing" in unknown.text.en
    [lacked] = decide(
        engine_of(RULE.replace("WHEN", '"sum(account.items[due < as_of].amount) > 1"')), items=lacking
    ).missing
    assert (lacked.name, lacked.title, lacked.type) == ("account.items[].due", Text("Items: due", "项目：due"), "date")
    assert reason("sum(account.items.amount) > 1000", items=lacking) is None
    assert reason('some i in account.items satisfies i.kind = "credit"', items=lacking).missing == ()
    assert reason('every i in account.items satisfies i.kind = "invoice"', items=lacking) is None


def test_values_of_the_case_are_read_inside_a_filter_and_named_where_they_are_missing() -> None:
    assert reason("count(account.items[amount > account.cap]) > 0", items=ITEMS, cap="200.00").missing == ()
    assert reason("count(account.items[amount > account.cap]) > 0", items=ITEMS).missing == ("account.cap",)
    assert reason("count(account.items[amount > account.cap]) > 0", items=[]) is None


def test_a_reason_shows_how_many_records_there_are() -> None:
    assert dict(reason("count(account.items) > 1", items=ITEMS).facts) == {"account.items": 3}


def test_a_field_hides_a_value_of_the_policy_and_makes_no_circle() -> None:
    text = 'values:\n  amount: "sum(account.items[amount > 0].amount)"\n  due: "count(account.items[due < as_of])"\n'
    assert check(text) == []
    assert results(text, {"items": ITEMS}) == {"amount": "350.50", "due": 2}


def test_a_parameter_may_stand_inside_a_filter() -> None:
    text = 'parameters: {least: 100}\nvalues: {big: "count(account.items[amount > least])"}\n'
    assert check(text) == []
    assert results(text, {"items": ITEMS})["big"] == 1


REFUSED = {
    "5": "account.items: is not a list",
    "{}": "account.items: is not a list",
    "[5]": "account.items[1]: is not an object of values",
    '[{"amount": "1"}, {"amount": 1.5}]': "account.items[2].amount: is a floating-point number",
    '[{"amount": "1", "due": "01.02.2026"}]': "account.items[1].due: is not a date",
    '[{"due": "2026-01-01"}]': "account.items[1].amount: is required",
    '[{"amount": null}]': "account.items[1].amount: is required",
    '[{"amount": "1", "amuont": "2"}]': "account.items[1].amuont: is no value of these records (did you mean",
    '[{"amount": "1", "kind": "invoce"}]': "account.items[1].kind: is not one of the known words",
    '[[{"amount": "1"}]]': "account.items[1]: is not an object of values",
}


@pytest.mark.parametrize("raw", REFUSED)
def test_every_record_goes_through_the_gate(raw: str) -> None:
    engine = engine_of(RULE.replace("WHEN", "account.flag"))
    with pytest.raises(FactsRefused) as refused:
        decide(engine, items=json.loads(raw))
    assert str(refused.value.faults[0]).startswith(REFUSED[raw]), str(refused.value)


def test_a_list_has_its_bounds_and_a_refusal_too() -> None:
    engine = engine_of(RULE.replace("WHEN", "account.flag"))
    with pytest.raises(FactsRefused, match="has 1,001 records, more than 1,000"):
        decide(engine, items=[{"amount": "1"}] * 1_001)
    with pytest.raises(FactsRefused) as refused:
        decide(engine, items=[{"amount": "x"}] * 1_000)
    assert len(refused.value.faults) == 20


def test_the_schema_of_requests_describes_the_records() -> None:
    schema = facts_schema(engine_of(RULE.replace("WHEN", "account.flag")).vocabulary, "account")
    items = schema["properties"]["account"]["properties"]["items"]
    assert (items["type"], items["maxItems"], items["items"]["required"]) == (["array", "null"], 1_000, ["amount"])
    assert set(items["items"]["properties"]) == {"amount", "due", "kind", "paid"}
    assert items["items"]["properties"]["kind"]["enum"] == ["invoice", "credit", None]


def test_an_explanation_tells_what_a_condition_over_a_list_came_to() -> None:
    engine = engine_of(RULE.replace("WHEN", '"sum(account.items.amount) > 300"'))
    facts = {"account": {"id": "C", "level": 0, "items": ITEMS}}
    [tried] = [rule for policy in explain(engine, "account", facts, AS_OF, "x").policies for rule in policy.rules]
    assert [condition.value for condition in tried.conditions] == [True]
    assert [(each.name, each.value) for each in tried.conditions[0].inputs] == [("account.items", 3)]


def test_where_no_column_can_hold_records_a_policy_that_reads_a_list_is_refused() -> None:
    engine = engine_of(RULE.replace("WHEN", '"count(account.items) > 3"'))
    [said] = portability_mistakes(engine.rulesets())
    assert str(said).startswith(
        "p.yaml:6:12: B004 this policy can't run in this database: it reads the list `account.items`"
    )
    assert portability_mistakes(engine.rulesets(), lists=True) == ()
