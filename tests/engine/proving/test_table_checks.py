"""What is proved about tables, held against all values that their columns can take, one by one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

import pytest

from engine.compiling import arithmetic as a
from engine.compiling.expressions import Scope, compile_tests
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.feel.parse import parse_unary_tests
from engine.proving.regions import Domain, Region
from engine.proving.table_checks import check_match, check_table
from engine.reading.document import Scalar
from engine.reading.policy import Expression, HitPolicy
from engine.ruleset.formula import Formula, Variable
from engine.ruleset.interpret import verdict
from engine.ruleset.ruleset import Conjunct, Match
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import YES_NO, Kind, Type
from tests.support.small_policies import check

HERE = Place("t.yaml", 1, 1)
COLUMNS = (
    Variable(Type(Kind.INTEGER, scale=0, low=0, high=6), "a", nullable=True),
    Variable(Type(Kind.MONEY, scale=1, low=-3, high=3), "b", nullable=False),
    Variable(Type(Kind.ENUM, members=("x", "y", "z")), "c", nullable=True),
    Variable(YES_NO, "d", nullable=True),
)
NUMBERS = ["< {}", "<= {}", "> {}", ">= {}", "{}", "[{}..{}]", "({}..{}]", "[{}..{})", "({}..{})", "not({})", "{}, {}"]
NUMBERS += ["!= {}", "not({}, {})", "? > {} and ? < {}", "null", "not(null)", "null, {}", "< {}, > {}", "not(? > {})"]
WORDS = ["{}", "{}, {}", "not({})", "not({}, {})", "null", "null, {}", "not(null)", "!= {}"]


def cell(text: str) -> Expression:
    return Expression(parse_unary_tests(text), Scalar(place=HERE, value=text, text=text, quoted=True))


class Table:
    """A random small table; each conjunct beside its column, as `compile_table` gives them."""

    def __init__(self, seed: int, most_rows: int = 5) -> None:
        self.chance = random.Random(seed)
        self.columns = self.chance.sample(COLUMNS, self.chance.randint(1, 3))
        self.matches: list[Match] = []
        self.subjects: list[list[tuple[str, Formula]]] = []
        texts = [[self._cell(column) for column in self.columns] for _ in range(self.chance.randint(1, most_rows))]
        self.asking = {
            column.name
            for row in texts
            for column, text in zip(self.columns, row, strict=True)
            if text is not None and "null" in text
        }
        for number, row in enumerate(texts):
            self._row(number, row)

    def _cell(self, column: Variable) -> str | None:
        if self.chance.random() < 0.3:
            return None
        if column.type.kind is Kind.YES_NO:
            return self.chance.choice(["true", "false", "null", "not(true)"])
        if column.type.kind is Kind.ENUM:
            shape, values = self.chance.choice(WORDS), [f'"{word}"' for word in column.type.members]
        else:
            shape, values = self.chance.choice(NUMBERS), self._numbers(column)
        return shape.format(*self.chance.choices(values, k=2))

    @staticmethod
    def _numbers(column: Variable) -> list[str]:
        """The domain's values, those beside it, and some in between."""
        unit = 10**column.type.scale
        values = [str(number / unit) for number in range(column.type.low - 1, column.type.high + 2)]
        return [*values, *(str((number + 0.5) / unit) for number in (0, 2))]

    def _row(self, number: int, cells: Sequence[str | None]) -> None:
        conjuncts: list[Conjunct] = []
        subjects: list[tuple[str, Formula]] = []
        for column, text in zip(self.columns, cells, strict=True):
            if text is None:
                continue
            report: list[Diagnostic] = []
            scope = Scope(lambda _: None, lambda: ())
            formula = compile_tests(column, cell(text), scope, report, null_is_no=column.name in self.asking)
            assert formula is not None, (text, report)
            conjuncts.append(Conjunct(formula, text, HERE, (column.name,)))
            subjects.append((column.name, column))
        self.matches.append(Match(f"t#{number}", tuple(conjuncts), HERE))
        self.subjects.append(subjects)

    def cases(self) -> Iterator[dict[str, Value]]:
        """Every value of every column; null only where a row asks for it, as a table's domain has it."""
        values: list[list[Value]] = []
        for column in self.columns:
            own: list[Value] = list(column.type.members) or list(range(column.type.low, column.type.high + 1))
            if column.type.kind is Kind.YES_NO:
                own = [True, False]
            used = any(column.name == name for row in self.subjects for name, _ in row)
            values.append([*own, None] if column.nullable and column.name in self.asking and used else own)
        for case in itertools.product(*values):
            yield {column.name: value for column, value in zip(self.columns, case, strict=True)}

    def hits(self, case: dict[str, Value]) -> tuple[int, ...]:
        return tuple(index for index, match in enumerate(self.matches) if verdict(match, case) is True)

    def check(self, hit: HitPolicy) -> list[Diagnostic]:
        keys = [index % 2 for index in range(len(self.matches))]
        return check_table(self.matches, self.subjects, hit, keys, HERE)


def rows_said(report: Sequence[Diagnostic], code: str) -> set[str]:
    return {found.message.split("`")[1] for found in report if found.code == code}


