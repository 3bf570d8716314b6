"""Requests for limits: what is granted is in nobody's own hands, within an authority and within its dates.

Requests are drawn on both sides of every number. What must hold of a grant is written here once more in plain Python,
without the policy's own words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from tests.support.large import how_many

DAY = date(2026, 7, 15)
RANKS = {"assistant": 1, "credit_manager": 2, "controller": 3, "cfo": 4}
MOST = {
    "A": (20_000, 100_000, 500_000),
    "B": (20_000, 100_000, 500_000),
    "C": (10_000, 50_000, 200_000),
    "D": (0, 20_000, 75_000),
    "E": (0, 0, 20_000),
    "unrated": (0, 0, 20_000),
}
AMOUNTS = ("0.00", "0.01", "10000.00", "10000.01", "20000.00", "20000.01", "50000.00", "50000.01") + (
    "60000.00",
    "60000.01",
    "100000.00",
    "100000.01",
    "500000.01",
)
PEOPLE = ("u.lindner", "u.hoffmann", "U.Hoffmann ", "u.keller", None)
ACCOUNT = {
    "id": "C-9",
    "months": 30,
    "broken_promises": 0,
    "delivered_not_invoiced": "0.00",
    "open_orders": "0.00",
    "open_invoices": "18000.00",
    "litigation": False,
    "dunning_level": 0,
    "screened_on": "2026-07-01",
    "abnormal_operation": False,
}
GRADES = (
    {"on_time_rate": "0.97", "seriously_late_rate": "0", "average_days_late": 1, "assessed_on": "2026-06-25"},
    {"on_time_rate": "0.90", "seriously_late_rate": "0.2", "average_days_late": 5, "assessed_on": "2026-06-25"},
    {"on_time_rate": "0.35", "seriously_late_rate": "0.2", "average_days_late": 20, "assessed_on": "2026-06-25"},
    {"on_time_rate": "0.35", "seriously_late_rate": "0.5", "average_days_late": 40, "debt_ratio": "0.9"},
)


def mostly(chance: random.Random, first: Any, *others: Any) -> Any:
    """The first, which stands in nobody's way, or now and then another one."""
    return first if chance.random() < 0.75 else chance.choice(others)


def ahead(days: int | None) -> str | None:
    return None if days is None else (DAY + timedelta(days)).isoformat()


def request(chance: random.Random) -> dict[str, dict[str, Any]]:
    limit = {
        "id": "LR-1",
        "kind": chance.choice(("limit", "limit", "temporary", "exception")),
        "amount": chance.choice(AMOUNTS),
        "from": ahead(mostly(chance, None, 0, 10)),
        "until": ahead(mostly(chance, 89, None, 90, 399, 400, 5, -1)),
        "waives": mostly(chance, "orders.terms-longer", None),
        "reason": mostly(chance, "New plant", None),
        "basis": chance.choice((None, "sales", "insurance", "security")),
        "requested_by": mostly(chance, "u.lindner", *PEOPLE),
        "granted_on": ahead(mostly(chance, -30, -31, 0)),
        "granted_by": mostly(chance, "u.hoffmann", *PEOPLE),
        "granted_by_role": chance.choice((*RANKS, *RANKS, None)),
        "second_granted_by": mostly(chance, "u.keller", *PEOPLE),
        "second_granted_by_role": chance.choice((*RANKS, None)),
    }
    account = {
        **ACCOUNT,
        **chance.choice(GRADES),
        "status": mostly(chance, "active", "blocked", "closed", None),
        "insolvent": mostly(chance, False, True, None),
        "limit_status": mostly(chance, "none", "limited", "unlimited", None),
        "sanctions_hit": mostly(chance, False, True),
        "country": mostly(chance, "DE", "KP", "UY"),
        "group_insolvent": mostly(chance, None, True),
        "credit_limit": chance.choice(("10000.00", "50000.00")),
        "limit_until": ahead(mostly(chance, None, 90)),
        "average_monthly_sales": chance.choice(("40000.00", "400000.00", None)),
        "overdue_amount": mostly(chance, "0.00", "500.00", None),
        "days_overdue_max": chance.choice((30, 31, None)),
        "sales_person": mostly(chance, "u.lindner", None),
        "insured_limit": chance.choice((None, "50000.00")),
        "insured_cover": "0.9",
        "insured_until": ahead(mostly(chance, 200, -1)),
        "guarantee_amount": chance.choice((None, "20000.00")),
        "guarantee_cover": "1",
        "guarantee_until": ahead(mostly(chance, 200, -1)),
        "group_limit": chance.choice((None, None, None, "0.00", "10000.00", "50000.00")),
        "group_exposure": mostly(chance, "18000.00", "58000.00", "68000.00", None),
    }
    return {"limit": limit, "account": account}


def same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.strip().casefold() == other.strip().casefold()


