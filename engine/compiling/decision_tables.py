"""Decision tables and scorecard criteria → row matches and formulas for their outputs. Part of `stretches`.

Each row becomes a `Match`, the conjunction of its cells; a cell is its column's formula under the cell's tests. Each
output becomes one formula over the row matches, by the hit policy (`hit_policies`), or a list. A criterion of a
scorecard is a table with one column and the hit policy `unique`.

Example: the row `{when: {account.months: "< 6"}, then: {limit: 0}}` is the match `terms.table#1` with the conjunct
`Compare("<", Variable("account.months"), 6)`; the output `terms.limit` is
`If(Variable("terms.table#1"), 0, …what the rows behind it give…)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.compiling import arithmetic as a
from engine.compiling.expressions import Broken, Scope, compile_expression, compile_tests
from engine.compiling.hit_policies import IN_TURN, Combined, collected, hits, single, turns
from engine.compiling.link import dotted_names, output_names
from engine.compiling.mismatch import Mismatch
from engine.compiling.scopes import Names
from engine.compiling.types import declared, literal, named, require_shares
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.proving.table_checks import Subjects, check_bands, check_rows, check_table
from engine.reading.policy import (
    Criterion,
    Expression,
    HitPolicy,
    OutputCell,
    OutputDefinition,
    Policy,
    Row,
    TableDefinition,
)
from engine.ruleset.formula import Constant, Formula, walk
from engine.ruleset.ruleset import Conjunct, ListResult, Match, Table
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Lists, Type

SINGLE_HIT = (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY)
"""Hit policies under which one row counts."""

LISTS = (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)
"""Hit policies that give a list of all rows' outputs."""

COMBINED = (HitPolicy.COLLECT_SUM, HitPolicy.COLLECT_MIN, HitPolicy.COLLECT_MAX, HitPolicy.COLLECT_COUNT)
"""Hit policies that combine all rows' outputs to one number: all that remain, as a test holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a table gives under one name."""

    name: str
    """`policy.output`."""

    formula: Formula
    """Not yet rounded to its type."""

    certain: tuple[tuple[str, Formula], ...]
    """Variables that the formula reads, with their formulas: see `Combined`."""

    type: Type | None
    """The declared type; None where none was declared."""

    title: Text | None


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A table as steps of a rule set: first its matches, then its lists and outputs."""

    table: Table
    matches: tuple[Match, ...]
    outputs: tuple[Output, ...]
    lists: tuple[ListResult, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The row matches, and of each row its columns' texts and formulas, which the checks of tables compare."""

    matches: tuple[Match, ...]
    subjects: tuple[Subjects, ...]


def compile_criterion(policy: Policy, criterion: Criterion, names: Names) -> CompiledTable | None:
    """A scorecard's criterion as a table that gives its points; None where it has mistakes, which are then in
    `names.report`."""
    full_name, scope = f"{policy.name}.{criterion.name}", names.scope(policy)
    subject = compile_expression(criterion.input, scope, names.report)
    if subject is None:
        return None
    matches: list[Match] = []
    for number, band in enumerate(criterion.bands, 1):
        formula = compile_tests(subject, band.tests, scope, names.report, null_is_no=True)
        if formula is not None:
            reads = names.full_names(policy, _names_in_cell(criterion.input, band.tests, names.lists))
            conjunct = Conjunct(formula, _cell_text(criterion.input, band.tests), band.place, reads)
            matches.append(Match(f"{full_name}#{number}", (conjunct,), band.place))
    if len(matches) < len(criterion.bands):
        return None
    points = [a.number(band.points) for band in criterion.bands]
    subjects = [[(criterion.input.text, subject)]] * len(matches)
    if not _reads_unset(matches):
        names.report += check_bands(matches, subjects, criterion.place)
    ids = tuple(match.id for match in matches)
    table = Table(id=full_name, rows=ids, outputs=(full_name,), place=criterion.place)
    combined = single(HitPolicy.UNIQUE, hits(matches), points, (), full_name)
    output = Output(
        name=full_name, formula=combined.formula, certain=combined.certain, type=None, title=criterion.title
    )
    return CompiledTable(table, tuple(matches), (output,), ())


