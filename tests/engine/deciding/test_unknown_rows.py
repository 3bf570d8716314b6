"""An unknown row nulls an output only where it could change it: settled in all ways, by hand, beside every lowering.

The oracle knows nothing of formulas. It works out each row's conditions and outputs in fractions, lets every unknown
row be hit and not hit, reads the hit policy's words once for each way, and looks whether all ways say the same.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import NamedTuple, cast

import pytest

from engine.deciding.matcher import Matcher
from engine.deciding.missing import MissingInputs, left_open
from engine.pipeline import Engine, load
from engine.reading.policy import HitPolicy
from engine.ruleset.interpret import Result, run
from engine.ruleset.ruleset import ListResult, RuleSet
from engine.vocabulary.binding import Value
from tests.support.small_policies import AS_OF, FACTS
from tests.support.sql_against_engine import compare, on_duckdb
from tests.support.steps import one_in

SETS = 16
CASES = 60
AS_OF_DAY = 20_000
HITS = (
    "unique",
    "any",
    "first",
    "first",
    "priority",
    "rule-order",
    "output-order",
    "collect",
    "collect sum",
    "collect min",
    "collect max",
    "collect count",
)
"""Every hit policy: a table of each is made for every set."""

LISTS = ("rule-order", "output-order", "collect")
WORDS = ("stop", "warn", "pass")

Facts = Mapping[str, Value]
"""The facts of `checking.FACTS` by their names without the group: numbers at their scale, None where missing."""

Known = Fraction | str | bool | None
Cells = Sequence[tuple[str, Callable[[Facts], Known]]]


def number(name: str, scale: int, times: Fraction = Fraction(1)) -> Callable[[Facts], Known]:
    def worked_out(facts: Facts) -> Known:
        value = facts[name]
        return None if value is None else Fraction(cast(int, value), 10**scale) * times

    return worked_out


def fixed(value: Known) -> Callable[[Facts], Known]:
    return lambda _: value


def unless_no_points(facts: Facts) -> Known:
    points = facts["points"]
    return None if points is None or points == 0 else Fraction(cast(int, points))


NUMBERS: Cells = (
    *((str(value), fixed(Fraction(value))) for value in (0, 0, 1, 2, 3)),
    ("null", fixed(None)),
    ('"= account.points"', number("points", 0)),
    ('"= account.level"', number("level", 0)),
    ('"= if account.points = 0 then null else account.points"', unless_no_points),
)
AMOUNTS: Cells = (
    *((str(value), fixed(Fraction(value))) for value in (0, 1, 2, -1)),
    ("null", fixed(None)),
    ('"= account.cap"', number("cap", 2)),
)
FINE_AMOUNTS: Cells = (
    ('"= account.cap * 0.004"', number("cap", 2, Fraction(4, 1000))),
    ('"= account.cap * 0.001"', number("cap", 2, Fraction(1, 1000))),
    ('"= 0 - account.cap * 0.003"', number("cap", 2, Fraction(-3, 1000))),
    ("0", fixed(Fraction(0))),
)
CHOICES: Cells = (*((word, fixed(word)) for word in WORDS), ("null", fixed(None)))
COLORS: Cells = (("red", fixed("red")), ("blue", fixed("blue")), ('"= account.color"', lambda facts: _word(facts)))
SWITCHES: Cells = (("true", fixed(True)), ("false", fixed(False)), ("null", fixed(None)))


def _word(facts: Facts) -> Known:
    color = facts["color"]
    return None if color is None else str(color)


class Column(NamedTuple):
    """`declared`: its cells are rounded to cents one by one."""

    cells: Cells
    declaration: str
    declared: bool = False


NUMBER_COLUMNS = {
    "number": Column(NUMBERS, ""),
    "amount": Column(AMOUNTS, "type: money", True),
    "fine": Column(FINE_AMOUNTS, ""),
}
OTHER_COLUMNS = {
    "choice": Column(CHOICES, "order: [stop, warn, pass]"),
    "color": Column(COLORS, "members: [red, blue]"),
    "switch": Column(SWITCHES, ""),
}

Condition = tuple[str, str, Callable[[Value], bool]]
"""A fact, the cell's text, and what it says of a known value."""


