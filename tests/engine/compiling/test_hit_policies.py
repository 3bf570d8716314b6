"""The worked examples in the docstring of `hit_policies` are what the formulas compute."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest

from engine.compiling import hit_policies
from engine.compiling.arithmetic import constant
from engine.compiling.decision_tables import COMBINED, LISTS, SINGLE_HIT
from engine.compiling.hit_policies import Combined, collected, single
from engine.reading.policy import HitPolicy
from engine.ruleset.formula import Variable
from engine.ruleset.interpret import value_of
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import YES_NO, Kind, Type
from tests.support.paths import ROOT

ROWS = tuple(Variable(YES_NO, f"p.table#{number}", nullable=True) for number in (1, 2, 3))
SIGNS: dict[str, bool | None] = {"+": True, "-": False, "?": None}
ONE_ROW_COUNTS, ALL_COUNT = (1, 2, 1), (5, 8, 3)


def examples() -> list[tuple[str, str, int | None]]:
    """Hit policy, signs of the three rows, result. A line without a name goes on with the names of the line before."""
    cases: list[tuple[str, str, int | None]] = []
    names: list[str] = []
    for line in (hit_policies.__doc__ or "").splitlines():
        if match := re.match(r"    (?P<names>[a-z ,]*?) +(?P<rows>[-+?] [-+?] [-+?])   (?P<result>null|\d)", line):
            names = match["names"].split(", ") if match["names"] else names
            result = None if match["result"] == "null" else int(match["result"])
            cases += [(name, match["rows"], result) for name in names]
    return cases


def combined(name: str) -> Combined:
    hit = HitPolicy(name)
    is_single = hit in SINGLE_HIT
    outputs = [constant(Type(Kind.INTEGER), value) for value in (ONE_ROW_COUNTS if is_single else ALL_COUNT)]
    if is_single:
        return single(hit, ROWS, outputs, (0, 1, 2), "p.out")
    return collected(hit, ROWS, outputs, "p.out", lambda formula: formula)


@pytest.mark.parametrize("hit", HitPolicy)
def test_a_hit_policy_that_nobody_handles_is_an_error_and_no_other_one(hit: HitPolicy) -> None:
    outputs = [constant(Type(Kind.INTEGER), value) for value in ALL_COUNT]
    one = nullcontext() if hit in SINGLE_HIT else pytest.raises(AssertionError, match=f"`{hit}`")
    together = nullcontext() if hit in COMBINED else pytest.raises(AssertionError, match=f"`{hit}`")

    with one:
        single(hit, ROWS, outputs, (0, 1, 2), "p.out")
    with together:
        collected(hit, ROWS, outputs, "p.out", lambda formula: formula)


def test_each_hit_policy_that_gives_no_list_has_an_example() -> None:
    without = {*LISTS, HitPolicy.PRIORITY}  # priority is said to be as first
    assert {name for name, _, _ in examples()} == set(HitPolicy) - without


def test_each_hit_policy_gives_one_row_s_output_or_a_list_or_a_number() -> None:
    assert sorted((*SINGLE_HIT, *LISTS, *COMBINED)) == sorted(HitPolicy)


def test_the_document_names_each_hit_policy_and_says_when_an_unknown_row_does_not_matter() -> None:
    page = (ROOT / "docs" / "policy-language.md").read_text("utf-8")
    named = page.partition("  hit: unique ")[2].partition("  outputs:")[0]
    unknown = page.partition("| hit policy | ")[2].partition("\n\n")[0]
    words = [word for line in named.splitlines() for word in re.split(r", *", line.partition("#")[2].strip())]

    assert sorted(word for each in words for word in ([each] if "collect" in each else each.split())) == sorted(
        HitPolicy
    )
    assert sorted(re.findall(r"`([a-z -]+)`", _first_cells(unknown))) == sorted(HitPolicy)


def _first_cells(table: str) -> str:
    return "\n".join(line.split("|")[1] for line in table.splitlines()[1:])


@pytest.mark.parametrize(("name", "rows", "result"), examples())
def test_an_example_is_what_the_formula_gives(name: str, rows: str, result: int | None) -> None:
    output = combined(name)
    values: dict[str, Value] = {row.name: SIGNS[sign] for row, sign in zip(ROWS, rows.split(), strict=True)}
    for variable, formula in output.certain:
        values[variable] = value_of(formula, values)
    assert value_of(output.formula, values) == result


@pytest.mark.parametrize(("low", "high"), [(0, 5), (-5, 0), (-5, 5)])
def test_a_sum_stands_where_an_unknown_row_adds_an_output_that_turns_out_to_be_zero(low: int, high: int) -> None:
    """Also where 0 is the least or the greatest that the output can be."""
    hit, unknown = ROWS[:2]
    worked_out = Variable(Type(Kind.INTEGER, scale=0, low=low, high=high), "p.points", nullable=False)
    outputs = [constant(Type(Kind.INTEGER), 7), worked_out]
    total = collected(HitPolicy.COLLECT_SUM, (hit, unknown), outputs, "p.out", lambda formula: formula).formula

    for points in range(low, high + 1):
        values: dict[str, Value] = {hit.name: True, unknown.name: None, "p.points": points}
        assert value_of(total, values) == (None if points else 7)