def compile_table(policy: Policy, table: TableDefinition, names: Names) -> CompiledTable | None:
    """A decision table; None where it has mistakes, which are then in `names.report`."""
    rows = _rows(policy, table, names)
    definitions = {output.name: output for output in table.outputs}
    types = {name: _type_of(definitions.get(name), names) for name in output_names(table)}
    columns = {name: _column(policy, table, name, type_, names) for name, type_ in types.items()}
    sound = {name: column for name, column in columns.items() if column is not None}
    if rows is None or len(sound) < len(columns):
        return None
    if _reads_unset(rows.matches):
        pass  # checked where all its parameters have a value
    elif table.hit in SINGLE_HIT:
        keys = [tuple(_key(column[row]) for column in sound.values()) for row in range(len(rows.matches))]
        names.report += check_table(rows.matches, rows.subjects, table.hit, keys, table.place)
    else:
        names.report += check_rows(rows.matches, rows.subjects)
    outputs: list[Output] = []
    lists: list[ListResult] = []
    ranks = _ranks(table, sound, names)
    for name, column in sound.items():
        full_name, title = f"{policy.name}.{name}", _title_of(definitions.get(name))
        if table.hit in LISTS:
            rounded = [named(output, types[name], names.vocabulary) for output in column]
            lists.append(_list(full_name, table, rows.matches, rounded, ranks, title))
            continue
        type_ = None if table.hit is HitPolicy.COLLECT_COUNT else types[name]
        combined = _combined(table, rows.matches, column, ranks, names, full_name, type_)
        if combined is None:
            return None
        outputs.append(
            Output(name=full_name, formula=combined.formula, certain=combined.certain, type=type_, title=title)
        )
    full_names = tuple(f"{policy.name}.{name}" for name in sound)
    ids = tuple(match.id for match in rows.matches)
    in_turn = tuple(ids[index] for index in turns(table.hit, ranks)) if table.hit in IN_TURN else ()
    described = Table(
        id=f"{policy.name}.{table.name}", rows=ids, outputs=full_names, place=table.place, precedence=in_turn
    )
    return CompiledTable(described, rows.matches, tuple(outputs), tuple(lists))


def _type_of(output: OutputDefinition | None, names: Names) -> Type | None:
    return declared(output.type, names.vocabulary) if output else None


def _title_of(output: OutputDefinition | None) -> Text | None:
    return output.title if output else None


# --- conditions ---


def _rows(policy: Policy, table: TableDefinition, names: Names) -> _Rows | None:
    scope = names.scope(policy)
    cells = [cell for row in table.rows for cell in row.cells]
    asking_null = {cell.column.text for cell in cells if _asks_null(cell.tests.tree)}
    columns: dict[str, Formula | None] = {}
    for cell in cells:
        if cell.column.text not in columns:
            columns[cell.column.text] = compile_expression(cell.column, scope, names.report)
    matches, subjects, broken = [], [], False
    for row in table.rows:
        conjuncts, of_row = [], []
        for cell in row.cells:
            text, subject = cell.column.text, columns[cell.column.text]
            formula = None
            if subject is not None:
                formula = compile_tests(subject, cell.tests, scope, names.report, null_is_no=text in asking_null)
            if subject is None or formula is None:
                broken = True
            elif not (isinstance(formula, Constant) and formula.value is True):
                reads = names.full_names(policy, _names_in_cell(cell.column, cell.tests, names.lists))
                conjuncts.append(Conjunct(formula, _cell_text(cell.column, cell.tests), cell.tests.place, reads))
                of_row.append((text, subject))
        matches.append(Match(f"{policy.name}.{table.name}#{row.id}", tuple(conjuncts), row.place))
        subjects.append(of_row)
    return None if broken else _Rows(tuple(matches), tuple(subjects))


def _asks_null(tests: syntax.Node) -> bool:
    """Whether one of a cell's tests is `null`, or not null."""
    assert isinstance(tests, syntax.UnaryTests)
    items = [item for test in tests.tests for item in (test.items if isinstance(test, syntax.ListLiteral) else (test,))]
    operands = [item.operand if isinstance(item, syntax.Differs) else item for item in items]
    return any(isinstance(operand, syntax.Null) for operand in operands)


def _cell_text(column: Expression, tests: Expression) -> str:
    """A cell in words: `account.months < 6`, `grading.grade in (A, B)`."""
    subject, words = column.text, tests.text or "null"
    tree = tests.tree
    assert isinstance(tree, syntax.UnaryTests)
    plain = len(tree.tests) == 1 and not tree.negated
    if plain and syntax.mentions_input(tree.tests[0]):
        return words.replace("?", subject)
    if plain and words.startswith(("<", ">", "!=")):
        return f"{subject} {words}"
    if tree.negated or (plain and isinstance(tree.tests[0], syntax.Interval | syntax.ListLiteral)):
        return f"{subject} in {words}"
    return f"{subject} = {words}" if plain else f"{subject} in ({words})"


def _names_in_cell(column: Expression, tests: Expression, lists: Lists) -> Iterator[str]:
    """What a cell and its column name, in the order of the cell's text: `?` stands for the column."""
    in_tests = list(dotted_names(tests.tree, lists))
    if "?" not in in_tests:
        yield from dotted_names(column.tree, lists)
    for name in in_tests:
        yield from dotted_names(column.tree, lists) if name == "?" else (name,)


# --- outputs ---