@pytest.mark.parametrize("block", range(10))
def test_what_is_said_of_a_table_is_what_its_values_show(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        table = Table(seed)
        hits = [table.hits(case) for case in table.cases()]
        ids = [match.id for match in table.matches]
        possible = {ids[index] for found in hits for index in found}
        overlapping = {ids[late] for found in hits for late in found if any(early < late for early in found)}
        disagreeing = {
            ids[late] for found in hits for late in found if any(e < late and e % 2 != late % 2 for e in found)
        }
        gap = any(not found for found in hits) and any(table.subjects)

        unique = table.check(HitPolicy.UNIQUE)
        assert rows_said(unique, "L002") == overlapping, seed
        assert rows_said(unique, "L004") == set(ids) - possible, seed
        assert any(found.code == "L006" for found in unique) is gap, seed
        assert rows_said(unique, "L005") == set()
        assert rows_said(table.check(HitPolicy.ANY), "L003") == disagreeing, seed

        first = {ids[found[0]] for found in hits if found}
        assert rows_said(table.check(HitPolicy.FIRST), "L004") == set(ids) - first, seed


def test_gaps_are_said_in_words_that_name_no_covered_value() -> None:
    """On one column of whole numbers, the gaps that are named are exactly those there are (up to three)."""
    for seed in range(400):
        table = Table(seed, most_rows=3)
        if [column.name for column in table.columns] != ["a"] or not any(table.subjects):
            continue
        missing = {case["a"] for case in table.cases() if not table.hits(case)}
        said: set[Value] = set()
        gaps = [found.message for found in table.check(HitPolicy.UNIQUE) if found.code == "L006"]
        for message in gaps:
            said |= _values(message.removeprefix("no row covers `a`: "), missing)
        assert said <= missing, (seed, gaps)
        assert said == missing or len(gaps) == 3, (seed, gaps, missing)


def _values(words: str, everything: set[Value]) -> set[Value]:
    if words == "missing":
        return {None}
    if words == "no row covers anything" or words == "any value":
        return set(everything)
    low, high = 0, 6
    if words.startswith(">= "):
        low = int(words[3:])
    elif words.startswith("<= "):
        high = int(words[3:])
    else:
        ends = words.strip("[]").split("..")
        low, high = int(ends[0]), int(ends[-1])
    return set(range(low, high + 1))


def test_a_rule_is_said_never_to_fire_exactly_when_no_value_fires_it() -> None:
    """Conditions on single columns, so that columns don't depend on each other."""
    for seed in range(600):
        table = Table(seed, most_rows=1)
        (match,) = table.matches
        nulls = [[*_all(column), *([None] if column.nullable else [])] for column in table.columns]
        names = [column.name for column in table.columns]
        fires = any(verdict(match, dict(zip(names, case, strict=True))) for case in itertools.product(*nulls))
        report = check_match(match)
        assert (not report) is fires, (seed, [conjunct.text for conjunct in match.conjuncts])


def _all(column: Variable) -> list[Value]:
    if column.type.kind is Kind.YES_NO:
        return [True, False]
    return list(column.type.members) or list(range(column.type.low, column.type.high + 1))


def test_a_large_table_is_checked_in_reasonable_time_and_a_hostile_one_given_up() -> None:
    wide = Variable(Type(Kind.INTEGER, scale=0, low=0, high=10**9), "n", nullable=False)
    rows = [
        Match(f"t#{i}", (Conjunct(a.compare("=", wide, a.constant(wide.type, i)), str(i), HERE),), HERE)
        for i in range(400)
    ]
    subjects: list[list[tuple[str, Formula]]] = [[("n", wide)] for _ in rows]
    assert [found.code for found in check_table(rows, subjects, HitPolicy.FIRST, rows, HERE)] == ["L006"]
    columns = [Variable(Type(Kind.INTEGER, scale=0, low=0, high=10**6), f"n{i}", nullable=False) for i in range(40)]
    chance = random.Random(1)
    hostile, own = [], []
    for index in range(60):
        chosen = chance.sample(columns, 12)
        parts = tuple(Conjunct(a.compare(">", c, a.constant(c.type, chance.randint(0, 9))), "", HERE) for c in chosen)
        hostile.append(Match(f"h#{index}", parts, HERE))
        own.append([(c.name, c) for c in chosen])
    codes = {found.code for found in check_table(hostile, own, HitPolicy.PRIORITY, hostile, HERE)}
    assert codes <= {"L005", "L006"}


BEHIND_ANOTHER = {
    HitPolicy.UNIQUE: ["L002"],
    HitPolicy.ANY: ["L003"],
    HitPolicy.FIRST: ["L004"],
    HitPolicy.PRIORITY: [],
    HitPolicy.RULE_ORDER: [],
    HitPolicy.OUTPUT_ORDER: [],
    HitPolicy.COLLECT: [],
    HitPolicy.COLLECT_SUM: [],
    HitPolicy.COLLECT_MIN: [],
    HitPolicy.COLLECT_MAX: [],
    HitPolicy.COLLECT_COUNT: [],
}
"""What is said where a row holds only where the one above it holds too, and gives something else."""


@pytest.mark.parametrize("hit", HitPolicy)
def test_each_hit_policy_says_whether_rows_may_overlap(hit: HitPolicy) -> None:
    low, high = ("1", "2") if hit.startswith("collect ") else ("a", "b")
    outputs = "" if hit.startswith("collect ") else "  outputs: {n: {order: [b, a]}}\n"
    rows = ((">= 1", low), (">= 2", high), ("< 1", low))
    listed = "".join(f'    - {{when: {{account.level: "{test}"}}, then: {{n: {word}}}}}\n' for test, word in rows)

    found = check(f"table:\n  hit: {hit}\n{outputs}  rows:\n{listed}")

    assert [line.split()[1] for line in found] == BEHIND_ANOTHER[hit]


@pytest.mark.parametrize(("low", "high", "written"), [(0, 0, "red"), (1, 2, "green, blue"), (0, 2, "red, green, blue")])
def test_an_interval_of_words_lists_each_of_them(low: int, high: int, written: str) -> None:
    words = ("red", "green", "blue")
    domain = Domain(Type(Kind.ENUM, members=words), words, Region(((0, 2),), null=False))
    assert domain.in_words(low, high) == written
