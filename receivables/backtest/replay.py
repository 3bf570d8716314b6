"""Decides a past order on what was known as its day opened: invoice + known facts + assumptions → outcome and rules.

Verb of the backtest, between `history` and `backtest`. Facts are bound as `binding` binds them and matched by the
generated Python form of the rule set, without the texts of a full decision; the tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.lowering.python.python_form import PythonForm
from engine.ruleset.ruleset import NO_RULES, RuleSet
from engine.vocabulary.binding import Binder, Value
from engine.vocabulary.vocabulary import CASE_KINDS
from receivables.account_facts import AccountFacts
from receivables.history.history_map import ACCOUNT_FACTS, HistoryMap
from receivables.items import Item

CASE = "order"
GRADE = "grading.grade"

Case = tuple[Item, AccountFacts]


class ReplayedOrder(NamedTuple):
    """`rules` fired, `undetermined` could not be told and say so; each with the most severe first, as the reasons of a
    decision. `grade` is None where no policy grades."""

    outcome: str
    rules: tuple[str, ...]
    undetermined: tuple[str, ...]
    grade: str | None


Decide = Callable[[Sequence[Case]], Sequence[ReplayedOrder]]
"""Decides many orders; gives as many answers, in the same order."""


class FactRows:
    """Bound facts in the order of `ruleset.facts`. Raises `binding.FactsRefused` where an assumption does not fit
    this rule set's facts."""

    def __init__(self, ruleset: RuleSet, history_map: HistoryMap) -> None:
        slots = {fact.name: slot for slot, fact in enumerate(ruleset.facts)}
        self.template = Binder(CASE, ruleset.facts).bind(_body(history_map, slots))
        self._days = tuple(slots[part.name] for part in history_map.assumptions if part.as_of and part.name in slots)
        self._order = tuple(slots[name] for name in ("order.id", "order.amount", "order.payment_days", "account.id"))
        told = [(slots.get(name), index) for index, name in enumerate(ACCOUNT_FACTS) if name in history_map.told]
        self._known = tuple((slot, index) for slot, index in told if slot is not None)

    def row(self, invoice: Item, known: AccountFacts) -> list[Value]:
        row = self.template.copy()
        number, amount, payment_days, customer = self._order
        row[number] = invoice.number
        row[amount] = invoice.amount
        row[payment_days] = invoice.due - invoice.issued
        row[customer] = invoice.customer
        for slot, index in self._known:
            row[slot] = known[index]
        for slot in self._days:
            row[slot] = invoice.issued
        return row


def _body(history_map: HistoryMap, known: Iterable[str]) -> dict[str, dict[str, object]]:
    """A request with what is assumed, and something for what every order must have."""
    body: dict[str, dict[str, object]] = {"order": {"id": "-", "amount": 0}, "account": {"id": "-"}}
    for part in history_map.assumptions:
        group, _, name = part.name.partition(".")
        if part.name in known and not part.as_of:
            body[group][name] = part.value
    return body


def decider(ruleset: RuleSet, history_map: HistoryMap) -> Decide:
    """One order after another, on its own day, with the parameters that this rule set has in force."""
    rows = FactRows(ruleset, history_map)
    form = PythonForm(ruleset)
    match, row = form.match, rows.row
    grade = form.slots.get(GRADE)
    answer = answers(ruleset, len(form.matches) - len(ruleset.rules))
    seen: dict[tuple[tuple[int, ...], tuple[int, ...], object], ReplayedOrder] = {}

    def decide(cases: Sequence[Case]) -> list[ReplayedOrder]:
        found = []
        for invoice, known in cases:
            values, fired, undetermined, _ = match(row(invoice, known), invoice.issued)
            key = (tuple(fired), tuple(undetermined), None if grade is None else values[grade])
            decided = seen.get(key)
            if decided is None:
                decided = seen[key] = answer(*key)
            found.append(decided)
        return found

    return decide


def answers(ruleset: RuleSet, first: int) -> Callable[[Iterable[int], Iterable[int], object], ReplayedOrder]:
    """What the matches with these indices say; rules start at index `first`, before them stand bands and rows. Where no
    rule could stop an order, `no-rules` does, as in a decision."""
    ladder = CASE_KINDS[CASE]
    undecided = [] if ruleset.is_decided else [(NO_RULES, ladder.caution)]
    fires = {first + index: (rule.id, rule.outcome) for index, rule in enumerate(ruleset.rules)}
    missing: Mapping[int, tuple[str, str]] = {
        first + index: (rule.id, rule.if_missing) for index, rule in enumerate(ruleset.rules) if rule.if_missing
    }

    def answer(fired: Iterable[int], undetermined: Iterable[int], grade: object) -> ReplayedOrder:
        said = [*undecided, *_severest_first(fires, fired, ladder.severity)]
        doubts = _severest_first(missing, undetermined, ladder.severity)
        severest = max([ladder.severity(outcome) for _, outcome in (*said, *doubts)], default=0)
        rules, unknown = tuple(rule for rule, _ in said), tuple(rule for rule, _ in doubts)
        return ReplayedOrder(ladder.ladder[severest], rules, unknown, None if grade is None else str(grade))

    return answer


def _severest_first(
    rules: Mapping[int, tuple[str, str]], indices: Iterable[int], severity: Callable[[str], int]
) -> list[tuple[str, str]]:
    return sorted((rules[index] for index in indices if index in rules), key=lambda rule: -severity(rule[1]))
