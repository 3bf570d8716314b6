"""Runs policy tests: each case is decided as a request would be, and held against what its author expects.

Verb: suites + engine → CasesRun. A row counts as covered when any case hits it, whatever kind of case that is: account
policies are mostly tested through the orders that read them. Under `first` and `priority` only the row whose output
counted is hit: one that holds and is passed over decided nothing, and a test that would notice its loss is still to be
written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import cast

from engine.deciding.decision import Decision, JsonValue
from engine.deciding.value_words import json_text
from engine.pipeline import Engine
from engine.reading.policy import Policy
from engine.reading.policy_test import Case, ExpectedValue, Suite
from engine.ruleset.interpret import run
from engine.testing.case_result import CaseDifference, CaseResult, CasesRun, Coverage, Tried
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number

Clock = Callable[[], float]
"""Gives seconds since any moment, such as `time.perf_counter`. The engine has no clock of its own."""


def run_cases(suites: Iterable[Suite], engine: Engine, clock: Clock = lambda: 0.0) -> CasesRun:
    """Decides every case of the suites, compares each decision with what its author expects, and counts what was hit.

    A case whose facts are refused is a difference, not an error. `clock` serves the report only: it says how long each
    decision took.
    """
    hits: Counter[str] = Counter()
    results: list[CaseResult] = []
    for suite in suites:
        for case in suite.cases:
            started = clock()
            differences = tuple(_differences(case, engine))
            results.append(CaseResult(suite, case, differences, clock() - started))
            hits.update(_hits(case, engine))
    tried = [item for policy in engine.policies.values() for item in _touched(policy, hits)]
    tried += [Tried(each.id, "exception", each.place, hits[each.id]) for each in engine.exceptions]
    return CasesRun(tuple(results), Coverage(tuple(tried)))


# --- expected against got --------------------------------------------------------------------------------------------


def _differences(case: Case, engine: Engine) -> Iterator[CaseDifference]:
    try:
        decision = engine.decide(case.case_kind, case.facts, case.as_of, f"test:{case.name}")
    except FactsRefused as refused:
        yield CaseDifference("facts", "facts that can be bound", "; ".join(map(str, refused.faults)))
        return
    expected = case.expected
    if decision.outcome != expected.outcome:
        yield CaseDifference("outcome", expected.outcome, decision.outcome)
    yield from _id_differences("reasons", expected.reasons, [reason.rule for reason in decision.reasons])
    yield from _id_differences("waived", expected.waived, [reason.rule for reason in decision.reasons if reason.waived])
    if expected.undetermined is not None:
        undetermined = [item.id for item in decision.undetermined]
        yield from _id_differences("undetermined", expected.undetermined, undetermined)
    yield from _result_differences(expected.results or {}, decision)
    if expected.conditions is not None:
        yield from _condition_differences(expected.conditions, decision)
    if expected.actions is not None:
        yield from _action_differences(expected.actions, decision)


def _id_differences(what: str, expected: Sequence[str], got: Sequence[str]) -> Iterator[CaseDifference]:
    missing = [id_ for id_ in expected if id_ not in got]
    unexpected = [id_ for id_ in got if id_ not in expected]
    if missing or unexpected:
        parts = [f"without {', '.join(missing)}"] if missing else []
        parts += [f"besides {', '.join(unexpected)}"] if unexpected else []
        yield CaseDifference(what, ", ".join(expected) or "none", " and ".join(parts))


def _result_differences(expected: Mapping[str, ExpectedValue], decision: Decision) -> Iterator[CaseDifference]:
    for name, value in expected.items():
        policy, _, key = name.partition(".")
        results = decision.results.get(policy, {})
        if key not in results:
            yield CaseDifference(f"results.{name}", json_text(value), "no result of that name")
        elif not _same(value, results[key]):
            yield CaseDifference(f"results.{name}", json_text(value), json_text(results[key]))


def _condition_differences(expected: Mapping[str, ExpectedValue], decision: Decision) -> Iterator[CaseDifference]:
    for name in dict.fromkeys((*expected, *decision.conditions)):
        what = f"conditions.{name}"
        if name not in decision.conditions:
            yield CaseDifference(what, json_text(expected[name]), "no such condition")
        elif name not in expected:
            yield CaseDifference(what, "no such condition", json_text(decision.conditions[name]))
        elif not _same(expected[name], decision.conditions[name]):
            yield CaseDifference(what, json_text(expected[name]), json_text(decision.conditions[name]))


def _action_differences(
    expected: Mapping[str, Mapping[str, ExpectedValue]], decision: Decision
) -> Iterator[CaseDifference]:
    got = {action.rule: action.as_json() for action in decision.actions}
    yield from _id_differences("actions", list(expected), list(got))
    for rule, parts in expected.items():
        for word, value in parts.items():
            found = cast("JsonValue", got[rule][word]) if rule in got else None
            if rule in got and not _same(value, found):
                yield CaseDifference(f"actions.{rule}.{word}", json_text(value), json_text(found))


def _same(expected: ExpectedValue, got: JsonValue) -> bool:
    """Whether a decision's value is the one that was expected. Numbers are compared by value: an author's `0.3` is the
    decision's `"0.300000"`."""
    if isinstance(expected, tuple):
        return (
            isinstance(got, list)
            and len(expected) == len(got)
            and all(_same(left, right) for left, right in zip(expected, got, strict=True))
        )
    if isinstance(expected, Decimal) and isinstance(got, str | int) and not isinstance(got, bool):
        try:
            return Decimal(got) == expected
        except InvalidOperation:
            return False
    return type(expected) is type(got) and expected == got


# --- coverage --------------------------------------------------------------------------------------------------------


def _hits(case: Case, engine: Engine) -> list[str]:
    """The ids of the rules that fire, the rows whose output counts and the exceptions that hold, by the plain
    evaluator; none where the facts are refused."""
    ruleset = engine.ruleset(case.case_kind, case.as_of)
    try:
        values = engine.bind(case.case_kind, case.facts, case.as_of)
    except FactsRefused:
        return []
    facts = {fact.name: value for fact, value in zip(ruleset.facts, values, strict=True)}
    fired = set(run(ruleset, facts, day_number(case.as_of)).fired)
    for table in ruleset.tables:
        fired.difference_update([row for row in table.precedence if row in fired][1:])
    return sorted(fired)


def _touched(policy: Policy, hits: Mapping[str, int]) -> Iterator[Tried]:
    for criterion in policy.scorecard.criteria if policy.scorecard else ():
        for number, band in enumerate(criterion.bands, 1):
            id_ = f"{policy.name}.{criterion.name}#{number}"
            yield Tried(id_, "band", band.place, hits.get(id_, 0))
    for table in policy.tables.values():
        for row in table.rows:
            id_ = f"{policy.name}.{table.name}#{row.id}"
            yield Tried(id_, "row", row.place, hits.get(id_, 0))
    for rule in policy.rules.values():
        id_ = f"{policy.name}.{rule.id}"
        yield Tried(id_, "rule", rule.place, hits.get(id_, 0))
