"""Typed constants in SQL: no database may take plain digits for less than the arithmetic needs.

The policies are random ones, written as an author writes them (`random_policies`); `test_sql_form` runs some of them
on PostgreSQL and Spark too. For the databases that can't run here the query itself is looked through.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DIALECTS
from engine.lowering.sql.sql_form import SqlForm
from engine.ruleset.ruleset import RuleSet
from tests.support.random_policies import DAY, policy_ruleset
from tests.support.random_rulesets import facts_near_thresholds
from tests.support.small_policies import REASON, engine_of
from tests.support.sql_against_engine import compare, compare_decisions, on_duckdb
from tests.support.steps import long_after

SEEDS = range(6)


@pytest.mark.parametrize("seed", long_after(2, SEEDS))
def test_random_policies_with_typed_constants_agree_on_duckdb(seed: int) -> None:
    ruleset = ruleset_of(seed)
    rows = list(facts_near_thresholds(ruleset, seed, 300))
    assert compare(ruleset, rows, "duckdb", on_duckdb) == 300


def test_their_decisions_agree_as_callers_get_them() -> None:
    ruleset = policy_ruleset(20)
    rows = [row for row in facts_near_thresholds(ruleset, 20, 200) if "\0" not in str(row)]
    assert compare_decisions(ruleset, rows, "duckdb", on_duckdb) == len(rows) > 100


def test_the_policies_have_what_databases_would_get_wrong() -> None:
    """Products and quotients of constants, choices among constants, lists, sums of table rows, dated parameters."""
    texts = [query(seed, "duckdb") for seed in SEEDS]
    for part in ("AS BIGINT) *", "AS BIGINT) +", "AS BIGINT) -", "LIST_CONCAT", "INT128", "ABS("):
        assert any(part in text for text in texts), part


@cache
def ruleset_of(seed: int) -> RuleSet:
    return policy_ruleset(seed)


def query(seed: int, dialect: str) -> str:
    return SqlForm(ruleset_of(seed), dialect).text()


# --- looked through --------------------------------------------------------------------------------------------------

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)
_SHORT = (exp.Length, exp.Extract)


def is_short(sql: Expr, columns: Mapping[str, bool]) -> bool:
    """Some database may compute it in 32 bits. `columns` says it of those that are worked out; facts are BIGINT."""
    match sql:
        case exp.Literal():
            return not sql.is_string and abs(int(sql.this)) < 2**31
        case exp.Column():
            return columns.get(sql.name.lower(), False)
        case exp.Paren() | exp.Neg() | exp.Coalesce() | exp.Nullif() | exp.Abs():
            return is_short(sql.this, columns)
        case exp.Cast():
            return sql.to.this is exp.DataType.Type.INT
        case exp.Case():
            results = [branch.args["true"] for branch in sql.args["ifs"]] + [sql.args.get("default")]
            given = [each for each in results if each is not None and not isinstance(each, exp.Null)]
            return all(is_short(each, columns) for each in given)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Mod() | exp.IntDiv():
            return is_short(sql.left, columns) and is_short(sql.right, columns)
    return isinstance(sql, _SHORT)


def short_arithmetic(text: str, dialect: str) -> list[str]:
    """Sums and products of two numbers that may have 32 bits. A text's length and a place in it can't leave those."""
    parsed = sqlglot.parse_one(text, read=dialect)
    assert isinstance(parsed, exp.Select)
    columns: dict[str, bool] = {}
    short_operands: list[str] = []
    for select in (*(table.this for table in parsed.ctes), parsed):
        for column in select.selects:
            sums = [] if column.find(exp.Length) else column.find_all(*_ARITHMETIC)
            short = (node for node in sums if is_short(node.left, columns) and is_short(node.right, columns))
            short_operands += [node.sql(dialect) for node in short]
            if column.alias:
                columns[column.alias.lower()] = is_short(column.this, columns)
    return short_operands


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_no_database_is_given_arithmetic_of_plain_digits_alone(dialect: str) -> None:
    for seed in (0, 1):
        assert short_arithmetic(query(seed, dialect), dialect) == []


def test_such_arithmetic_is_found() -> None:
    choice = "CASE WHEN a THEN 90 ELSE 80 END AS k, b FROM facts"
    planted = f"WITH level_1 AS (SELECT {choice}) SELECT k * 1000000 AS x FROM level_1"
    assert short_arithmetic(planted, "duckdb") == ["k * 1000000"]
    assert short_arithmetic(planted.replace("k *", "CAST(k AS BIGINT) *"), "duckdb") == []


# --- cases by name ---------------------------------------------------------------------------------------------------

NAMED = {
    "a parameter over a count": "k / account.level > 1",
    "a choice of constants times a constant": "(if account.flag then k else 80.5) * 1000000 > account.ratio",
    "a choice of constants over a count": "(if account.flag then k else 80.5) / account.level > 1",
    "a sum of choices": "(if account.flag then 2000000000 else 1) + (if account.flag then 2000000000 else 1) > 5",
    "a length times a constant": "string length(account.word) * 1000000000 > 5",
    "a place beyond every text": 'substring(account.word, 3000000000) = "x"',
    "a length beyond every text": 'substring(account.word, 1, 3000000000) = "x"',
    "a negative constant": "-k * 1000000 / account.level < account.ratio",
}


@pytest.mark.parametrize("name", list(NAMED))
def test_a_constant_is_as_wide_as_its_arithmetic_needs(name: str) -> None:
    policy = (
        "parameters: {k: {type: number, value: 90, title: {en: k, zh: k}}}\n"
        f"rules:\n  r:\n    when: '{NAMED[name]}'\n    then: watch\n    reason: {REASON}\n"
    )
    ruleset = engine_of(policy).ruleset("account", DAY)
    assert compare(ruleset, list(facts_near_thresholds(ruleset, 1, 200)), "duckdb", on_duckdb) == 200
