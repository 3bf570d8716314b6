"""What an account may owe, as facts: the limit granted last, and the temporary one that counts or comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.vocabulary.days import date_of
from ledger.credit.account import Account
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.snapshot import Snapshot


def limit_facts(snapshot: Snapshot, account: Account, day: int, money: Callable[[int], str]) -> dict[str, Any]:
    """Of a day. An account that never had a limit has the status `none`, which is something else than a limit of 0."""
    granted = [each for each in snapshot.of_account(Limit, account.id) if each.state is LimitState.GRANTED]
    normal = [each for each in granted if each.kind is not LimitKind.TEMPORARY and each.from_on <= day]
    facts: dict[str, Any] = {"limit_status": "none"}
    if normal:
        limit = max(normal, key=lambda each: each.rank)
        facts["limit_status"] = "unlimited" if limit.kind is LimitKind.UNLIMITED else "limited"
        if limit.amount is not None:
            facts["credit_limit"] = money(limit.amount)
        if limit.until_on is not None:
            facts["limit_until"] = date_of(limit.until_on).isoformat()
    temporary = [each for each in granted if each.kind is LimitKind.TEMPORARY]
    ahead = [each for each in temporary if each.until_on is None or each.until_on >= day]
    if ahead:
        limit = min(ahead, key=lambda each: each.from_on)
        facts["temporary_limit"] = money(limit.amount or 0)
        facts["temporary_from"] = date_of(limit.from_on).isoformat()
        if limit.until_on is not None:
            facts["temporary_until"] = date_of(limit.until_on).isoformat()
    return facts
