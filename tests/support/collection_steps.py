"""Steps of scenarios about collections, beside commands (tests/support/ledger_scenarios.py).

- turn: C-1                                  the day's turn of the account
- worklist: C-1
  are: ["customer formal_letter I-1: I-1 3, I-2 1 = 5640.00"]     channel, step, lead: each item with its level = amount
- invoice: I-1
  of: C-1
  are: {outcome: wait, collections.chased: "5640.00", invoice.promise_date: null, rules: [collections.disputed]}
- plan: I-1
  of: C-1
  are: ["2026-07-02 email 1"]
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import date_of, day_number
from ledger.collections.asked import wants_of
from ledger.collections.judge_item import judge_item
from ledger.collections.plan_ahead import plan_ahead
from ledger.collections.turn_account import JudgeAgreements, ReviewAccount
from ledger.collections.work_entry import ListWork
from ledger.collections.worklist_entry import EntryState, WorklistEntry
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused, Unchanged
from ledger.credit.shown import money_shown
from ledger.items.item import OpenItem
from tests.support.ledger_books import Books


def looked_at(step: Mapping[str, Any], books: Books, where: str) -> bool:
    """Whether the step was one of these."""
    if "turn" in step:
        turn_account(books, step["turn"])
    elif "worklist" in step:
        found = worklist_of(books, step["worklist"])
        assert found == step["are"], f"{where}: {found}"
    elif "invoice" in step:
        found_facts = _judged(books, step["of"], step["invoice"], step["are"])
        assert found_facts == step["are"], f"{where}: {found_facts}"
    elif "plan" in step:
        planned = plan_of(books, step["of"], step["plan"])
        assert planned[: len(step["are"])] == step["are"], f"{where}: {planned}"
    else:
        return False
    return True


def turn_account(books: Books, account: str) -> None:
    """What the day's turn does with an account."""
    for command in (JudgeAgreements, ReviewAccount, ListWork):
        with suppress(Unchanged, CommandRefused, FactsRefused):
            books.do(command(account=account, id=books.id()))


def entries_of(books: Books, account: str) -> list[WorklistEntry]:
    """What is due for an account today."""
    today = day_number(books.today)
    return [
        each
        for each in books.rows(WorklistEntry)
        if each.account == account and each.day == today and each.state is EntryState.DUE
    ]


def worklist_of(books: Books, account: str) -> list[str]:
    currency = next(each.currency for each in books.rows(Account) if each.id == account)
    lines = []
    for entry in entries_of(books, account):
        items = ", ".join(f"{item} {level}" for item, level in zip(entry.items, entry.levels, strict=True))
        by = "" if entry.by_date is None else f" by {date_of(entry.by_date)}"
        lines.append(f"{entry.channel} {entry.step} {entry.lead}: {items} = {money_shown(entry.amount, currency)}{by}")
    return sorted(lines)


def _judged(books: Books, account: str, number: str, names: Mapping[str, Any]) -> dict[str, Any]:
    snapshot = books.snapshot_for(wants_of(account, number))
    judged = judge_item(snapshot, snapshot.existing(OpenItem, number), books.desk, "")
    decision, found = judged.decision, dict[str, Any]()
    for name in names:
        group, _, fact = name.partition(".")
        if name == "outcome":
            found[name] = decision.outcome
        elif name == "rules":
            found[name] = [each.rule for each in decision.reasons if each.outcome != "no_action"]
        elif group in ("invoice", "account"):
            found[name] = judged.facts[group].get(fact)
        else:
            found[name] = decision.results[group][fact]
    return found


def plan_of(books: Books, account: str, number: str) -> list[str]:
    """The steps to come, each as `2026-07-02 email 1`."""
    snapshot = books.snapshot_for(wants_of(account, number))
    item = snapshot.existing(OpenItem, number)
    return [f"{date_of(each.on)} {each.entry.step} {each.level}" for each in plan_ahead(snapshot, item, books.desk)]