def is_no_more(limit: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    if limit["kind"] != "limit" or account["limit_status"] in ("none", None):
        return False
    end = account["limit_until"]
    lasts = end is None or (limit["until"] is not None and limit["until"] <= end)
    most = account["limit_status"] == "unlimited" or Decimal(limit["amount"]) <= Decimal(account["credit_limit"])
    return lasts and most


def may_be_granted(limit: Mapping[str, Any], account: Mapping[str, Any], decision: Decision) -> bool:
    """Whether somebody with the authority has granted it, or nobody has to."""
    amount, grade = Decimal(limit["amount"]), str(decision.results["grading"]["grade"])
    told = decision.results["limit_requests"]["supported"]
    supported = Decimal(-1 if told is None else str(told))  # what nobody knows supports nothing
    assert supported <= room_of_group(account), "no more than the group leaves"
    if limit["kind"] == "limit" and grade in "AB" and amount <= 10_000 and amount <= supported:
        return True
    rank = next((place for place, most in enumerate(MOST[grade], 1) if amount <= most), 4)
    rank = min(4, rank + (amount > supported or limit["kind"] == "exception"))
    rank = max(rank, 3 if account["group_insolvent"] else 1)
    first, second = limit["granted_by"], limit["second_granted_by"]
    own = (limit["requested_by"], account["sales_person"])
    granted = (
        first is not None
        and limit["requested_by"] is not None
        and not any(same(first, other) for other in own)
        and RANKS.get(limit["granted_by_role"], 0) >= rank
        and limit["granted_on"] >= "2026-06-15"
    )
    seconded = (
        second is not None
        and not any(same(second, other) for other in (first, *own))
        and RANKS.get(limit["second_granted_by_role"], 0) >= 2
    )
    return granted and (amount <= 100_000 or seconded) and (amount <= supported or limit["reason"] is not None)


def room_of_group(account: Mapping[str, Any]) -> Decimal:
    """What the group's other companies leave of its limit; the customer's own 18,000 are in the group's exposure."""
    if account["group_limit"] is None:
        return Decimal("Infinity")
    if account["group_exposure"] is None:
        return Decimal(0 if Decimal(account["group_limit"]) == 0 else -1)
    return max(Decimal(account["group_limit"]) - (Decimal(account["group_exposure"]) - 18_000), Decimal(0))


def is_in_order(limit: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    """Whether neither the customer nor the request itself forbids it."""
    until, since = limit["until"], limit["from"] or DAY.isoformat()
    days = 0 if until is None else (date.fromisoformat(until) - date.fromisoformat(since)).days + 1
    longest = {"temporary": 90, "exception": 400}.get(limit["kind"])
    late = account["overdue_amount"] != "0.00" and account["days_overdue_max"] != 30
    return (
        account["status"] == "active"
        and not account["sanctions_hit"]
        and account["country"] == "DE"
        and account["insolvent"] is False
        and not late
        and (longest is None or (0 < days <= longest and limit["reason"] is not None))
        and (limit["kind"] != "exception" or limit["waives"] is not None)
        and (limit["kind"] == "exception" or Decimal(limit["amount"]) <= Decimal(account["group_limit"] or "Infinity"))
        and (until is None or until >= max(DAY.isoformat(), limit["from"] or ""))
    )


@pytest.mark.parametrize("seed", range(2))
def test_what_is_granted_may_be_granted_and_the_other_way_round(default_engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    outcomes: dict[str, int] = {"grant": 0, "refer": 0, "refuse": 0}
    by_somebody = 0
    for _ in range(how_many(2_000, large=40_000)):
        facts = request(chance)
        decision = default_engine.decide("limit", facts, DAY, "x")
        outcomes[decision.outcome] += 1
        limit, account = facts["limit"], facts["account"]
        if decision.outcome == "grant" and not is_no_more(limit, account):
            by_somebody += limit["granted_by"] is not None
            assert is_in_order(limit, account), facts
            assert may_be_granted(limit, account, decision), facts
        elif decision.outcome == "grant":
            assert limit["until"] is None or limit["until"] >= (limit["from"] or DAY.isoformat())
        else:
            assert decision.reasons[0].rule.startswith("limit_requests."), facts
    assert min(outcomes.values()) > 100, outcomes
    assert by_somebody > 40


@pytest.mark.parametrize("left_out", ["requested_by", "granted_by", "granted_by_role", "granted_on"])
def test_leaving_a_fact_out_never_makes_a_grant(default_engine: Engine, left_out: str) -> None:
    chance = random.Random(left_out)
    for _ in range(how_many(500, large=10_000)):
        facts = request(chance)
        told = default_engine.decide("limit", facts, DAY, "x").outcome
        facts["limit"][left_out] = None
        silent = default_engine.decide("limit", facts, DAY, "x").outcome
        assert silent != "grant" or told == "grant", (told, facts)
