"""Random customers and orders as an order desk meets them, and a quick judge of them.

Facts are exact integers, as the engine computes with them (cents, millionths, days since 1970): a relation between two
decisions is tried thousands of times a second on the compiled form alone, without requests and texts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.lowering.python.python_form import PythonForm
from engine.pipeline import Engine
from engine.ruleset.formula import Variable, walk
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number

AS_OF = date(2026, 7, 15)
TODAY = day_number(AS_OF)
CENTS, MILLION = 100, 1_000_000

Facts = dict[str, Any]
"""By full name; a fact that is missing is None or not there."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is decided, as far as relations look at it."""

    severity: int
    """Of the outcome, 0 for the mildest."""
    fired: frozenset[str]
    """The rules that fired."""
    undetermined: frozenset[str]
    """The rules that could not be worked out."""
    values: Mapping[str, Any]
    """The values of policies by full name."""


class Judge:
    """Decides cases of one kind by the compiled form of a policy set."""

    def __init__(self, engine: Engine, kind: str) -> None:
        self.ruleset = engine.ruleset(kind, AS_OF)
        self._form = PythonForm(self.ruleset)
        self._severity = CASE_KINDS[kind].severity
        self._first = len(self._form.matches) - len(self.ruleset.rules)
        self.ladder = CASE_KINDS[kind].ladder

    def __call__(self, facts: Facts) -> Judged:
        found = self._form.match([facts.get(fact.name) for fact in self.ruleset.facts], TODAY)
        fired = [self.ruleset.rules[i - self._first] for i in found.fired if i >= self._first]
        unknown = [self.ruleset.rules[i - self._first] for i in found.undetermined if i >= self._first]
        outcomes = [rule.outcome for rule in fired] + [rule.if_missing for rule in unknown if rule.if_missing]
        values = {name: found.values[slot] for name, slot in self._form.slots.items() if slot < len(found.values)}
        return Judged(
            severity=max(map(self._severity, outcomes), default=0),
            fired=frozenset(rule.id for rule in fired),
            undetermined=frozenset(rule.id for rule in unknown),
            values=values,
        )

    def rules_reading(self, prefix: str) -> frozenset[str]:
        """The rules that read a value whose name begins so."""
        return frozenset(
            rule.id
            for rule in self.ruleset.rules
            if any(
                isinstance(node, Variable) and node.name.startswith(prefix)
                for conjunct in rule.match.conjuncts
                for node in walk(conjunct.formula)
            )
        )


