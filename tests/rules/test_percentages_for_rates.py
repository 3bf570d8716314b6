"""No rate of the default policies can be written as a percentage without a mistake: 5 for 5%.

Every number that stands for a rate is found in the files themselves: in parameters and outputs, in cells and bands, in
comparisons, and in what a value of type rate gives. Each is multiplied by 100 and must be refused at its own place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from engine.compiling.link import dotted_names, expressions
from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.pipeline import Engine, load
from engine.reading import document
from engine.reading.document import Mapping, Node, Scalar, Sequence
from engine.reading.list_file import is_list_file
from engine.reading.policy import Expression, Policy
from engine.vocabulary.vocabulary import Kind
from ledger.policies.rules_folder import read_folder
from tests.support.paths import ROOT
from tests.support.steps import long_after

SETS = {path.name: path for path in (ROOT / "rules", ROOT / "tests" / "policies" / "2026-11")}
RATE = Kind.RATE.value


@dataclass(frozen=True, slots=True)
class Written:
    """A number that stands for a rate."""

    place: Place
    text: str
    whole: Place
    """Where the cell, or the comparison, begins that it stands in: a diagnostic may name that."""


@pytest.mark.parametrize("name", long_after(1, ["2026-11", "rules"]))
def test_each_rate_is_refused_as_a_percentage(name: str) -> None:
    files = dict(read_folder(SETS[name], "rules").policies)
    engine = load(files).engine
    assert engine is not None
    policies = [name for name in sorted(files) if not is_list_file(name)]
    plain = [written for name in policies for written in _plain(document_of(files, name).root)]
    in_formulas = [written for policy in engine.policies.values() for written in _in_formulas(policy, engine)]

    assert len(plain) >= 45
    assert len(in_formulas) >= 15
    # in one go each: what is wrong with the structure of a policy hides what is wrong with its formulas
    for group, code in ((plain, "P036"), (in_formulas, "T010")):
        said = {each.place for each in load(_times_100(files, group)).diagnostics if each.code == code}
        alone = [each for each in group if not {_moved(each.place, group), _moved(each.whole, group)} & said]
        passing = [f"{each.place}: {each.text}" for each in alone if load(_times_100(files, [each])).engine]
        assert passing == []


def document_of(files: dict[str, bytes], name: str) -> document.Document:
    read, mistakes = document.read(files[name], name)
    assert read is not None, mistakes
    return read


def _times_100(files: dict[str, bytes], group: list[Written]) -> dict[str, bytes]:
    lines = {name: content.decode("utf-8").splitlines(keepends=True) for name, content in files.items()}
    for written in sorted(set(group), key=lambda each: each.place, reverse=True):
        place, line = written.place, lines[written.place.file][written.place.line - 1]
        assert line[place.column - 1 :].startswith(written.text), written
        behind = line[place.column - 1 + len(written.text) :]
        lines[place.file][place.line - 1] = line[: place.column - 1] + f"{Decimal(written.text) * 100:f}" + behind
    return {name: "".join(text).encode() for name, text in lines.items()}


def _moved(place: Place, group: list[Written]) -> Place:
    """Where a place is once the numbers before it in its line are longer or shorter."""
    before = {each for each in group if (each.place.file, each.place.line) == (place.file, place.line)}
    shift = sum(len(f"{Decimal(w.text) * 100:f}") - len(w.text) for w in before if w.place.column < place.column)
    return Place(place.file, place.line, place.column + shift)


# --- plain numbers ---------------------------------------------------------------------------------------------------


def _plain(root: Mapping) -> Iterator[Written]:
    """Parameters of type rate, and what rows give under an output of type rate."""
    for _, parameter in _entries(root.get("parameters")):
        if _is_rate(parameter):
            yield from _numbers(_get(parameter, "value"))
            yield from (written for _, value in _entries(_get(parameter, "values")) for written in _numbers(value))
    tables = [root.get("table"), *(table for _, table in _entries(root.get("tables")))]
    for table in tables:
        rates = {key.text for key, output in _entries(_get(table, "outputs")) if _is_rate(output)}
        rows = _get(table, "rows")
        for row in rows.items if isinstance(rows, Sequence) else ():
            for key, value in _entries(_get(row, "then")):
                if key.text in rates:
                    yield from _numbers(value)


def _is_rate(node: Node | None) -> bool:
    type_ = _get(node, "type") if isinstance(node, Mapping) else node
    return isinstance(type_, Scalar) and type_.text == RATE


def _numbers(node: Node | None) -> Iterator[Written]:
    if isinstance(node, Scalar) and isinstance(node.value, Decimal) and node.value:
        yield Written(node.place, node.text, node.place)


def _entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _get(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


# --- numbers in FEEL -------------------------------------------------------------------------------------------------


def _in_formulas(policy: Policy, engine: Engine) -> Iterator[Written]:
    def is_rate(tree: syntax.Node) -> bool:
        return any(_kind(engine, policy, name) is Kind.RATE for name in dotted_names(tree, {}))

    for table in policy.tables.values():
        for cell in (cell for row in table.rows for cell in row.cells if is_rate(cell.column.tree)):
            yield from _all_numbers(cell.tests, cell.tests.tree)
    for criterion in policy.scorecard.criteria if policy.scorecard else ():
        for band in criterion.bands if is_rate(criterion.input.tree) else ():
            yield from _all_numbers(band.tests, band.tests.tree)
    for value in policy.values.values():
        if value.type and value.type.word == RATE:
            for node in _results(value.formula.tree):
                yield from _all_numbers(value.formula, node, value.formula.tree)
    for expression in expressions((tuple(policy.values.values()), tuple(policy.rules.values()))):
        for node in _walk(expression.tree):
            if isinstance(node, syntax.Comparison | syntax.In | syntax.Between) and is_rate(node):
                yield from _all_numbers(expression, node, node)


def _kind(engine: Engine, policy: Policy, name: str) -> Kind | None:
    for ruleset in engine.rulesets():
        if ruleset.case == policy.decides:
            types = {**ruleset.variables, **{name: each.type for name, each in ruleset.constants.items()}}
            type_ = types.get(f"{policy.name}.{name}") or types.get(name)
            return type_.kind if type_ else None
    return None


def _results(tree: syntax.Node) -> Iterator[syntax.Node]:
    match tree:
        case syntax.Conditional(then=then, otherwise=otherwise):
            yield from (*_results(then), *_results(otherwise))
        case syntax.Call(arguments=arguments):
            yield from (node for argument in arguments for node in _results(argument))
        case syntax.Number():
            yield tree


def _all_numbers(expression: Expression, tree: syntax.Node, whole: syntax.Node | None = None) -> Iterator[Written]:
    """The numbers of a tree but 0. Without `whole`, a test of a cell is what is named where it is wrong."""
    top = tree.tests if isinstance(tree, syntax.UnaryTests) else (tree,)
    for test in top:
        for node in _walk(test):
            text = expression.text_of(node)
            if isinstance(node, syntax.Number) and Decimal(text):
                yield Written(expression.place_of(node), text, expression.place_of(whole or test))


def _walk(node: syntax.Node) -> Iterator[syntax.Node]:
    yield node
    for child in syntax.children(node):
        yield from _walk(child)
