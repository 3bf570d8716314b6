"""`credence sql`: the policies as one SQL query, as text for a warehouse. And what policies can't be said in SQL."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, print_diagnostics, refuse
from api.cli.options import CASE_OPTION, RULES, RUNNING, DayOption, RulesOption, as_of_day, case_kind
from api.cli.policy_folder import engine_of
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from files import extras

NEEDS_BULK = f"bulk needs its libraries; install them with `{extras.BULK}`"
"""What is said where the extra `bulk` is not installed."""


class Target(StrEnum):
    """Whose SQL is printed. Members are those of `engine.lowering.sql.dialect.DIALECTS`, spelled here since the extra
    `bulk` may be missing; a test holds both equal.
    """

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"
    SNOWFLAKE = "snowflake"
    BIGQUERY = "bigquery"


def sql(
    *,
    case: Annotated[str, CASE_OPTION],
    as_of: DayOption = None,
    dialect: Annotated[
        Target, typer.Option("--dialect", help="Whose SQL.", show_default=True, rich_help_panel=RUNNING)
    ] = Target.DUCKDB,
    rules: RulesOption = RULES,
) -> None:
    """Print the policies as one SQL query over a relation `facts`, with one column for each value and rule.

    A fact `order.amount` is the column `order_amount`: amounts in minor units, rates and numbers times 1000000, dates
    as days since 1970-01-01, everything whole. A comment at the top names each column that is read, with its unit and
    range, and what comes out.

    Example:  credence sql --case order --as-of 2026-07-01 --dialect snowflake

    Exit code: 0 printed, 1 a policy has mistakes or can't run in bulk, 2 wrong usage.
    """
    try:
        from engine.lowering.sql.dialect import DIALECTS
        from engine.lowering.sql.query_comment import header_comment
        from engine.lowering.sql.sql_form import SqlForm
    except ImportError:
        refuse(NEEDS_BULK)
    kind, engine = case_kind(case), engine_of(rules)
    when = as_of_day(as_of, engine)
    ruleset = engine.ruleset(kind, when)
    refuse_what_sql_cannot_say(ruleset, lists=DIALECTS[dialect].has_record_arrays)
    warn_where_no_rule_decides(ruleset)
    form = SqlForm(ruleset, dialect, day_number(when))
    query = form.text()
    sys.stdout.write(header_comment(form, query, when) + query)


def refuse_what_sql_cannot_say(ruleset: RuleSet, *, lists: bool = False) -> None:
    """Prints each place of the policies that has no SQL form (the diagnostics `B…`), and ends the command. `lists`:
    whether the query may read columns of lists of records."""
    from engine.lowering.sql.portability import portability_mistakes

    if mistakes := portability_mistakes([ruleset], lists=lists):
        print_diagnostics(err(), mistakes, {})
        raise typer.Exit(FOUND_PROBLEMS)


def warn_where_no_rule_decides(ruleset: RuleSet) -> None:
    """One line where every row will wait for a person, since no rule decides this kind of case.

    no rule decides portfolio cases, as none can give `review` or worse: every row is `review`
    """
    if not ruleset.is_decided:
        caution = CASE_KINDS[ruleset.case].caution
        none = f"no rule decides {ruleset.case} cases, as none can give `{caution}` or worse"
        err().print(Text(f"{none}: every row is `{caution}`", "yellow"))