class DeskStates:
    """A seeded stream of states: an account and an order on it. Most are ordinary, some odd in one thing or two."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def state(self) -> Facts:
        facts = {**self._payer(), **self._balance(), **self._cover(), **self._order()}
        for change in self._dice.sample(_ODDITIES, self._dice.choice((0, 0, 1, 1, 2))):
            change(facts, self._dice)
        return facts

    def share(self, amount: int) -> int:
        """Between nothing and all of it, often little or all."""
        return min(amount, int(amount * self._dice.choice((0.01, 0.1, 0.3, 0.5, 0.9, 1.0)))) or amount

    def money(self, *amounts: int) -> int:
        return self._dice.choice(amounts) * CENTS + self._dice.choice((-1, 0, 0, 1))

    def choice(self, *values: Any) -> Any:
        return self._dice.choice(values)

    def _payer(self) -> Facts:
        dice = self._dice
        return {
            "account.id": "C-1",
            "account.status": "active",
            "account.months": dice.choice((3, 12, 30, 72)) if dice.random() < 0.5 else 30,
            "account.on_time_rate": dice.choice((97, 90, 60, 35)) * MILLION // 100,
            "account.seriously_late_rate": dice.choice((0, 10, 20, 24)) * MILLION // 100,
            "account.average_days_late": dice.choice((1, 5, 15, 20)),
            "account.previous_average_days_late": dice.choice((1, 5, 20, None)),
            "account.broken_promises": dice.choice((0, 0, 1)),
            "account.current_ratio": dice.choice((None, 2_100_000, 900_000)),
            "account.debt_ratio": dice.choice((None, 350_000, 700_000, 900_000)),
            "account.external_rating": dice.choice((None, "A", "BB", "CCC")),
            "account.insolvent": False,
            "account.litigation": False,
            "account.abnormal_operation": False,
            "account.assessed_on": TODAY - dice.choice((10, 30, 100)),
            "account.average_monthly_sales": 20_000 * CENTS,
            "account.expected_monthly_sales": dice.choice((20_000, 400_000)) * CENTS,
        }

    def _balance(self) -> Facts:
        dice = self._dice
        limit = dice.choice((0, 5_000, 20_000, 60_000, 60_000, 300_000)) * CENTS
        open_invoices = dice.choice((-500, 0, 100, 5_000, 20_000, 50_000, 90_000)) * CENTS
        overdue = dice.choice((0, 0, 0, 40, 800, 3_000, 9_000)) * CENTS
        return {
            "account.limit_status": dice.choice(("limited", "limited", "limited", "limited", "unlimited", "none")),
            "account.credit_limit": limit,
            "account.open_invoices": open_invoices,
            "account.delivered_not_invoiced": dice.choice((0, 0, 1_000)) * CENTS,
            "account.open_orders": dice.choice((0, 0, 5_000)) * CENTS,
            "account.receivables_total": dice.choice((0, 100_000, 260_000, 5_000_000)) * CENTS + max(open_invoices, 0),
            "account.book_customers": dice.choice((None, 5, 200)),
            "account.overdue_amount": max(min(overdue, open_invoices), 0),
            "account.days_overdue_max": dice.choice((0, 1, 4, 12, 28, 31, 65)),
            "account.dunning_level": dice.choice((0, 0, 1, 2)),
            "account.disputed_amount": max(min(dice.choice((0, 0, 60, 5_000, 13_000)) * CENTS, open_invoices), 0),
        }

    def _cover(self) -> Facts:
        dice = self._dice
        facts: Facts = {}
        if dice.random() < 0.4:
            facts |= {
                "account.guarantee_amount": dice.choice((0, 5_000, 30_000, 100_000)) * CENTS,
                "account.guarantee_cover": dice.choice((MILLION, MILLION // 2)),
                "account.guarantee_until": TODAY + dice.choice((-1, 0, 7, 30, 50, 400)),
            }
        if dice.random() < 0.4:
            facts |= {
                "account.insured_limit": dice.choice((0, 5_000, 30_000, 100_000)) * CENTS,
                "account.insured_cover": dice.choice((700_000, 900_000)),
                "account.insured_until": TODAY + dice.choice((-1, 0, 20, 400)),
                "account.insured_max_days": dice.choice((None, None, 30)),
            }
        if dice.random() < 0.2:
            facts |= {
                "account.group_limit": dice.choice((0, 50_000, 200_000)) * CENTS,
                "account.group_exposure": dice.choice((30_000, 100_000, 190_000)) * CENTS,
            }
        return facts

    def _order(self) -> Facts:
        dice = self._dice
        amount = dice.choice((50, 200, 1_000, 3_000, 8_000, 15_000, 25_000, 60_000, 110_000)) * CENTS
        facts: Facts = {
            "order.id": "SO-1",
            "order.amount": amount,
            "order.prepayment": False,
            "order.payment_days": dice.choice((0, 15, 15, 30, 30, 45, 60)),
            "order.entered_by": "u.becker",
            "order.delivery_date": dice.choice((None, None, TODAY + 14, TODAY + 60)),
            "order.deposit_paid": dice.choice((None, None, None, amount // 10, amount // 3)),
        }
        if dice.random() < 0.15:
            facts |= {
                "order.letter_of_credit_amount": dice.choice((amount, amount // 2)),
                "order.letter_of_credit_until": TODAY + dice.choice((5, 21, 40, 200)),
            }
        return facts


def _put(name: str, *values: Any) -> Callable[[Facts, random.Random], None]:
    def change(facts: Facts, dice: random.Random) -> None:
        facts[name] = dice.choice(values)

    return change


_ODDITIES = (
    _put("account.status", "blocked", "closed"),
    _put("account.insolvent", True),
    _put("account.litigation", True),
    _put("account.abnormal_operation", True),
    _put("account.enforcement", True),
    _put("account.external_rating", "D"),
    _put("account.debt_ratio", 1_300_000),
    _put("account.seriously_late_rate", 260_000, 510_000, None),
    _put("account.average_days_late", 46, 90),
    _put("account.broken_promises", 2, 5),
    _put("account.assessed_on", TODAY - 500, None),
    _put("account.assigned_grade", "A", "C", "E"),
    _put("account.dunning_level", 3, 6),
    _put("account.days_overdue_max", 61, 200),
    _put("account.disputed_amount", 1_300_000, 7_000_000),
    _put("account.sanctions_hit", True, False),
    _put("account.country", "DE", "KZ", "KP"),
    _put("account.group_insolvent", True),
    _put("account.group_worst_grade", "E", "D"),
    _put("account.bounced_on", TODAY - 5, TODAY - 200),
    _put("account.last_order_on", TODAY - 20, TODAY - 500),
    _put("account.related_buyer", True),
    _put("account.insured_stopped_on", TODAY - 5, TODAY + 5),
    _put("account.limit_until", TODAY - 1, TODAY + 5),
    _put("account.letters_of_credit", 500_000),
    _put("account.commercial_bills", 500_000),
    _put("order.amount", 0, -50_000),
    _put("order.prepayment", True),
)
