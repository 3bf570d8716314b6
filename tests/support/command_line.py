"""A rules folder small enough to see through, with policy tests and a row map; and the command line run on it."""

from __future__ import annotations

import functools
from pathlib import Path
from unittest.mock import patch

import typer
from typer import testing as typer_testing
from typer.testing import CliRunner, Result

from api import logs
from api.cli.main import app
from engine.pipeline import Engine, load

FACTS = "currency: EUR\npolicies: [orders, dunning]\n...\n"
ORDERS = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
parameters:
  limit: {value: 10000, type: money}
rules:
  over-limit:
    when: order.amount > limit
    then: hold
    reason: {en: "{order.amount} is above {limit}.", zh: "{order.amount} 超过 {limit}。"}
    remedy: {en: "Ask for at most {limit}.", zh: "请勿超过 {limit}。"}
    conditions: {deposit: order.amount - limit}
  insolvent:
    when: account.insolvent
    then: reject
    if_missing: ignore
    reason: {en: Insolvent., zh: 破产。}
...
"""
DUNNING = """\
policy: dunning
title: {en: Dunning, zh: 催款}
decides: invoice
tables:
  ladder:
    hit: first
    rows:
      - {id: settled, when: {invoice.open_amount: 0}, then: {step: none}}
      - {id: late, when: {invoice.due_date: "< as_of"}, then: {step: remind}}
      - {id: early, when: {}, then: {step: wait}}
rules:
  late:
    when: step = "remind"
    then: email
    reason: {en: "Due on {invoice.due_date}.", zh: "{invoice.due_date} 到期。"}
  huge:
    when: invoice.open_amount > 999999999
    then: review
    reason: {en: Huge., zh: 巨额。}
...
"""
CASES = """\
cases: orders
case_kind: order
as_of: 2026-07-01
fixtures:
  small: {order: {id: SO-1, amount: 900.00}, account: {id: C-1, insolvent: false}}
tests:
  small-order-passes:
    use: small
    expect: {outcome: approve, reasons: []}
  large-order-waits:
    use: small
    facts: {order: {amount: 12000}}
    expect: {outcome: hold, reasons: [orders.over-limit], conditions: {deposit: 2000}}
"""
MAP = """\
map: erp
title: {en: ERP, zh: ERP}
case: invoice
dates: M/d/yyyy
columns:
  settled: {column: Settled, type: date}
  amount: {column: Amount, type: money}
facts:
  invoice.id: {column: No}
  invoice.due_date: {column: Due}
  invoice.disputed: {column: Disputed, values: {"Yes": true, "No": false}}
  invoice.open_amount: {formula: if row.settled != null and row.settled <= as_of then 0 else row.amount}
  account.id: {column: Customer}
...
"""
HEADING = "No,Customer,Amount,Due,Disputed,Settled\n"


def desk(folder: Path) -> Path:
    """Writes the rules folder and gives its path."""
    for name in ("cases", "maps"):
        (folder / name).mkdir(parents=True)
    for path, text in {
        "facts.yaml": FACTS,
        "orders.yaml": ORDERS,
        "dunning.yaml": DUNNING,
        "cases/orders.yaml": CASES,
        "maps/erp.yaml": MAP,
    }.items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def engine_of_desk() -> Engine:
    """The engine of that folder's policies."""
    texts = {"facts.yaml": FACTS, "orders.yaml": ORDERS, "dunning.yaml": DUNNING}
    loaded = load({name: text.encode() for name, text in texts.items()})
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def desk_beside(folder: Path) -> Path:
    """The rules folder beside the folder of a test, one for all tests that ask: policies with every fact of their case
    kinds and few rules, for tests of what is read."""
    rules = folder.parent / "rules of a desk"
    return rules if rules.exists() else desk(rules)


_tree_of_commands = functools.cache(typer.main.get_command)
"""Made once, not for each command that is run: it takes longer than many commands."""


def credence(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Runs a command in this process, whose logs stay as they are; `result.stderr` and `result.stdout` are apart."""
    with (
        patch.object(logs, "configure_logs"),  # else they would go on to a stream that ends with the command
        patch.object(typer_testing, "_get_command", _tree_of_commands),
    ):
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
