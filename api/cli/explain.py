"""`credence explain`: everything that was tried for one case, and why each rule fired or didn't."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.cli import decision_phrases as phrases
from api.cli.case_to_decide import case_to_decide, refuse_facts
from api.cli.console import out, print_json, refuse
from api.cli.decide import action_cells, print_decision
from api.cli.options import DECIDED, AnswerOptions, CaseOptions, asked_language
from engine.deciding.value_words import ValueWords
from engine.diagnostics.wording import did_you_mean
from engine.explaining.explain import explain as explained
from engine.explaining.explanation import (
    Explanation,
    InputValue,
    TriedCondition,
    TriedException,
    TriedPolicy,
    TriedRule,
    TriedTable,
    Verdict,
    WorkedOut,
)
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.languages import Reader

_MARKS = {True: ("✓", "green"), False: ("✗", "dim"), None: ("?", "yellow")}


def explain(
    *,
    about: CaseOptions,
    answer: AnswerOptions,
    rule: Annotated[
        str | None,
        typer.Option("--rule", metavar="ID", help="Only this rule and what it reads.", rich_help_panel=DECIDED),
    ] = None,
) -> None:
    """Show what was tried for one case, in order: values, tables row by row, and why each rule fired or didn't.

    ✓ holds, ✗ doesn't hold, ? can't be told because something is missing.

    Example:  credence explain order.json --rule orders.over-limit

    Exit code: 0 explained, 1 the policies have mistakes, 2 the case can't be read or there is no such rule.
    """
    case = case_to_decide(about)
    try:
        explanation = explained(case.engine, case.kind, case.facts, case.as_of, case.id, case.rate)
    except FactsRefused as refused:
        refuse_facts(refused.faults)
    if rule is not None:
        explanation = _only(explanation, rule)
    if answer.as_json:
        print_json(explanation.as_json())
    else:
        words = ValueWords(case.engine.ruleset(case.kind, case.as_of), asked_language(answer.language, case.engine))
        _print(out(), explanation, words, with_decision=rule is None)


# --- one rule --------------------------------------------------------------------------------------------------------


def _only(explanation: Explanation, id_: str) -> Explanation:
    """The rule and, through everything it reads, the values and tables behind it; ends the command where no such rule
    is tried for this kind of case.

    `id_` may lack its policy: `over-limit` is the first rule of that name. Policies of which nothing is left go too.
    """
    rules = {rule.id: rule for policy in explanation.policies for rule in policy.rules}
    rule = rules.get(id_) or next((rule for rule in rules.values() if rule.id.partition(".")[2] == id_), None)
    if rule is None:
        hint = did_you_mean(id_, rules) or f"rules of this case kind: {', '.join(list(rules)[:12])}"
        refuse(f"no rule `{id_}` is tried for this case ({hint})")
    behind = _behind(explanation, rule)
    policies = []
    for policy in explanation.policies:
        steps = tuple(step for step in policy.steps if not behind.isdisjoint(_gives(step)))
        kept = (rule,) if rule in policy.rules else ()
        if steps or kept:
            policies.append(TriedPolicy(policy.name, policy.title, steps, kept))
    given = tuple(item for item in explanation.given if item.name in behind)
    not_given = tuple(item for item in explanation.not_given if item.name in behind)
    exceptions = tuple(exception for exception in explanation.exceptions if rule.id in exception.waives)
    return Explanation(
        decision=explanation.decision,
        given=given,
        not_given=not_given,
        policies=tuple(policies),
        exceptions=exceptions,
    )


def _behind(explanation: Explanation, rule: TriedRule) -> frozenset[str]:
    """The names of all facts and values that a rule reads, directly or through a formula or table that it reads.

    For `exposure_after > limits.credit_limit` that is both names, the facts that `exposure_after` adds up, and whatever
    the rows of the table `limits` test.
    """
    steps = {name: step for policy in explanation.policies for step in policy.steps for name in _gives(step)}
    pending = [item.name for condition in rule.conditions for item in condition.inputs]
    names: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += _reads(steps[name]) if name in steps else []
    return frozenset(names)


def _gives(step: WorkedOut | TriedTable) -> tuple[str, ...]:
    """The full names that a step defines: one of a value, one for each output of a table."""
    return (step.name,) if isinstance(step, WorkedOut) else tuple(output.name for output in step.outputs)


def _reads(step: WorkedOut | TriedTable) -> list[str]:
    """The full names that a step reads, in the order of its text; of a table those of all its cells."""
    if isinstance(step, WorkedOut):
        return [item.name for item in step.inputs]
    return [item.name for row in step.rows for condition in row.conditions for item in condition.inputs]


# --- text ------------------------------------------------------------------------------------------------------------


def _print_not_given(console: Console, explanation: Explanation, reader: Reader) -> None:
    """The facts that were not given and that something reads, by name; of the others how many they are."""
    if not explanation.not_given:
        return
    steps = [step for policy in explanation.policies for step in policy.steps]
    conditions = [
        condition for policy in explanation.policies for rule in policy.rules for condition in rule.conditions
    ]
    conditions += [condition for exception in explanation.exceptions for condition in exception.conditions]
    read = {item.name for condition in conditions for item in condition.inputs}
    read.update(name for step in steps for name in _reads(step))
    named = [item.name for item in explanation.not_given if item.name in read]
    unread = len(explanation.not_given) - len(named)
    console.print(Text(phrases.NOT_GIVEN[reader], "bold"))
    lines = [", ".join(named)] if named else []
    lines += [phrases.UNREAD[reader].format(unread)] if unread else []
    for line in lines:
        console.print(Text(f"  {line}"))


def _print(console: Console, explanation: Explanation, words: ValueWords, *, with_decision: bool) -> None:
    """Prints what was given, then each policy with its values, tables and rules; the decision itself first, unless one
    rule alone was asked for.
    """
    reader = words.reader
    if with_decision:
        print_decision(console, explanation.decision, words, with_results=False)
        console.print()
    console.print(Text(phrases.GIVEN[reader], "bold"))
    for item in explanation.given:
        title = item.title[reader] if item.title else item.name
        console.print(Text.assemble(f"  {item.name} = {words.variable(item.name, item.value)}", (f"  {title}", "dim")))
    _print_not_given(console, explanation, reader)
    for policy in explanation.policies:
        console.print()
        console.print(Text.assemble((policy.name, "bold"), f"  {policy.title[reader]}"))
        for step in policy.steps:
            if isinstance(step, WorkedOut):
                _print_value(console, step, words)
            else:
                _print_table(console, step, words)
        for rule in policy.rules:
            _print_rule(console, rule, words)
    if explanation.exceptions:
        console.print()
        console.print(Text(phrases.EXCEPTIONS[reader], "bold"))
    for exception in explanation.exceptions:
        _print_exception(console, exception, words)


def _print_value(console: Console, step: WorkedOut, words: ValueWords) -> None:
    """A value with its formula, and below it what the formula read: `limits.headroom = EUR 400.00 = credit_limit -
    exposure`.
    """
    value = (words.variable(step.name, step.value), "bold")
    formula = " ".join(step.formula.split())
    console.print(Text.assemble(f"  {step.name} = ", value, (f"  = {formula}  {step.place}", "dim")))
    _print_inputs(console, step.inputs, words, 6)
    _print_missing(console, step.missing, words, 6)


def _print_table(console: Console, table: TriedTable, words: ValueWords) -> None:
    """A table row by row: whether it is hit and why, each cell with whether it holds. A row that is unknown says
    whether that could change the output.
    """
    console.print(Text.assemble(f"  {table.id}", (f"  {table.place}", "dim")))
    for row in table.rows:
        conditions = [f"{_word(item.value, words)}: {item.text}" for item in row.conditions]
        tests = "; ".join(conditions) or phrases.ALWAYS[words.reader]
        unknown = phrases.UNKNOWN if row.can_matter else phrases.UNKNOWN_CANT_MATTER
        state = {True: phrases.HIT, False: phrases.NOT_HIT, None: unknown}[row.hit][words.reader]
        name = row.id.partition("#")[2]
        console.print(Text.assemble("    ", _MARKS[row.hit], f" #{name} {state}", (f"  {tests}", "dim")))
    for output in table.outputs:
        value = (words.variable(output.name, output.value), "bold")
        console.print(Text.assemble(f"    {output.name} = ", value))
    _print_missing(console, table.missing, words, 4)


def _print_rule(console: Console, rule: TriedRule, words: ValueWords) -> None:
    """A rule: fired, not fired or unknown, what follows from that, and each of its conditions. The rule whose outcome
    became the decision's is marked.
    """
    reader = words.reader
    state = {True: phrases.FIRED, False: phrases.NOT_FIRED, None: phrases.UNKNOWN}[rule.fired][reader]
    effect = ""
    if rule.effect:
        effect = f" → {words.outcome(rule.effect)}"
        effect += f" ({phrases.DECISIVE[reader]})" if rule.decisive else ""
    elif rule.waived_by:
        effect = f" → {phrases.WAIVED_BY[reader].format(', '.join(rule.waived_by))}"
    elif rule.fired is None:
        effect = f" → {phrases.NOTHING_IGNORED[reader]}"
    if rule.action:
        said = phrases.BETWEEN[reader].join(cell for cell in action_cells(rule.action, words) if cell)
        effect += phrases.ACTIONS_OF_RULE[reader].format(said)
    title = f"  {rule.title[reader]}" if rule.title else ""
    heading = Text.assemble("  ", _MARKS[rule.fired], f" {rule.id}{title}  ", (f"{state}{effect}", "bold"))
    console.print(heading.append(f"  {rule.place}", "dim"))
    for condition in rule.conditions:
        _print_condition(console, condition, words)
    if not rule.conditions:
        console.print(Text(f"      {phrases.ALWAYS[reader]}"))
    _print_missing(console, rule.missing, words, 6)


def _print_exception(console: Console, exception: TriedException, words: ValueWords) -> None:
    reader = words.reader
    states = {True: phrases.WAIVES, False: phrases.WAIVES_NOTHING, None: phrases.UNKNOWN_WAIVES_NOTHING}
    waives = f"{states[exception.holds][reader]}  ({', '.join(exception.waives)})"
    heading = Text.assemble("  ", _MARKS[exception.holds], f" {exception.id}  ", (waives, "bold"))
    console.print(heading.append(f"  {exception.place}", "dim"))
    for condition in exception.conditions:
        _print_condition(console, condition, words)
    _print_missing(console, exception.missing, words, 6)


def _print_condition(console: Console, condition: TriedCondition, words: ValueWords) -> None:
    text = " ".join(condition.text.split())
    console.print(Text.assemble("      ", _MARKS[condition.value], f" {_word(condition.value, words)}: {text}"))
    _print_inputs(console, condition.inputs, words, 10)


def _print_inputs(console: Console, inputs: Iterable[InputValue], words: ValueWords, indent: int) -> None:
    """What a condition or formula read: name, value and title, one a line."""
    for item in inputs:
        title = f"  {item.title[words.reader]}" if item.title else ""
        value = words.variable(item.name, item.value)
        console.print(Text(f"{' ' * indent}{item.name} = {value}{title}", "dim"))


def _print_missing(console: Console, missing: tuple[str, ...], words: ValueWords, indent: int) -> None:
    """The facts missing behind a step; nothing where none is."""
    if missing:
        console.print(Text(f"{' ' * indent}{phrases.MISSING[words.reader]} {', '.join(missing)}", "yellow"))


def _word(value: Verdict, words: ValueWords) -> str:
    """`true`, `false` or `unknown` in the language of `words`."""
    return {True: phrases.TRUE, False: phrases.FALSE, None: phrases.UNKNOWN}[value][words.reader]
