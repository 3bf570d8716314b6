"""`credence sql` prints a query that an engineer can fill and read with nothing but the comment above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.command_line import DUNNING, ORDERS, credence, desk
from tests.support.steps import long_after

KINDS = tuple(CASE_KINDS)
DIALECTS = ("duckdb", "spark", "postgres", "snowflake", "bigquery")


@cache
def printed(*options: str | Path) -> str:
    result = credence("sql", "--as-of", "2026-07-01", *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def columns_told(text: str) -> tuple[dict[str, str], set[str]]:
    """Those that the comment says are read, each with its SQL type, and those that it says are given."""
    comment = [line for line in text.splitlines() if line.startswith("--")]
    start = next(number for number, line in enumerate(comment) if line.startswith("-- Gives"))
    return dict(_columns(comment[:start])), {name for name, _ in _columns(comment[start:])}


def _columns(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if found := re.match(r"--   (\w+) +(\S+)", line):
            yield found[1], found[2]


@pytest.mark.parametrize("kind", long_after(1, ["limit", *(kind for kind in KINDS if kind != "limit")]))
def test_a_table_made_from_the_comment_is_all_that_the_query_needs(kind: str) -> None:
    """With exactly the columns told it runs, with any of them missing it doesn't; it gives what is told."""
    text = printed("--case", kind)
    read, given = columns_told(text)
    assert read
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE facts ({', '.join(f'{name} {type_}' for name, type_ in read.items())})")
        found = {name for name, *_ in connection.execute(f"DESCRIBE {text}").fetchall()}
        for name in read:
            connection.execute("BEGIN")
            connection.execute(f"ALTER TABLE facts RENAME COLUMN {name} TO not_there")
            with pytest.raises(duckdb.BinderException, match=name):
                connection.execute(text)
            connection.execute("ROLLBACK")
    words = {"outcome", "actions"} if "Gives `actions`" in text else {"outcome"}
    assert {name for name in found if not name.startswith("rule_")} == {f"{kind}_id", *words, *given}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", long_after(1, ["portfolio", "order"]))
def test_the_comment_changes_no_query_and_names_the_same_columns_in_every_dialect(kind: str, dialect: str) -> None:
    text = printed("--case", kind, "--dialect", dialect)
    query = sqlglot.parse_one(text, read=dialect)
    without = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("--"))
    assert isinstance(query, exp.Select)
    assert query.sql(comments=False) == sqlglot.parse_one(without, read=dialect).sql(comments=False)
    read, given = columns_told(text)
    plain = columns_told(printed("--case", kind))
    assert (read.keys(), given) == (plain[0].keys(), plain[1])


def test_units_ranges_and_what_is_required_are_told(tmp_path: Path) -> None:
    text = printed("--case", "order", "--rules", desk(tmp_path / "rules"), "--dialect", "bigquery")
    [version] = re.findall(
        r"^-- credence: decisions about order cases as of 2026-07-01, policy set ([0-9a-f]{64})$", text, re.M
    )
    assert version in credence("check", tmp_path / "rules").stdout
    for line in (
        "--   order_id                             STRING   text of at most 200 characters; required",
        "--   order_amount                         INT64    EUR in units of 0.01, "
        "from -100000000000000000 to 100000000000000000; required",
        "--   account_insolvent                    BOOLEAN  true or false",
        "-- Gives `outcome`, one of approve, approve_with_conditions, hold, reject.",
        "--   condition_deposit                    EUR in units of 0.01",
    ):
        assert line in text.splitlines()


def test_a_word_of_a_policy_can_not_end_the_comment(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "dunning.yaml").write_text(DUNNING.replace("step: wait", r'step: "wait\n; DROP TABLE facts"'))
    text = printed("--case", "invoice", "--rules", rules)
    assert [line for line in text.splitlines() if line.startswith("--") and "DROP TABLE" in line]
    assert isinstance(sqlglot.parse_one(text, read="duckdb"), exp.Select)


def test_a_list_is_told_as_one(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    collected = DUNNING.replace("hit: first", "hit: collect").replace('step = "remind"', "true")
    (rules / "dunning.yaml").write_text(collected)
    text = printed("--case", "invoice", "--rules", rules)
    assert "--   dunning_step                         list: one of none, remind, wait\n" in text


def test_that_no_rule_decides_is_said_where_it_is_seen(tmp_path: Path) -> None:
    result = credence("sql", "--case", "account", "--rules", desk(tmp_path / "rules"))
    assert result.exit_code == 0
    assert result.stderr == (
        "no rule decides account cases, as none can give `review` or worse: every row is `review`\n"
    )
    assert "-- No rule decides account cases: the outcome is always `review`.\n" in result.stdout


def test_a_policy_that_can_not_run_in_bulk_is_a_mistake_to_both_commands(tmp_path: Path) -> None:
    """Exit code 1, as for `credence check`, with the same line and nothing written."""
    rules = desk(tmp_path / "rules")
    spelled = ORDERS.replace("when: account.insolvent", "when: 'upper case(account.id) = \"C-1\"'")
    (rules / "orders.yaml").write_text(spelled, encoding="utf-8")
    (tmp_path / "in.csv").write_text("order.id,order.amount,account.id\nS1,1,C\n")
    out = ("--out", tmp_path / "out.csv")
    for command in (("sql",), ("batch", tmp_path / "in.csv", *out)):
        result = credence(*command, "--case", "order", "--rules", rules)
        assert (result.exit_code, result.stdout) == (1, "")
        [line] = result.stderr.splitlines()
        assert "orders.yaml:14:12: B001 this policy can't run in bulk: databases disagree about `upper case`" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "rules"]
