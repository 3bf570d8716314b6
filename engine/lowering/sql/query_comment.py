"""The comment at the top of a printed query: which columns it reads and gives, and in which units.

Last step of `credence sql`. The query holds whole numbers only; without their units nobody could fill the relation
`facts`, or read the results.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlglot
from sqlglot import exp

from engine.lowering.sql.sql_form import ACTIONS, FACTS, OUTCOME, SqlForm
from engine.ruleset.ruleset import ListResult
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import EPOCH, day_number
from engine.vocabulary.plain_text import TEXT_LENGTH_MAX
from engine.vocabulary.vocabulary import DATE, Future, Kind, Type

_NAME_WIDTH = 36
"""Characters to which column names are padded."""


def header_comment(form: SqlForm, query: str, as_of: date) -> str:
    """The comment lines, each beginning with `--`, that belong above `query`, the text that the form gave. `as_of` is
    the date that it decides for."""
    lines = (" ".join(line.splitlines()) for line in _lines(form, query, as_of))  # a policy's words may hold line ends
    return "".join(f"-- {line}".rstrip() + "\n" for line in lines)


def _lines(form: SqlForm, query: str, as_of: date) -> Iterator[str]:
    ruleset = form.ruleset
    yield f"credence: decisions about {ruleset.case} cases as of {as_of}, policy set {ruleset.version}"
    yield ""
    yield f"Reads these columns of the relation `{FACTS}`, one row a case; null means missing. The query checks"
    yield "neither ranges nor required values: rows that break them must not be in the relation."
    yield from _facts_read(form, query, as_of)
    yield ""
    kind = CASE_KINDS[ruleset.case]
    yield f"Gives `{OUTCOME}`, one of {', '.join(kind.ladder)}."
    if not ruleset.is_decided:
        yield f"No rule decides {kind.name} cases: the outcome is always `{kind.caution}`."
    if form.actions:
        yield f"Gives `{ACTIONS}`, what rules that fired ask people to do, with a blank between two. Each `action_by_…`"
        yield "and `action_amount_…` is the latest date or the amount of one of them, null where it isn't asked for."
    if form.rules:
        yield "Each `rule_…` is true where the rule fired, null where it can't be told, since something is missing."
    if form.waivers:
        yield "Each `waived_…` is true where an exception waives the rule: it asks for nothing then."
    if results := list(_results(form)):
        yield "These values are null where they can't be told or don't apply:"
        yield from results


def _facts_read(form: SqlForm, query: str, as_of: date) -> Iterator[str]:
    """A line for each fact that the query reads: column, type, unit, range."""
    read = {column.name for column in sqlglot.parse_one(query, read=form.dialect.name).find_all(exp.Column)}
    for fact in form.ruleset.facts:
        name, type_ = form.columns[fact.name], fact.type
        if name in read:
            last = day_number(as_of) if type_.future else type_.high
            bounds = f", from {type_.low} to {last}" if type_.kind.is_numeric or type_.kind is Kind.DATE else ""
            bounds += ", later ones as null" if type_.future is Future.UNKNOWN else ""
            needed = "; required" if fact.required else ""
            yield f"  {name:<{_NAME_WIDTH}} {form.sql_type(type_):<8} {_unit(form, type_)}{bounds}{needed}"


def _results(form: SqlForm) -> Iterator[str]:
    """A line for each condition and value that the query gives: column and unit."""
    ruleset = form.ruleset
    types = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    for name, column in form.conditions.items():
        yield f"  {column:<{_NAME_WIDTH}} {_unit(form, types[name])}"
    for action in form.actions:
        if action.by:
            yield f"  {action.by:<{_NAME_WIDTH}} {_unit(form, DATE)}"
        if action.amount and action.action.amount:
            yield f"  {action.amount:<{_NAME_WIDTH}} {_unit(form, action.action.amount.type)}"
    lists = {step.name: step.element for step in ruleset.steps if isinstance(step, ListResult)}
    for name in ruleset.results:
        meaning = f"list: {_unit(form, lists[name])}" if name in lists else _unit(form, ruleset.variables[name])
        yield f"  {form.columns[name]:<{_NAME_WIDTH}} {meaning}"


def _unit(form: SqlForm, type_: Type) -> str:
    """What a column of a type holds, such as `EUR in units of 0.01`."""
    scaled = f" in units of 0.{'0' * (type_.scale - 1)}1" if type_.scale else ""
    match type_.kind:
        case Kind.MONEY:
            return f"{form.ruleset.currency}{scaled}"
        case Kind.DATE:
            return f"days since {EPOCH}"
        case Kind.ENUM:
            return f"one of {', '.join(type_.members)}"
        case Kind.TEXT:
            return f"text of at most {TEXT_LENGTH_MAX} characters"
        case Kind.PERSON:
            return f"text of at most {TEXT_LENGTH_MAX} characters; NFKC, case folded, without blanks"
        case Kind.YES_NO:
            return "true or false"
        case Kind.LIST:
            return f"at most {type_.high:,} records of {', '.join(field.name for field in type_.fields)}"
    return f"{type_.kind.value}{scaled}"
