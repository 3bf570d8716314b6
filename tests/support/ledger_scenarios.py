"""Paragraphs of commands to the credit ledger, with what each is answered: YAML, read by the tests of each backend.

    - name: a part payment
      base: true                                     the account C-1 of `BASE`, with two invoices open
      steps:
        - post_payment: {payment: P-1, account: C-1, amount: "5000.00"}
          gives: {allocations.0.item: I-1}           by the path of a member of the answer
        - day: 2026-07-03
        - post_payment: {payment: P-1, account: C-1, amount: "7000.00"}
          refused: already-booked-differently        by its code; or the paths of faults: [amount]
        - facts: C-1
          are: {open_invoices: "15000.00", overdue_amount: null}

Numbers such as `C-1` and `I-1` get the paragraph's own prefix, so that all paragraphs can share one ledger; they run
day by day then, since a ledger's day never goes back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from ledger.books.verbs import VERBS
from ledger.collections.asked import wants_of
from ledger.collections.judge_item import judge_item
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused
from ledger.credit.limit import LimitKind
from ledger.credit.security import SecurityKind
from ledger.credit.shown import money_shown
from ledger.items.booked import item_shown
from ledger.items.interest import interest_shown
from ledger.items.item import Allocation, ItemKind, OpenItem
from ledger.items.post_payment import Reference
from ledger.items.totals import DayRecord
from tests.support.collection_steps import looked_at
from tests.support.ledger_books import FIRST_DAY, Books, asker

_NUMBER = re.compile(r"(?<![\w-])([A-Z]{1,2}-\d+)(?![\w-])")
_COMMANDS = {re.sub(r"(?<!^)(?=[A-Z])", "_", each.__name__).lower(): each for each in VERBS}

BASE: Sequence[Mapping[str, Any]] = [
    {
        "put_account": {
            "account": "C-1",
            "currency": "EUR",
            "customer_since": "2024-01-01",
            "profile": {
                "customer_class": "standard",
                "sales_person": "u.lindner",
                "assessed_on": "2026-02-01",
                "insolvent": False,
                "litigation": False,
                "abnormal_operation": False,
                "broken_promises": 0,
            },
        }
    },
    {"take_over_limit": {"account": "C-1", "kind": "limit", "amount": "60000.00", "from_on": "2024-01-01"}},
    *(
        {
            "post_invoice": {
                "invoice": f"H-{month}",
                "account": "C-1",
                "amount": "5000.00",
                "issued_on": f"{2025 + (month + 5) // 12}-{(month + 5) % 12 + 1:02}-01",
                "due_on": f"{2025 + (month + 5) // 12}-{(month + 5) % 12 + 1:02}-28",
                "settled_on": f"{2025 + (month + 5) // 12}-{(month + 5) % 12 + 1:02}-28",
            }
        }
        for month in range(1, 13)
    ),
    {
        "post_invoice": {
            "invoice": "I-1",
            "account": "C-1",
            "amount": "12000.00",
            "issued_on": "2026-06-20",
            "due_on": "2026-07-20",
        }
    },
    {
        "post_invoice": {
            "invoice": "I-2",
            "account": "C-1",
            "amount": "8000.00",
            "issued_on": "2026-06-25",
            "due_on": "2026-07-25",
        }
    },
    {"put_account": {"account": "C-9", "currency": "EUR"}},
    {
        "post_invoice": {
            "invoice": "I-99",
            "account": "C-9",
            "amount": "880000.00",
            "issued_on": "2026-06-25",
            "due_on": "2026-07-25",
        }
    },
]
"""An account with a year of punctual payments, a limit of 60,000.00 and 20,000.00 open, beside one that owes much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One paragraph."""

    name: str
    prefix: str
    base: Sequence[Mapping[str, Any]]
    """Commands before the first step, whose answers nobody looks at."""

    steps: Sequence[Mapping[str, Any]]


def read_scenarios(path: Path) -> list[Scenario]:
    with path.open(encoding="utf-8") as file:
        told = yaml.safe_load(file)
    return [
        Scenario(
            name=each["name"],
            prefix=f"{number}.",
            base=BASE if each.get("base") else (),
            steps=each["steps"],
        )
        for number, each in enumerate(told, 1)
    ]


def run(scenario: Scenario, books: Books) -> None:
    _begin([scenario], books)
    for day, steps in by_day(scenario):
        books.today = day
        for step in steps:
            _do(scenario, books, step)


def _begin(scenarios: Sequence[Scenario], books: Books) -> None:
    """What all paragraphs begin with, in few transactions."""
    commands = []
    for scenario in scenarios:
        for step in scenario.base:
            named = _named(scenario, step)
            commands.append(_command(next(iter(step)), named, books))
    books.do_all(commands)


def run_together(scenarios: Sequence[Scenario], books: Books) -> None:
    """All of them in one ledger, day by day."""
    parts = [
        (day, number, scenario, steps) for number, scenario in enumerate(scenarios) for day, steps in by_day(scenario)
    ]
    _begin(scenarios, books)
    for day, _, scenario, steps in sorted(parts, key=lambda part: part[:2]):
        books.today = day
        for step in steps:
            _do(scenario, books, step)


def by_day(scenario: Scenario) -> Iterator[tuple[date, list[Mapping[str, Any]]]]:
    day: date = FIRST_DAY
    steps: list[Mapping[str, Any]] = []
    for step in scenario.steps:
        if "day" in step:
            yield day, steps
            day, steps = step["day"], []
        else:
            steps.append(step)
    yield day, steps


def _do(scenario: Scenario, books: Books, step: Mapping[str, Any]) -> None:
    where = f"{scenario.name}: {step}"
    named = _named(scenario, step)
    if "facts" in named:
        facts = books.facts(named["facts"])
        expected = named["are"]
        found = {name: facts.get(name) for name in expected}
        assert found == expected, f"{where}: {found}"
        return
    if (look := next((each for each in _LOOKS if each in named), None)) is not None:
        expected, found = _LOOKS[look](named, books)
        assert found == expected, f"{where}: {found}"
        return
    if looked_at(named, books, where):
        return
    word = next(each for each in named if each in _COMMANDS)
    command = _command(word, named, books)
    refused = named.get("refused")
    try:
        told = books.do(command)
    except CommandRefused as why:
        assert why.code == refused, f"{where}: {why.code}: {why.detail}"
        members = named.get("members", {})
        assert {name: why.members[name] for name in members} == members, f"{where}: {why.members}"
        return
    except FactsRefused as why:
        assert [fault.path for fault in why.faults] == refused, f"{where}: {why}"
        return
    assert refused is None, f"{where}: {str(told)[:300]}"
    answer = {**told.answer, "status": told.status, "repeated": told.is_repeated}
    expected = named.get("gives", {})
    assert {path: _member(answer, path) for path in expected} == expected, f"{where}: {str(answer)[:700]}"


def _of_number(books: Books, kind: type[Any], number: str) -> Any:
    return next(each for each in books.rows(kind) if each.id == number)


def _look_at_item(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    """`item: I-1` with some of its members as callers are shown them."""
    item = _of_number(books, OpenItem, step["item"])
    shown = item_shown(item, _of_number(books, Account, item.account).currency)
    return step["is"], {name: shown[name] for name in step["is"]}


def _look_at_exposure(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    account = _of_number(books, Account, step["exposure"])
    return step["is"], money_shown(account.exposure, account.currency)


def _look_at_entries(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    """`entry: I-1` with the sums of its entries by cause."""
    item = _of_number(books, OpenItem, step["entry"])
    currency = _of_number(books, Account, item.account).currency
    sums: Counter[str] = Counter()
    for entry in books.entries():
        if entry.item == item.id:
            sums[entry.cause] += entry.amount
    return step["causes"], {cause: money_shown(amount, currency) for cause, amount in sums.items()}


def _look_at_day(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    key = (step["day_record"], day_number(step["of_day"]))
    record = next(each for each in books.rows(DayRecord) if each.key == key)
    return step["is"], {name: getattr(record, name) for name in step["is"]}


def _look_at_decision(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    """`decides: I-1` with the outcome and facts that the invoice is decided on today."""
    item = _of_number(books, OpenItem, step["decides"])
    judged = judge_item(books.snapshot_for(wants_of(item.account)), item, books.desk, "look")
    known = {"outcome": judged.decision.outcome}
    known |= {f"invoice.{name}": value for name, value in judged.facts["invoice"].items()}
    return step["are"], {name: known[name] for name in step["are"]}


def _look_at_interest(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    invoice = _of_number(books, OpenItem, step["interest"])
    debits = [each for each in books.rows(OpenItem) if each.interest_of == invoice.id]
    snapshot = books.snapshot_of(invoice.account)
    shown = interest_shown(snapshot, invoice, books.rows(Allocation), debits, books.desk)
    return step["is"], {path: _member(shown, path) for path in step["is"]}


def _contact(step: Mapping[str, Any], books: Books) -> tuple[Any, Any]:
    """Somebody was in touch about an item: what collections does."""
    item = _of_number(books, OpenItem, step["contact"])
    books.put(item, replace(item, dunning_level=step["level"], last_contact_on=day_number(step["last"])))
    return True, True


_LOOKS = {
    "item": _look_at_item,
    "exposure": _look_at_exposure,
    "entry": _look_at_entries,
    "day_record": _look_at_day,
    "decides": _look_at_decision,
    "interest": _look_at_interest,
    "contact": _contact,
}
"""What a step does that is no command: gives what it says, and what is so."""


def _command(word: str, step: Mapping[str, Any], books: Books) -> Any:
    kind, given = _COMMANDS[word], dict(step[word])
    names = {field.name for field in fields(kind)}
    if "kind" in given:
        enum: Any = {"post_invoice": ItemKind, "put_security": SecurityKind}.get(word, LimitKind)
        given["kind"] = enum(given["kind"])
    if "references" in given:
        given["references"] = tuple(Reference(**each) for each in given["references"])
    if ("due_on" in given and word == "promise_from_entry") or word == "dispute_from_entry":
        given["entry"] = _command("do_entry", {**step, "do_entry": given["entry"]}, books)
    if isinstance(given.get("day"), date):
        given["day"] = day_number(given["day"])
    if "asker" in names:
        login, _, authority = step.get("by", "u.becker").partition(" ")
        given["asker"] = asker(login, authority or "none")
    if "id" in names:
        given["id"] = books.id()
    if word == "submit":
        given = {"copied_from": None, **given}
    return kind(**given)


def _named(scenario: Scenario, value: Any) -> Any:
    """With the paragraph's prefix before all numbers."""
    if isinstance(value, Mapping):
        return {name: _named(scenario, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_named(scenario, each) for each in value]
    if isinstance(value, str):
        return _NUMBER.sub(rf"{scenario.prefix}\1", value)
    return value


def _member(answer: Any, path: str) -> Any:
    """`allocations.0.item`; `allocations.#` is how many there are, `reasons.*.rule` of all."""
    for at, part in enumerate(path.split(".")):
        if part == "#":
            answer = len(answer)
        elif part == "*":
            rest = ".".join(path.split(".")[at + 1 :])
            return [_member(each, rest) for each in answer]
        else:
            answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer
