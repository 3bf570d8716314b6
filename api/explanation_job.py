"""How a recorded decision came about, worked out for readers of one language: the job of the console's decision page,
done in the worker process, since the policies of that day may have to be compiled for it.

The request of then is decided again by the policies of then, and everything that was tried is kept
(`engine.explaining`). Here it becomes text: values as people write them, and each formula once more with the values in
it, such as `max(63,500.00 - 0.00, 0)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine.deciding.value_words import ValueWords
from engine.explaining.explain import explain
from engine.explaining.explanation import (
    Explanation,
    InputValue,
    TriedCondition,
    TriedRow,
    TriedRule,
    TriedTable,
    Verdict,
    WorkedOut,
)
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import read_rates
from engine.vocabulary.strict_json import JsonRefused, read_json_object
from ledger.record.decision_parts import answer_parts
from ledger.replay.request_again import AskedAgain, CannotDecide, RecordedRequest, StoredPolicies

MODULE = __name__
"""For a worker to import before the first job."""

_NAME = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
"""A text between quotes, or a name, which may have dots."""

_CURRENCY = re.compile(r"^[A-Z]{3} (?=[-0-9])")
"""In a formula amounts stand without it: all are in the set's own."""

_asked = AskedAgain()  # of the worker process: the sets that were asked for last stay compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInput:
    """A fact, value or parameter that was read."""

    name: str
    title: str
    value: str
    """As people write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCondition:
    """A condition of a rule or row."""

    text: str
    """FEEL, as its author wrote it."""

    filled: str
    """The same with values in place of names."""

    holds: Verdict
    inputs: tuple[ShownInput, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    """A rule that fired, didn't, or couldn't be told."""

    id: str
    title: str
    place: str
    fired: Verdict
    effect: str
    """Title of the outcome that it asked for; empty for nothing."""

    is_decisive: bool
    conditions: tuple[ShownCondition, ...]
    missing: tuple[str, ...]
    source: tuple[tuple[int, str], ...]
    """Its lines in the policy's text, with their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of a table."""

    id: str
    hit: Verdict
    conditions: tuple[ShownCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A value by its formula, or by its table."""

    name: str
    title: str
    value: str
    place: str
    formula: str
    """Empty for the output of a table."""

    filled: str
    inputs: tuple[ShownInput, ...]
    rows: tuple[ShownRow, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDerivation:
    """How a decision came about."""

    is_reproduced: bool
    """Whether deciding again gave the recorded bytes."""

    rules: tuple[ShownRule, ...]
    steps: Mapping[str, ShownStep]
    """By full name."""

    given: tuple[ShownInput, ...]
    not_given: tuple[str, ...]


def derivation(policies: StoredPolicies, asked: RecordedRequest, recorded: str, language: str) -> ShownDerivation | str:
    """The job itself: how the decision came about, or why that can't be told. `recorded` is the answer of then."""
    try:
        engine = _asked.engine(policies)
        again = _explained(engine, asked)
    except (CannotDecide, JsonRefused, FactsRefused, ValueError) as error:
        return str(error)
    answer, _ = answer_parts(replace(again.decision, engine_version=asked.engine))
    words = ValueWords(engine.ruleset(asked.case, date.fromisoformat(asked.as_of)), language)
    shown = _Shown(words, policies.files)
    return ShownDerivation(
        is_reproduced=answer.decode() == recorded,
        rules=tuple(shown.rule(rule) for policy in again.policies for rule in policy.rules),
        steps={step.name: step for policy in again.policies for each in policy.steps for step in shown.steps(each)},
        given=tuple(map(shown.input, again.given)),
        not_given=tuple(each.name for each in again.not_given),
    )


def _explained(engine: Engine, asked: RecordedRequest) -> Explanation:
    """Raises what can't be used of the request."""
    body = read_json_object(asked.request, decimals_as_text=False, example="{…}")
    as_of = date.fromisoformat(asked.as_of)
    facts: Mapping[str, object] = {group: body[group] for group in CASE_KINDS[asked.case].groups if group in body}
    rates = read_rates(body.get("rates"), engine.vocabulary.currency)
    facts, rate = engine.in_own_currency(asked.case, facts, as_of, body.get("currency"), rates)
    return explain(engine, asked.case, facts, as_of, asked.id, rate)


class _Shown:
    """Texts of one rule set for one reader."""

    def __init__(self, words: ValueWords, files: Mapping[str, str]) -> None:
        self._words = words
        self._lines = {name: text.splitlines() for name, text in files.items()}

    def input(self, item: InputValue) -> ShownInput:
        title = item.title[self._words.reader] if item.title else item.name
        return ShownInput(name=item.name, title=title, value=self._words.variable(item.name, item.value))

    def condition(self, item: TriedCondition, policy: str) -> ShownCondition:
        text = " ".join(item.text.split())
        inputs = tuple(map(self.input, item.inputs))
        return ShownCondition(text=text, filled=filled(text, inputs, policy), holds=item.value, inputs=inputs)

    def rule(self, rule: TriedRule) -> ShownRule:
        policy = rule.id.partition(".")[0]
        return ShownRule(
            id=rule.id,
            title=rule.title[self._words.reader] if rule.title else rule.id,
            place=rule.place,
            fired=rule.fired,
            effect=self._words.outcome(rule.effect) if rule.effect else "",
            is_decisive=rule.decisive,
            conditions=tuple(self.condition(each, policy) for each in rule.conditions),
            missing=rule.missing,
            source=self._source(rule.place) if rule.effect else (),
        )

    def steps(self, step: WorkedOut | TriedTable) -> Iterable[ShownStep]:
        """One of a value; of a table one for each output, all with its rows."""
        if isinstance(step, WorkedOut):
            formula = " ".join(step.formula.split())
            inputs = tuple(map(self.input, step.inputs))
            item = InputValue(step.name, step.title, step.value)
            shown = filled(formula, inputs, step.name.partition(".")[0])
            yield self._step(item, step.place, formula, shown, inputs, (), step.missing)
            return
        rows = tuple(self._row(row) for row in step.rows)
        read = {each.name: each for row in rows for condition in row.conditions for each in condition.inputs}
        for output in step.outputs:
            yield self._step(output, step.place, "", "", tuple(read.values()), rows, step.missing)

    def _step(
        self,
        item: InputValue,
        place: str,
        formula: str,
        shown: str,
        inputs: tuple[ShownInput, ...],
        rows: tuple[ShownRow, ...],
        missing: tuple[str, ...],
    ) -> ShownStep:
        of = self.input(item)
        return ShownStep(
            name=of.name, title=of.title, value=of.value, place=place, formula=formula, filled=shown, inputs=inputs,
            rows=rows, missing=missing,
        )  # fmt: skip

    def _row(self, row: TriedRow) -> ShownRow:
        policy = row.id.partition(".")[0]
        conditions = tuple(self.condition(each, policy) for each in row.conditions)
        return ShownRow(id=row.id.partition("#")[2], hit=row.hit, conditions=conditions)

    def _source(self, place: str) -> tuple[tuple[int, str], ...]:
        """From the line of the rule to the one before whatever stands as far left as it."""
        file, line, _ = place.rsplit(":", 2)
        lines = self._lines.get(file, self._lines.get(file.rpartition("/")[2], []))
        first = int(line) - 1
        if not 0 <= first < len(lines):
            return ()
        left = _indent(lines[first])
        end = next(
            (at for at in range(first + 1, len(lines)) if lines[at].strip() and _indent(lines[at]) <= left), None
        )
        found = [(at + 1, lines[at]) for at in range(first, len(lines) if end is None else end)]
        while found and not found[-1][1].strip():
            found.pop()
        return tuple(found)


def filled(formula: str, inputs: Iterable[ShownInput], policy: str) -> str:
    """The formula with values in place of the names that it reads: `exposure_after > limit` of the policy `orders` with
    `orders.exposure_after` 63,500.00 and `orders.limit` 60,000.00 is `63,500.00 > 60,000.00`."""
    values = {each.name: _CURRENCY.sub("", each.value) for each in inputs}
    values |= {name.removeprefix(f"{policy}."): value for name, value in values.items()}

    def value(match: re.Match[str]) -> str:
        return values.get(match[0], match[0])

    return _NAME.sub(value, formula)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
