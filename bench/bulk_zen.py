"""The benchmark's policy for zen-engine: values in an expression node, rules in a collect table, one core."""

from __future__ import annotations

import random
import time
from pathlib import Path

import zen

CASES = 2_000

_VALUES = {
    "liquidity": "current_ratio < 1 ? 0 : current_ratio < 1.5 ? 8 : current_ratio < 2 ? 12 : 15",
    "leverage": "debt_ratio <= 0.4 ? 15 : debt_ratio <= 0.6 ? 10 : debt_ratio <= 0.8 ? 5 : 0",
    "punctuality": "on_time_rate >= 0.95 ? 20 : on_time_rate >= 0.85 ? 15 : on_time_rate >= 0.7 ? 8 : 0",
    "reliability": "broken_promises >= 2 ? 0 : broken_promises == 1 ? 5 : 10",
    "score": "$.liquidity + $.leverage + $.punctuality + $.reliability",
    "grade": "insolvent ? 'E' : assessed_on == null ? 'unrated' : $.score >= 50 ? 'A' : $.score >= 40 ? 'B' : "
    "$.score >= 30 ? 'C' : $.score >= 15 ? 'D' : 'E'",
    "net_days": "$.grade == 'A' ? 60 : $.grade == 'B' ? 45 : $.grade == 'C' ? 30 : $.grade == 'E' ? 0 : 15",
    "deposit_rate": "$.grade == 'A' ? 0 : $.grade == 'B' ? 0 : $.grade == 'C' ? 0.1 : $.grade == 'E' ? 1 : 0.3",
    "single_order_max": "$.grade == 'A' ? 200000 : $.grade == 'B' ? 100000 : $.grade == 'C' ? 50000 : "
    "$.grade == 'E' ? 5000 : 20000",
    "exposure_after": "open_invoices + delivered + open_orders + amount - deposit_paid",
}
_RULES = (
    "status == 'closed'",
    "status == 'blocked'",
    "not(prepayment) and insolvent",
    "not(prepayment) and litigation",
    "not(prepayment) and grade == 'unrated'",
    "not(prepayment) and limit_status == 'limited' and exposure_after > credit_limit * 1.05",
    "not(prepayment) and limit_status == 'none'",
    "not(prepayment) and limit_until != null and limit_until < 20635",
    "not(prepayment) and group_limit != null and group_exposure + amount > group_limit * 1.05",
    "not(prepayment) and amount > single_order_max",
    "not(prepayment) and overdue_amount > credit_limit * 0.1",
    "not(prepayment) and overdue_amount > 0 and days_overdue_max > 30",
    "not(prepayment) and dunning_level > 2",
    "not(prepayment) and disputed_amount * 4 > open_invoices",
    "not(prepayment) and broken_promises > 1",
    "not(prepayment) and payment_days > net_days",
    "not(prepayment) and amount * deposit_rate > deposit_paid",
    "prepayment and amount > deposit_paid",
)
_AMOUNTS = ("open_invoices", "delivered", "open_orders", "amount", "deposit_paid", "credit_limit", "group_limit")
_MORE_AMOUNTS = ("group_exposure", "overdue_amount", "disputed_amount")


def zen_rate(policy: Path) -> float:
    """Decisions a second; facts are all known and no rounding is asked for, which is to zen's favour."""
    assert sum(line.lstrip().startswith("#") for line in policy.joinpath("release.yaml").open()), policy
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"policy": _graph()}}})
    cases = [_case(random.Random(seed)) for seed in range(CASES)]
    for case in cases:
        engine.evaluate("policy", case)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for case in cases:
            engine.evaluate("policy", case)
        best = min(best, time.perf_counter() - start)
    return CASES / best


def _graph() -> dict[str, object]:
    expressions = [{"id": key, "key": key, "value": value} for key, value in _VALUES.items()]
    rows = [{"_id": str(i), "when": test, "rule": str(i)} for i, test in enumerate(_RULES)]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "when", "type": "expression"}],
        "outputs": [{"id": "rule", "name": "rule", "type": "expression", "field": "rule"}],
        "rules": rows,
    }
    return {
        "nodes": [
            {"id": "in", "name": "request", "type": "inputNode"},
            {
                "id": "values",
                "name": "values",
                "type": "expressionNode",
                "content": {"expressions": expressions, "passThrough": True},
            },
            {"id": "rules", "name": "rules", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "response", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "values"},
            {"id": "2", "type": "edge", "sourceId": "values", "targetId": "rules"},
            {"id": "3", "type": "edge", "sourceId": "rules", "targetId": "out"},
        ],
    }


def _case(chance: random.Random) -> dict[str, object]:
    amounts = {name: chance.randint(0, 200_000) for name in (*_AMOUNTS, *_MORE_AMOUNTS)}
    return amounts | {
        "current_ratio": chance.randint(0, 300) / 100,
        "debt_ratio": chance.randint(0, 100) / 100,
        "on_time_rate": chance.randint(50, 100) / 100,
        "broken_promises": chance.randint(0, 3),
        "insolvent": chance.random() < 0.1,
        "litigation": chance.random() < 0.1,
        "prepayment": chance.random() < 0.1,
        "assessed_on": chance.choice((None, 20_500)),
        "status": chance.choice(("active", "blocked", "closed")),
        "limit_status": chance.choice(("none", "limited", "unlimited")),
        "limit_until": chance.choice((None, 20_600, 20_700)),
        "days_overdue_max": chance.randint(0, 60),
        "dunning_level": chance.randint(0, 6),
        "payment_days": chance.randint(0, 90),
    }
