"""Decides past orders on what was known as their day opened, one by one: item + account facts → outcome and rules.

`decider` gives a function that decides many orders; `receivables.backtest.replay_sql` gives one that does the same on
DuckDB, several times faster. Facts are bound as `engine.vocabulary.binding` binds those of a request, and matched by
the generated Python form of the rule set, without the texts of a full decision; the tests hold both against
`Engine.decide`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from engine.lowering.python.python_form import PythonForm
from engine.ruleset.ruleset import NO_RULES, RuleSet
from engine.vocabulary.binding import Binder, Value
from engine.vocabulary.case_kinds import CASE_KINDS
from receivables.account_facts import AccountFacts
from receivables.default_policies import GRADE
from receivables.history.history_map import ACCOUNT_FACTS, HistoryMap
from receivables.items import Item

CASE = "order"

PastOrder = tuple[Item, AccountFacts]
"""An invoice that stands for the order it came from, and the customer's facts as its day of issue opened."""


class ReplayedOrder(NamedTuple):
    """What a rule set says of one past order. A named tuple, since millions of orders share a few of them as keys."""

    outcome: str
    """One of the ladder of orders, such as `hold`."""
    rules: tuple[str, ...]
    """Ids of the rules that fired and are not waived, the most severe first, as the reasons of a decision."""
    undetermined: tuple[str, ...]
    """Ids of the rules that could not be checked because a fact was missing, and count in the outcome; not those that
    are waived."""
    grade: str | None
    """The customer's grade; None where no policy grades."""


Decide = Callable[[Sequence[PastOrder]], Sequence[ReplayedOrder]]
"""Decides many orders; gives as many answers, in the same order."""


class FactRows:
    """Makes rows of bound facts, in the order of `ruleset.facts`, from past orders."""

    def __init__(self, ruleset: RuleSet, history_map: HistoryMap) -> None:
        """Raises `binding.FactsRefused` where an assumption of the map does not fit this rule set's facts."""
        slots = {fact.name: slot for slot, fact in enumerate(ruleset.facts)}
        self.template = Binder(CASE, ruleset.facts).bind(_body(history_map, slots))
        """A row with everything that is assumed of all orders; what the history tells is still to be filled in."""
        self._days = tuple(slots[part.name] for part in history_map.assumptions if part.as_of and part.name in slots)
        self._order = tuple(slots[name] for name in ("order.id", "order.amount", "order.payment_days", "account.id"))
        self._past = tuple(
            slot for slot, fact in enumerate(ruleset.facts) if fact.type.future and self.template[slot] is not None
        )
        self._account = tuple(
            (slots[name], index)
            for index, name in enumerate(ACCOUNT_FACTS)
            if name in slots and name in history_map.facts_from_history
        )

    def row(self, item: Item, facts: AccountFacts) -> list[Value]:
        """The bound facts of one order."""
        row = self.template.copy()
        number, amount, payment_days, customer = self._order
        row[number] = item.number
        row[amount] = item.amount
        row[payment_days] = item.payment_days
        row[customer] = item.customer
        for slot, index in self._account:
            row[slot] = facts[index]
        for slot in self._days:
            row[slot] = item.issued
        for slot in self._past:
            if row[slot] > item.issued:  # type: ignore[operator]  # it is a date
                row[slot] = None  # what is assumed to have happened on a day is not known before it
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
    """A function that decides one order after another, each on its own day, with the parameters that this rule set has
    in force. Raises what `FactRows` raises."""
    rows = FactRows(ruleset, history_map)
    form = PythonForm(ruleset)
    match, row = form.match, rows.row
    grade_slot = form.slots.get(GRADE)
    answer, waived_by = answers(ruleset, len(form.matches) - len(ruleset.rules)), _waived_by(ruleset, form.matches)
    answered: dict[tuple[tuple[int, ...], tuple[int, ...], object], ReplayedOrder] = {}

    def decide(orders: Sequence[PastOrder]) -> list[ReplayedOrder]:
        replayed = []
        for item, facts in orders:
            values, fired, undetermined, _ = match(row(item, facts), item.issued)
            key = (tuple(fired), tuple(undetermined), None if grade_slot is None else values[grade_slot])
            decided = answered.get(key)
            if decided is None:
                waived = waived_by(fired)
                counted, unsure = ([i for i in indices if i not in waived] for indices in (fired, undetermined))
                decided = answered[key] = answer(counted, unsure, key[2])
            replayed.append(decided)
        return replayed

    return decide


def _waived_by(ruleset: RuleSet, matches: Sequence[str]) -> Callable[[Iterable[int]], Set[int]]:
    """A function from what fires in a case to the rules that exceptions waive there, all as indices into `matches`."""
    indices = {id_: index for index, id_ in enumerate(matches)}
    waives = {indices[each.id]: frozenset(indices[rule] for rule in each.waives) for each in ruleset.exceptions}

    def waived(fired: Iterable[int]) -> Set[int]:
        return frozenset().union(*(waives[index] for index in fired if index in waives))

    return waived


def answers(ruleset: RuleSet, first: int) -> Callable[[Iterable[int], Iterable[int], object], ReplayedOrder]:
    """A function that says what matches with some indices mean: those that fired, those undetermined, and the grade.

    Rules start at index `first`; before them stand the bands and rows of tables, which say nothing by themselves. Where
    no rule of the set could stop an order, `no-rules` does, as in a decision.
    """
    ladder = CASE_KINDS[CASE]
    undecided = [] if ruleset.is_decided else [(NO_RULES, ladder.caution)]
    outcomes = {first + index: (rule.id, rule.outcome) for index, rule in enumerate(ruleset.rules)}
    outcomes_if_missing: Mapping[int, tuple[str, str]] = {
        first + index: (rule.id, rule.if_missing) for index, rule in enumerate(ruleset.rules) if rule.if_missing
    }

    def answer(fired: Iterable[int], undetermined: Iterable[int], grade: object) -> ReplayedOrder:
        certain = [*undecided, *_severest_first(outcomes, fired, ladder.severity)]
        unsure = _severest_first(outcomes_if_missing, undetermined, ladder.severity)
        severest = max([ladder.severity(outcome) for _, outcome in (*certain, *unsure)], default=0)
        return ReplayedOrder(
            outcome=ladder.ladder[severest],
            rules=tuple(rule for rule, _ in certain),
            undetermined=tuple(rule for rule, _ in unsure),
            grade=None if grade is None else str(grade),
        )

    return answer


def _severest_first(
    rules: Mapping[int, tuple[str, str]], indices: Iterable[int], severity: Callable[[str], int]
) -> list[tuple[str, str]]:
    """Id and outcome of the rules at these indices, as a decision lists its reasons; rules of one outcome in the order
    of the policies. Indices of bands and rows of tables are passed over.
    """
    return sorted((rules[index] for index in indices if index in rules), key=lambda rule: -severity(rule[1]))