def below(bound: int) -> Condition:
    return "points", f'"< {bound}"', lambda value: int(value or 0) < bound


def from_(bound: int) -> Condition:
    return "points", f'">= {bound}"', lambda value: int(value or 0) >= bound


def at_least(days: int) -> Condition:
    return "wait", f'">= {days}"', lambda value: int(value or 0) >= days


def of_color(word: str) -> Condition:
    return "color", word, lambda value: value == word


def flagged(value: bool) -> Condition:
    return "flag", str(value).lower(), lambda found: found is value


CONDITIONS: Sequence[Condition] = (
    *(make(bound) for make in (below, from_) for bound in (1, 3, 6)),
    *(of_color(word) for word in ("red", "blue")),
    *(flagged(value) for value in (True, False)),
    *(at_least(days) for days in (1, 30)),
)


@dataclass(frozen=True)
class Row:
    conditions: tuple[Condition, ...]
    outputs: Mapping[str, tuple[str, Callable[[Facts], Known]]]


@dataclass(frozen=True)
class RandomTable:
    name: str
    hit: str
    columns: Mapping[str, Column]
    rows: Sequence[Row]

    def text(self) -> str:
        outputs = ", ".join(
            f"{self.full(name)}: {{{column.declaration}}}"
            for name, column in self.columns.items()
            if self._declares(name)
        )
        lines = [f"  {self.name}:", f"    hit: {self.hit}", f"    outputs: {{{outputs}}}", "    rows:"]
        for row in self.rows:
            when = ", ".join(f"account.{fact}: {text}" for fact, text, _ in row.conditions)
            then = ", ".join(f"{self.full(name)}: {text}" for name, (text, _) in row.outputs.items())
            lines.append(f"      - {{when: {{{when}}}, then: {{{then}}}}}")
        return "\n".join(lines) + "\n"

    def _declares(self, name: str) -> bool:
        ordered = self.hit in ("priority", "output-order")
        return bool(self.columns[name].declaration) and (ordered or name != "choice")

    def full(self, name: str) -> str:
        return f"{self.name}_{name}"


# --- random tables ---------------------------------------------------------------------------------------------------


def random_table(name: str, hit: str, chance: random.Random) -> RandomTable:
    """May be refused by the check: its rows overlap, contradict or hide one another."""
    pool = dict(NUMBER_COLUMNS)
    if not hit.startswith("collect "):
        pool |= OTHER_COLUMNS
    names = chance.sample(list(pool), 2)
    if hit in ("priority", "output-order"):
        names = ["choice", next(other for other in names if other != "choice")]
    columns = {each: pool[each] for each in names}
    shapes = partition(chance) if hit in ("unique", "any") else overlapping(hit, chance)
    rows = []
    same: dict[str, tuple[str, Callable[[Facts], Known]]] = {}
    for conditions in shapes:
        drawn = {each: chance.choice(column.cells) for each, column in columns.items()}
        same = same or drawn
        rows.append(Row(conditions, same if hit == "any" and chance.random() < 0.9 else drawn))
    return RandomTable(name, hit, columns, rows)


def partition(chance: random.Random) -> list[tuple[Condition, ...]]:
    bound = chance.choice((1, 3, 6))
    low: list[tuple[Condition, ...]] = [(below(bound),)]
    high: list[tuple[Condition, ...]] = [(from_(bound),)]
    if chance.random() < 0.6:
        low = [(below(bound), flagged(True)), (below(bound), flagged(False))]
    if chance.random() < 0.4:
        high = [(from_(bound), of_color("red")), (from_(bound), of_color("blue"))]
    extra = [(chance.choice(CONDITIONS),)] if chance.random() < 0.5 else []
    return [*low, *high, *extra]


def overlapping(hit: str, chance: random.Random) -> list[tuple[Condition, ...]]:
    shapes: list[tuple[Condition, ...]] = []
    for _ in range(chance.randint(2, 5)):
        picked = chance.sample(CONDITIONS, chance.choice((1, 1, 2)))
        if len({fact for fact, _, _ in picked}) == len(picked):
            shapes.append(tuple(picked))
    if hit in ("first", "priority") or chance.random() < 0.5:
        whole: list[tuple[Condition, ...]] = [()] if chance.random() < 0.6 else [(below(3),), (from_(3),)]
        shapes += whole
    if hit == "priority" or hit.startswith("collect"):
        chance.shuffle(shapes)
    return shapes or [()]


@cache
def policy_set(seed: int) -> tuple[Engine, tuple[RandomTable, ...]]:
    chance = random.Random(seed)
    tables = tuple(accepted(f"t{index}", hit, chance) for index, hit in enumerate(HITS))
    return _loaded(tables), tables


def accepted(name: str, hit: str, chance: random.Random) -> RandomTable:
    for _ in range(1_000):
        table = random_table(name, hit, chance)
        if not load(_files([table])).diagnostics:
            return table
    raise AssertionError("no table passes the check")


def _files(tables: Sequence[RandomTable]) -> dict[str, bytes]:
    text = (
        "policy: p\ntitle: {en: P, zh: 策略}\ndecides: account\ntables:\n"
        + "".join(map(RandomTable.text, tables))
        + "...\n"
    )
    facts = "policies: [p]\n" + FACTS.format(currency="EUR") + "...\n"
    return {"facts.yaml": facts.encode(), "p.yaml": text.encode()}


def _loaded(tables: Sequence[RandomTable]) -> Engine:
    loaded = load(_files(tables))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def random_facts(ruleset: RuleSet, seed: int) -> Iterator[tuple[Value, ...]]:
    chance = random.Random(seed)
    pools: dict[str, Sequence[Value]] = {
        "id": ("C-1",),
        "points": (0, 1, 2, 3, 5, 6, 9),
        "level": (0, 1, 3),
        "wait": (0, 1, 30),
        "cap": (0, 1, 100, -100, 200, 125, 499, -501, 10_000),
        "color": ("red", "blue"),
        "flag": (True, False),
    }
    names = [fact.name.partition(".")[2] for fact in ruleset.facts]
    for _ in range(CASES):
        missing = chance.choice((0.0, 0.2, 0.5))
        yield tuple(
            None
            if name not in pools or (name not in ("id", "level") and chance.random() < missing)
            else chance.choice(pools[name])
            for name in names
        )


# --- the oracle ------------------------------------------------------------------------------------------------------


class Said(NamedTuple):
    value: object
    is_open: bool  # unknown rows leave it open


def said(table: RandomTable, name: str, facts: Facts, scale: int) -> Said:
    states = [state(row, facts) for row in table.rows]
    column = table.columns[name]
    values = [row.outputs[name][1](facts) for row in table.rows]
    values = [rounded(value, 2) for value in values] if column.declared else values
    ranks = [rank(row) for row in table.rows]
    ways = [(True, False) if each is None else (each,) for each in states]
    results = [outcome(table.hit, hit, values, ranks, scale) for hit in itertools.product(*ways)]
    is_open = any(result != results[0] for result in results)
    return Said(None if is_open else results[0], is_open)


def outputs_known(table: RandomTable, name: str, facts: Facts) -> bool:
    """Whether no row's output is null for want of a fact; a `null` that is written is known."""
    return all(text == "null" or give(facts) is not None for text, give in (row.outputs[name] for row in table.rows))


def state(row: Row, facts: Facts) -> bool | None:
    parts = [None if facts[fact] is None else holds(facts[fact]) for fact, _, holds in row.conditions]
    return False if False in parts else None if None in parts else True


def rank(row: Row) -> int:
    word = row.outputs["choice"][0] if "choice" in row.outputs else ""
    return WORDS.index(word) if word in WORDS else len(WORDS)


def outcome(hit: str, hits: Sequence[bool], values: Sequence[Known], ranks: Sequence[int], scale: int) -> object:
    """What the hit policy says where it is known of every row whether it is hit."""
    rows = [index for index, is_hit in enumerate(hits) if is_hit]
    if hit in ("priority", "output-order"):
        rows.sort(key=lambda index: (ranks[index], index))
    found = [values[index] for index in rows]
    if hit in LISTS:
        return tuple(rounded(value, scale) for value in found)
    if hit == "collect count":
        return Fraction(len(found))
    if hit == "collect sum":
        return None if None in found else rounded(sum((part for part in found if part is not None), Fraction(0)), scale)
    if hit in ("collect min", "collect max"):
        numbers = [part for part in found if isinstance(part, Fraction)]
        whole = bool(found) and len(numbers) == len(found)
        return rounded((min if hit == "collect min" else max)(numbers), scale) if whole else None
    return rounded(found[0], scale) if found else None


