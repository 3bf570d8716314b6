"""What a decision lacks, each once: the facts, parameters and values for which rules and tables wait.

Part of `evaluate`, run only for what is undetermined. `missing` finds what is behind one rule; twenty rules mostly wait
for the same few facts, so the decision lists those facts with who needs them, and the rules only name them:

    orders.over-limit     waits for  account.open_invoices, order.prepayment
    orders.prepayment-due waits for  order.prepayment
    →  account.open_invoices  needed by  orders.over-limit
       order.prepayment       needed by  orders.over-limit, orders.prepayment-due
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.deciding.decision import Lack, MissingInput, Undetermined
from engine.ruleset.formula import record_variable
from engine.ruleset.ruleset import Named, RuleSet
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Type, unit_of


class MissingList:
    """Lists what is missing in decisions of one rule set. Made once for it."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._currency = ruleset.currency
        self._types = {**ruleset.variables, **_record_types(ruleset.facts)}
        self._of_records = {
            record_variable(fact.name, field.name): field.title
            for fact in ruleset.facts
            for field in fact.type.fields
            if field.title
        }
        self._titles = {**ruleset.titles, **{rule.id: rule.title for rule in ruleset.rules if rule.title}}
        self._facts = {name: position for position, name in enumerate(_supplied(ruleset.facts))}
        self._rules = frozenset(rule.id for rule in ruleset.rules)
        self._unset = frozenset(
            step.name
            for step in ruleset.steps
            if isinstance(step, Named) and not step.is_step and step.name not in ruleset.results
        )

    def lack(self, name: str) -> Lack:
        """What kind of thing is missing: `Lack.FACT` for `account.open_invoices`."""
        if name in self._facts:
            return Lack.FACT
        if name in self._unset:
            return Lack.PARAMETER
        return Lack.RULE if name in self._rules else Lack.VALUE

    def title(self, name: str) -> Text | None:
        """What readers call it, where its author gave a title. For a value of a list's records the list's title stands
        before the value's title, or its name."""
        of_list, mark, value = name.partition("[].")
        title = self._titles.get(of_list)
        if not title or not mark:
            return title
        own = self._of_records.get(name)
        return title.before(own or value)

    def missing(self, undetermined: Iterable[Undetermined]) -> tuple[MissingInput, ...]:
        """What all these wait for. Facts come first, in the order in which requests carry them, then the rest by name;
        so the same case gives the same list."""
        waiting: dict[str, list[str]] = {}
        for item in undetermined:
            for name in item.missing:
                waiting.setdefault(name, []).append(item.id)
        last = len(self._facts)
        names = sorted(waiting, key=lambda name: (self._facts.get(name, last), name))
        return tuple([self._input(name, tuple(waiting[name])) for name in names])

    def _input(self, name: str, needed_by: tuple[str, ...]) -> MissingInput:
        type_ = self._types.get(name)
        return MissingInput(
            name=name,
            lack=self.lack(name),
            title=self.title(name),
            type=type_.kind.value if type_ else None,
            unit=unit_of(type_, self._currency) if type_ else None,
            needed_by=needed_by,
        )


def _supplied(facts: Iterable[Fact]) -> Iterator[str]:
    """The names of what whoever asks can supply: facts, and the values of the records of lists."""
    for fact in facts:
        yield fact.name
        yield from (record_variable(fact.name, field.name) for field in fact.type.fields)


def _record_types(facts: Iterable[Fact]) -> dict[str, Type]:
    return {record_variable(fact.name, field.name): field.type for fact in facts for field in fact.type.fields}