def _column(
    policy: Policy, table: TableDefinition, name: str, type_: Type | None, names: Names
) -> tuple[Formula, ...] | None:
    """One output of all rows, with one kind and scale."""
    cells = [next((cell for cell in row.outputs if cell.name == name), None) for row in table.rows]
    outputs = [_cell(policy, cell, type_, names) for cell in cells]
    sound = [formula for formula in outputs if formula is not None]
    if len(sound) < len(outputs):
        return None
    try:
        return a.unified(sound, "outputs of one column")
    except Mismatch as mismatch:
        places = [cell.place for cell in cells if cell is not None]
        names.fail(places[_first_odd(sound)], mismatch)
        return None


def _first_odd(column: Sequence[Formula]) -> int:
    """The index of the first output that doesn't fit those before it, by halving: columns may have thousands."""
    fits, odd = 0, len(column) - 1
    while fits < odd:
        middle = (fits + odd) // 2
        try:
            a.unified(column[: middle + 1], "")
        except Mismatch:
            odd = middle
        else:
            fits = middle + 1
    return odd


def _cell(policy: Policy, cell: OutputCell | None, type_: Type | None, names: Names) -> Formula | None:
    """A row's output; null where the row doesn't give it, None after a mistake has been reported."""
    if cell is None:
        return a.NULL
    place = cell.place
    try:
        if isinstance(cell.content, Expression):
            place = cell.content.place
            formula = compile_expression(cell.content, names.scope(policy), names.report, type_)
            if formula is None or type_ is None:
                return formula
            require_shares(formula, type_)
            return named(formula, type_, names.vocabulary)
        if type_ is None and isinstance(cell.content, str):
            _refuse_name(cell.content, names.scope(policy))
        return literal(cell.content, type_)
    except Mismatch as mismatch:
        names.fail(place, mismatch)
        return None


def _refuse_name(word: str, scope: Scope) -> None:
    """A word that is a value's name was meant as a formula."""
    with suppress(Broken):
        if "." not in word or scope.look_up(word) is None:
            return
    raise Mismatch(ErrorCode.N007, f"`{word}` is taken as a word", f'a formula starts with `=`: write "= {word}"')


def _reads_unset(matches: Sequence[Match]) -> bool:
    """Whether a parameter before its first date is among what the rows read: then which rows are hit can't be told."""
    conjuncts = (conjunct for match in matches for conjunct in match.conjuncts)
    return any(isinstance(node, a.Unset) for conjunct in conjuncts for node in walk(conjunct.formula))


def _key(formula: Formula) -> object:
    """Equal for outputs that are the same constant or the same formula."""
    return formula.value if isinstance(formula, Constant) else formula


def _combined(
    table: TableDefinition,
    matches: Sequence[Match],
    column: Sequence[Formula],
    ranks: Sequence[int],
    names: Names,
    name: str,
    type_: Type | None,
) -> Combined | None:
    """The column's outputs are compared as they will be named: `rounded`."""
    rows = hits(matches)

    def rounded(formula: Formula) -> Formula:
        return named(formula, type_, names.vocabulary)

    try:
        if table.hit in SINGLE_HIT:
            return single(table.hit, rows, [rounded(output) for output in column], ranks, name)
        return collected(table.hit, rows, column, name, rounded)
    except Mismatch as mismatch:
        names.fail(table.place, mismatch)
        return None


def _list(
    name: str,
    table: TableDefinition,
    matches: Sequence[Match],
    column: Sequence[Formula],
    ranks: Sequence[int],
    title: Text | None,
) -> ListResult:
    order = list(range(len(matches)))
    if table.hit is HitPolicy.OUTPUT_ORDER:
        order.sort(key=lambda row: (ranks[row], row))
    entries = tuple((matches[row].id, column[row]) for row in order)
    return ListResult(name=name, entries=entries, element=a.hull(column), title=title, place=table.place)


def _ranks(table: TableDefinition, columns: Mapping[str, Sequence[Formula]], names: Names) -> list[int]:
    """Each row's priority, 0 the highest: its output's position in the declared order (last where it isn't named)."""
    ordered = next((output for output in table.outputs if output.order), None)
    if ordered is None:
        return [0] * len(table.rows)
    order = {word: rank for rank, word in enumerate(ordered.order)}
    ranks = []
    for row, output in zip(table.rows, columns[ordered.name], strict=True):
        if not isinstance(output, Constant):
            message = f"the output `{ordered.name}` gives rows their priority, so it can't be a formula"
            names.fail(_place_of(row, ordered.name), Mismatch(ErrorCode.P020, message, "write one of its words"))
        ranks.append(order.get(str(output.value), len(order)) if isinstance(output, Constant) else len(order))
    return ranks


def _place_of(row: Row, output: str) -> Place:
    return next((cell.place for cell in row.outputs if cell.name == output), row.place)
