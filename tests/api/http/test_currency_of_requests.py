"""In which currency a request's amounts are: over HTTP, by `credence decide` and in a policy test alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from tests.support.command_line import credence
from tests.support.journal_reading import decision_in
from tests.support.running_service import BODY, write_rules

USD = {"currency": "USD", "date": "2026-06-30", "rate": "0.5"}
JPY = {"currency": "JPY", "rates": [{**USD, "currency": "JPY"}]}
OWN: dict[str, Any] = BODY
"""In euros."""

DOLLARS: dict[str, Any] = {**BODY, "order": {"id": "SO-1", "amount": "24000.00"}, "currency": "USD", "rates": [USD]}
"""The same order, where a dollar is half a euro."""


def worked_out(decision: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in decision.items() if key not in ("id", "converted_from")}


def test_a_request_in_another_currency_is_decided_as_its_worth(
    client: httpx2.Client, service_settings: Settings
) -> None:
    own = client.post("/v1/decisions/order", json=OWN).json()
    answer = client.post("/v1/decisions/order", json=DOLLARS)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert worked_out(found) == worked_out(own)
    assert found["converted_from"] == USD and "converted_from" not in own
    assert found["currency"] == "EUR"
    assert json.loads(decision_in(service_settings.journal, found["id"]).request)["rates"] == [USD]


def test_the_own_currency_is_taken_with_and_without_rates(client: httpx2.Client) -> None:
    plain = client.post("/v1/decisions/order", json=OWN).json()
    others: tuple[dict[str, Any], ...] = (
        {"currency": "EUR"},
        {"currency": None},
        {"currency": "EUR", "rates": [USD]},
        {"rates": []},
    )
    for more in others:
        assert worked_out(client.post("/v1/decisions/order", json={**OWN, **more}).json()) == worked_out(plain)


@pytest.mark.parametrize(
    ("more", "path", "said"),
    [
        ({"currency": "USD"}, "/currency", "is another currency than EUR, in which these policies decide"),
        ({"currency": "usd"}, "/currency", "`usd` is not a currency"),
        ({"currency": 840}, "/currency", "is not text"),
        ({"currency": "XAU"}, "/currency", "is no money"),
        ({"currency": "USD", "rates": [{**USD, "date": "2026-05-01"}]}, "/currency", "more than 7 days older"),
        ({"currency": "USD", "rates": [{**USD, "date": "2026-07-02"}]}, "/currency", "of days after 2026-07-01"),
        ({"currency": "JPY", "rates": [USD]}, "/currency", "is another currency than EUR"),
        ({**JPY, "order": {"id": "SO-1", "amount": "0.5"}}, "/order/amount", "has more than 0 decimals"),
        ({"currency": "USD", "rates": [{**USD, "rate": 0.5}]}, "/rates[1]/rate", "is not a plain decimal number"),
        ({"rates": [{**USD, "rate": "x"}]}, "/rates[1]/rate", "is not a plain decimal number"),
        ({"curency": "EUR"}, "/curency", "is an unknown field"),
    ],
)
def test_what_can_not_be_converted_is_refused(client: httpx2.Client, more: Any, path: str, said: str) -> None:
    answer = client.post("/v1/decisions/order", json={**OWN, **more})
    assert answer.status_code == 422, answer.text
    assert [(error["path"], said in error["message"]) for error in answer.json()["errors"]] == [(path, True)]


@pytest.mark.parametrize("where", ["file", "option", "yaml"])
def test_the_command_decides_as_the_service_does(where: str, tmp_path: Path) -> None:
    rules, case = write_rules(tmp_path / "rules"), tmp_path / ("case.yaml" if where == "yaml" else "case.json")
    dollars = dict(DOLLARS)
    if where == "option":
        del dollars["rates"]
        (tmp_path / "rates.csv").write_text("date,currency,rate\n2026-06-30,USD,0.5\n", encoding="utf-8")
    text = json.dumps(dollars)
    if where == "yaml":
        text = text.replace('"0.5"', "0.50").replace('"24000.00"', "24000.00")
    case.write_text(text, encoding="utf-8")
    options = ("--rates", str(tmp_path / "rates.csv")) if where == "option" else ()
    run = credence("decide", str(case), "--rules", str(rules), "--json", *options)
    assert run.exit_code == 0, run.stderr
    found = json.loads(run.stdout)
    (tmp_path / "own.json").write_text(json.dumps(OWN), encoding="utf-8")
    own = json.loads(credence("decide", str(tmp_path / "own.json"), "--rules", str(rules), "--json").stdout)
    assert worked_out(found) == worked_out(own) and found["converted_from"] == USD
    explained = json.loads(credence("explain", str(case), "--rules", str(rules), "--json", *options).stdout)
    assert explained["decision"]["converted_from"] == USD
    shown = credence("decide", str(case), "--rules", str(rules), *options).stdout
    assert "amounts converted from USD at 0.5 EUR of 2026-06-30" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency,date\nUSD,2026-06-30\n", "a file of rates has the columns `currency`, `date`, `rate`"),
        ("currency,date,rate\nUSD,2026-06-30,0\n", "line 2.rate: is 0"),
        ("currency,date,rate\nUSD,30.06.2026,1\nEUR,2026-06-30,1\n", "line 3.currency: is EUR"),
        ("currency,date,rate\nUSD,2026-06-30,0.5\nUSD,2026-06-30,0.6\n", "line 3: is a second rate of USD"),
        ("currency,date,rate\nUSD,2026-06-30\n", "line 2: has 2 cells, the heading has 3"),
        ("", "the file is empty"),
    ],
)
def test_a_file_of_rates_that_can_not_be_used_is_refused(text: str, said: str, tmp_path: Path) -> None:
    rules, rates, case = write_rules(tmp_path / "rules"), tmp_path / "rates.csv", tmp_path / "case.json"
    rates.write_text(text, encoding="utf-8")
    case.write_text(json.dumps(OWN), encoding="utf-8")
    run = credence("decide", str(case), "--rules", str(rules), "--rates", str(rates))
    assert run.exit_code == 2
    assert said in run.stderr, run.stderr


SUITE = """cases: dollars
case_kind: order
as_of: 2026-07-01
currency: USD
rates: [{currency: USD, date: 2026-06-30, rate: 0.5}]
tests:
  in-dollars:
    facts: {order: {id: SO-1, amount: 24000.00}, account: {id: C-1}}
    expect: {outcome: OUTCOME, reasons: REASONS}
  in-euros:
    currency: EUR
    facts: {order: {id: SO-1, amount: 12000.00}, account: {id: C-1}}
    expect: {outcome: OUTCOME, reasons: REASONS}
  in-yen:
    currency: JPY
    rates: [{currency: JPY, date: 2026-06-30, rate: "0.0025"}]
    facts: {order: {id: SO-1, amount: 4800000}, account: {id: C-1}}
    expect: {outcome: OUTCOME, reasons: REASONS}
"""


def test_a_policy_test_may_be_in_another_currency(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules")
    (tmp_path / "own.json").write_text(
        json.dumps({"as_of": "2026-07-01", "order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}})
    )
    own = json.loads(credence("decide", str(tmp_path / "own.json"), "--rules", str(rules), "--json").stdout)
    reasons = f"[{', '.join(reason['rule'] for reason in own['reasons'])}]"
    (rules / "cases").mkdir()
    suite = SUITE.replace("OUTCOME", own["outcome"]).replace("REASONS", reasons)
    (rules / "cases" / "dollars.yaml").write_text(suite, encoding="utf-8")
    run = credence("test", str(rules))
    assert run.exit_code == 0, run.stdout
    one = credence("decide", str(rules / "cases" / "dollars.yaml"), "--test", "in-yen", "--rules", str(rules), "--json")
    assert json.loads(one.stdout)["converted_from"]["rate"] == "0.0025"
