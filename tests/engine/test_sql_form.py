"""The SQL form against the single-decision path: row for row the same values, rules and outcomes, in every database."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
import sqlglot

from engine import formula as f
from engine.formula import Constant, Formula, Variable, walk
from engine.interpret import Value, value_of
from engine.pipeline import Engine, load
from engine.python_form import PythonForm
from engine.ruleset import AS_OF, Match, Named, RuleSet
from engine.sql_check import check
from engine.sql_dialect import DIALECTS
from engine.sql_form import OUTCOME, Mask, SqlForm
from engine.vocabulary import CASE_KINDS, DATE, TEXT, YES_NO, Kind, Type
from tests.engine.generated import HERE, Case, facts_near_thresholds, random_ruleset
from tests.engine.generated_formulas import days

ROOT = Path(__file__).parents[2]
AS_OF_DAY = date(2026, 7, 1)
ROW = "row_no"


@cache
def default_policies() -> Engine:
    loaded = load({path.name: path.read_bytes() for path in (ROOT / "rules").glob("*.yaml")})
    assert loaded.engine, loaded.diagnostics
    return loaded.engine


# --- what the single-decision path says --------------------------------------------------------------------------------


class Expected(NamedTuple):
    outcomes: list[str]
    fired: list[list[str]]
    undetermined: list[list[str]]
    values: dict[str, list[Any]]


def expected(ruleset: RuleSet, cases: Sequence[Case], names: Sequence[str]) -> Expected:
    form = PythonForm(ruleset)
    slots = [form.slots[name] for name in names]
    first = len(form.matches) - len(ruleset.rules)
    kind = CASE_KINDS[ruleset.case]
    told = [kind.severity(rule.outcome) for rule in ruleset.rules]
    unsure = [kind.severity(rule.if_missing) if rule.if_missing else 0 for rule in ruleset.rules]
    found = Expected([], [], [], {name: [] for name in names})
    columns = [found.values[name] for name in names]
    for facts, as_of in cases:
        values, fired, undetermined, _ = form.match(facts, as_of)
        severities = [told[i - first] for i in fired if i >= first]
        severities += [unsure[i - first] for i in undetermined if i >= first]
        found.outcomes.append(kind.ladder[max(severities, default=0)])
        found.fired.append([form.matches[i] for i in fired])
        found.undetermined.append([form.matches[i] for i in undetermined])
        for column, slot in zip(columns, slots, strict=True):
            column.append(values[slot])
    return found


# --- what SQL says -----------------------------------------------------------------------------------------------------


def arrow_type(type_: Type) -> pa.DataType:
    kinds = {Kind.TEXT: pa.string(), Kind.ENUM: pa.string(), Kind.YES_NO: pa.bool_()}
    return kinds.get(type_.kind, pa.int64())


def relation(ruleset: RuleSet, form: SqlForm, cases: Sequence[Case]) -> pa.Table:
    columns = list(zip(*(facts for facts, _ in cases), strict=True))
    arrays = [pa.array(column, arrow_type(fact.type)) for column, fact in zip(columns, ruleset.facts, strict=True)]
    arrays.append(pa.array([as_of for _, as_of in cases], pa.int64()))
    arrays.append(pa.array(range(len(cases)), pa.int64()))
    return pa.table(arrays, names=[*(form.columns[fact.name] for fact in ruleset.facts), form.columns[AS_OF], ROW])


def ids_of(masks: Sequence[Mask], found: Mapping[str, Sequence[int]]) -> list[list[str]]:
    """Masks as lists of ids."""
    known: dict[tuple[int, ...], list[str]] = {}
    rows = []
    for bits in zip(*(found[mask.column] for mask in masks), strict=True):
        if bits not in known:
            pairs = zip(masks, bits, strict=True)
            known[bits] = [id_ for mask, word in pairs for i, id_ in enumerate(mask.ids) if word >> i & 1]
        rows.append(known[bits])
    return rows


def compare(
    ruleset: RuleSet, cases: Sequence[Case], dialect: str, run: Any, *, lists: bool = True, as_of: int | None = None
) -> int:
    """Fails with the row, the name and both values. `run(sql, relation)` gives a dict of columns."""
    form = SqlForm(ruleset, dialect, as_of)
    hit, unsure = form.row_masks()
    named = [step.name for step in ruleset.steps if not isinstance(step, Match)]
    named = [name for name in named if lists or name in ruleset.variables]
    wide = {name for name in named if name in ruleset.variables and max(map(abs, _bounds(ruleset, name))) >= 2**63}
    masks = [mask.column for group in (form.fired, form.undetermined, hit, unsure) for mask in group]
    texts = [sqlglot.exp.cast(form.columns[name], form.dialect.text_type).as_(form.columns[name]) for name in named]
    wanted = [t if name in wide else form.columns[name] for name, t in zip(named, texts, strict=True)]
    query = form.query([ROW, OUTCOME, *masks, *wanted]).sql(dialect=dialect)
    found = in_order(run(query, relation(ruleset, form, cases)))
    said = expected(ruleset, cases, named)
    _same("outcome", said.outcomes, found[OUTCOME], cases)
    groups = ((said.fired, hit, form.fired), (said.undetermined, unsure, form.undetermined))
    for (ids, rows, rules), name in zip(groups, ("fired", "undetermined"), strict=True):
        pairs = zip(ids_of(rows, found) if rows else [[]] * len(cases), ids_of(rules, found), strict=True)
        _same(name, ids, [own + other for own, other in pairs], cases)
    for name in named:
        column = found[form.columns[name]]
        if name in wide:
            column = [None if value is None else int(value) for value in column]
        _same(name, said.values[name], column, cases)
    return len(cases)


def in_order(found: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """A database gives rows as it likes."""
    order = sorted(range(len(found[ROW])), key=found[ROW].__getitem__)
    return {name: [column[row] for row in order] for name, column in found.items()}


def _bounds(ruleset: RuleSet, name: str) -> tuple[int, int]:
    return ruleset.variables[name].low, ruleset.variables[name].high


def _same(name: str, said: Sequence[Any], found: Sequence[Any], cases: Sequence[Case]) -> None:
    if said == found:
        return
    for row, (mine, theirs) in enumerate(zip(said, found, strict=True)):
        mine, theirs = (list(v) if isinstance(v, tuple | list) else v for v in (mine, theirs))
        assert mine == theirs, f"row {row}, {name}: one decision {mine!r}, SQL {theirs!r}; facts {cases[row]}"


def on_duckdb(query: str, table: pa.Table) -> dict[str, list[Any]]:
    connection = duckdb.connect()
    connection.register("facts", table)
    found: dict[str, list[Any]] = connection.sql(query).to_arrow_table().to_pydict()
    return found


# --- random rule sets --------------------------------------------------------------------------------------------------


def without_refused(ruleset: RuleSet) -> RuleSet:
    """Drops what bulk refuses, and what reads it."""
    gone: set[str] = set()

    def bad(formulas: Iterable[Formula]) -> bool:
        return any(
            (isinstance(node, Variable) and node.name in gone) for formula in formulas for node in walk(formula)
        )

    def refused(steps: tuple[Any, ...], rules: tuple[Any, ...]) -> bool:
        return bool(check(replace(ruleset, steps=steps, rules=rules)))

    steps = []
    for step in ruleset.steps:
        formulas = _formulas_of(step)
        entries = [row for row, _ in step.entries] if hasattr(step, "entries") else []
        if refused((step,), ()) or bad(formulas) or gone.intersection(entries):
            gone.add(step.id if isinstance(step, Match) else step.name)
        else:
            steps.append(step)
    rules = tuple(
        rule
        for rule in ruleset.rules
        if not refused((), (rule,)) and not bad(conjunct.formula for conjunct in rule.match.conjuncts)
    )
    return replace(ruleset, steps=tuple(steps), rules=rules)


def _formulas_of(step: Any) -> list[Formula]:
    if isinstance(step, Named):
        return [step.formula]
    if isinstance(step, Match):
        return [conjunct.formula for conjunct in step.conjuncts]
    return [output for _, output in step.entries]


@pytest.mark.parametrize("part", range(8))
def test_random_rule_sets_agree_on_duckdb(part: int) -> None:
    kept = 0
    for seed in range(part * 15, part * 15 + 15):
        ruleset = without_refused(random_ruleset(seed))
        kept += len(ruleset.rules)
        try:
            compare(ruleset, list(facts_near_thresholds(ruleset, seed, 1_000)), "duckdb", on_duckdb)
        except Exception as e:
            raise AssertionError(f"seed {seed}: {str(e)[:1500]}") from None
    assert kept > 15


@pytest.mark.parametrize("case", list(CASE_KINDS))
def test_default_policies_agree_on_duckdb(case: str) -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    assert check(ruleset) == ()
    compare(ruleset, list(facts_near_thresholds(ruleset, 1, 20_000)), "duckdb", on_duckdb)