def rounded(value: Known, scale: int) -> Known:
    if not isinstance(value, Fraction):
        return value
    whole = value * 10**scale
    return Fraction(round(whole), 10**scale)  # half-even


def shown(value: Result, scale: int) -> object:
    if isinstance(value, tuple):
        return tuple(shown(item, scale) for item in value)
    return Fraction(value, 10**scale) if type(value) is int else value


# --- held against it -------------------------------------------------------------------------------------------------


def scales(ruleset: RuleSet) -> dict[str, int]:
    found = {name: type_.scale for name, type_ in ruleset.variables.items()}
    for step in ruleset.steps:
        if isinstance(step, ListResult):
            found[step.name] = step.element.scale
    return found


def test_every_hit_policy_takes_part() -> None:
    assert set(HITS) == set(HitPolicy)


@pytest.mark.parametrize("seed", one_in(3, range(SETS)))
def test_an_output_is_null_exactly_where_unknown_rows_could_change_it(seed: int) -> None:
    """The plain evaluator, the generated Python and the Rete networks; and which tables are said to be left open."""
    engine, tables = policy_set(seed)
    ruleset = engine.ruleset("account", AS_OF)
    matcher = Matcher(ruleset)
    search = MissingInputs(ruleset)
    digits = scales(ruleset)
    described = {table.id: table for table in ruleset.tables}
    for values in random_facts(ruleset, seed):
        facts = dict(zip((fact.name.partition(".")[2] for fact in ruleset.facts), values, strict=True))
        found = run(ruleset, dict(zip((fact.name for fact in ruleset.facts), values, strict=True)), AS_OF_DAY)
        matched = matcher.match(values, AS_OF_DAY)
        assert matched.disagreement is None
        assert matched.values == [found.variables[name] for name in matcher.python.slots]
        plain = {name: value for name, value in found.variables.items() if not isinstance(value, tuple)}
        nulls = {name: None if value is None else True for name, value in found.variables.items()}
        for table in tables:
            full = {f"p.{table.full(name)}": name for name in table.columns}
            expected = {name: said(table, column, facts, digits[name]) for name, column in full.items()}
            got = {name: shown(found.variables[name], digits[name]) for name in expected}
            assert got == {name: each.value for name, each in expected.items()}, (table.text(), facts)
            unknown = set(found.undetermined)
            open_ = left_open(described[f"p.{table.name}"], unknown, nulls, search.search(plain))
            certainly_open = {name for name, each in expected.items() if each.is_open}
            assert certainly_open <= set(open_) <= {name for name, value in got.items() if value is None}
            if table.hit not in ("collect sum", "collect min", "collect max"):
                told = {name for name, column in full.items() if outputs_known(table, column, facts)}
                assert told & set(open_) == told & certainly_open, (table.text(), facts)
    matcher.close()


@pytest.mark.parametrize("seed", range(SETS))
def test_duckdb_says_the_same(seed: int) -> None:
    ruleset = policy_set(seed)[0].ruleset("account", AS_OF)
    cases = [(values, AS_OF_DAY) for values in random_facts(ruleset, seed)]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def test_the_random_tables_are_worth_something() -> None:
    """For each hit policy outputs that unknown rows leave open and, but where each row counts, outputs they don't."""
    found: Counter[tuple[str, str]] = Counter()
    for seed in range(SETS):
        engine, tables = policy_set(seed)
        ruleset = engine.ruleset("account", AS_OF)
        digits = scales(ruleset)
        for values in random_facts(ruleset, seed):
            facts = dict(zip((fact.name.partition(".")[2] for fact in ruleset.facts), values, strict=True))
            for table in tables:
                if None in [state(row, facts) for row in table.rows]:
                    for name in table.columns:
                        each = said(table, name, facts, digits[f"p.{table.full(name)}"])
                        found[table.hit, "open" if each.is_open else "null" if each.value is None else "known"] += 1
    for hit in set(HITS):
        assert found[hit, "open"] > 20
    for hit in ("any", "first", "priority", "collect sum", "collect min", "collect max"):
        assert found[hit, "known"] > 20, hit
