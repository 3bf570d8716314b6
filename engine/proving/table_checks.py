"""What can be proved about tables and rules: overlaps, gaps, contradictions, and parts that can never be hit.

Part of `compile`; exact over all values that the columns' types allow (see `engine.proving.regions`). The checks are
lists of functions, `RULE_CHECKS` to `TABLE_CHECKS`: to add one, write a function that yields diagnostics and add its
name to the list of what it looks at. Diagnostics come in the order of the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.proving.covering import Box, UncoveredSearch, earlier_rows_that_meet, first_of, rows_that_earlier_ones_cover
from engine.proving.regions import Domain, Region, Truth, domain_of, intersection, truth
from engine.reading.policy import HitPolicy
from engine.ruleset.formula import Constant, Formula, IsNull, MemberOf, Variable, variables, walk
from engine.ruleset.ruleset import Conjunct, Match

EXAMPLES = 3
"""Gaps named for each table."""

COLUMNS_MAX = 300
CELLS_MAX = 200_000
"""A table with more columns or cells is checked row by row only. Cells are rows times columns, as 2,000 rows with 100
columns."""

_CONTRADICTION_HINT = "its conditions rule each other out"
_GAP_HINT = "add a row for it, or a last row without conditions and `hit: first`"
_BAND_HINTS = {
    ErrorCode.L002: "narrow one of the two",
    ErrorCode.L005: "use constants in bands",
    ErrorCode.L006: "add a band for it",
}
"""What to write instead, where a band differs from a row."""

Subjects = Sequence[tuple[str, Formula]]
"""For each conjunct of a row, its column's words and formula."""


# --- one rule --------------------------------------------------------------------------------------------------------


def rule_that_never_fires(match: Match) -> Iterator[Diagnostic]:
    """L001: conditions on one variable that rule each other out; else the first condition that is never true."""
    true_in: dict[str, list[tuple[int, Region]]] = {}
    domains: dict[str, Domain] = {}
    formulas = [conjunct.formula for conjunct in match.conjuncts]
    never_true: list[Diagnostic] = []
    for number, conjunct in enumerate(match.conjuncts):
        subject = _only_variable(conjunct)
        if subject is None or _reads_empty_list(conjunct.formula):
            continue
        name = subject.name
        if name not in domains:
            domains[name] = domain_of(subject, formulas)
        of_conjunct = truth(conjunct.formula, subject, domains[name])
        if of_conjunct is None:
            continue
        if not of_conjunct[0]:
            message = f"the rule `{match.id}` can never fire: `{conjunct.text}` is never true"
            never_true = [Diagnostic(conjunct.place, ErrorCode.L001, message, _reach(name, subject, domains[name]))]
            break
        true_in.setdefault(name, [(number, domains[name].values)]).append((number, of_conjunct[0]))
    yield from _contradiction(match, true_in) or never_true


def _only_variable(conjunct: Conjunct) -> Variable | None:
    """The variable that a condition is about, None where it reads several or none."""
    if len(variables(conjunct.formula)) != 1:
        return None
    return next(node for node in walk(conjunct.formula) if isinstance(node, Variable))


def _reads_empty_list(condition: Formula) -> bool:
    """Whether it asks for membership in a list that is empty: by its author's choice, until somebody is on it."""
    return any(isinstance(node, MemberOf) and not node.values for node in walk(condition))


def _contradiction(match: Match, true_in: Mapping[str, Sequence[tuple[int, Region]]]) -> list[Diagnostic]:
    """Conditions on one variable of which each can be true, but not all together. `true_in` has, for each variable,
    where its conditions are true, by the condition's number. Of several such variables the one is reported that the
    reader, going through the conditions, finds first."""
    empty = [name for name, regions in true_in.items() if not intersection([region for _, region in regions])]
    if not empty:
        return []
    name = empty[0] if len(empty) == 1 else min(empty, key=lambda name: _emptied_by(true_in[name]))
    message = f"the rule `{match.id}` can never fire: no `{name}` meets all its conditions"
    return [Diagnostic(match.place, ErrorCode.L001, message, _CONTRADICTION_HINT)]


def _emptied_by(regions: Sequence[tuple[int, Region]]) -> int:
    """The number of the condition after which no value is left, by halving: each intersection is costly."""
    low, high = 1, len(regions)
    while low < high:
        middle = (low + high) // 2
        if intersection([region for _, region in regions[:middle]]):
            low = middle + 1
        else:
            high = middle
    return regions[low - 1][0]


def conditions_always_true(match: Match) -> Iterator[Diagnostic]:
    """L007: conditions on single variables that are always true, which nobody writes on purpose."""
    for conjunct in match.conjuncts:
        subject = _only_variable(conjunct)
        if subject is None or _reads_empty_list(conjunct.formula):
            continue
        domain = domain_of(subject, [conjunct.formula])
        of_conjunct = truth(conjunct.formula, subject, domain)
        if of_conjunct is not None and _is_always_true(conjunct, of_conjunct, subject, domain):
            hint = _reach(subject.name, subject, domain)
            yield Diagnostic(conjunct.place, ErrorCode.L007, f"`{conjunct.text}` is always true", hint)


def _is_always_true(conjunct: Conjunct, of_conjunct: Truth, subject: Formula, domain: Domain) -> bool:
    """Whether a condition is true of every value that is not missing, and false of none. One that names more than the
    subject may be true by the choice of a parameter, as `order.amount >= least` while `least` is 0: it counts only if
    it would be true of values outside the subject's range as well."""
    true, false = of_conjunct
    if isinstance(conjunct.formula, Constant) or false or not domain.values.intervals:
        return False
    if Region(domain.values.intervals) & true != Region(domain.values.intervals):
        return False
    if len(conjunct.reads) <= 1 or domain.words:
        return True
    (low, high), *_ = domain.values.intervals
    wider = Domain(domain.type, (), Region(((low - 1, high + 1),), domain.values.null))
    beyond = truth(conjunct.formula, subject, wider)
    return beyond is not None and not beyond[1]


def _reach(name: str, subject: Formula, domain: Domain) -> str:
    never_missing = " and is never missing" if not subject.nullable else ""
    return f"`{name}` {domain.reach()}{never_missing}"


# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a table: their words, formulas and domains, each in the table's order; `index` says where a column
    stands in them."""

    texts: tuple[str, ...]
    formulas: tuple[Formula, ...]
    domains: tuple[Domain, ...]
    index: Mapping[tuple[str, Formula], int]


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows of a table as the checks look at them.

    `matches`: the rows. `subjects`: for each row, the columns of its conjuncts. `columns`: all columns that some row
    has a condition on."""

    matches: Sequence[Match]
    subjects: Sequence[Subjects]
    columns: _Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTable:
    """A table of which one row counts, as the checks look at it."""

    rows: CheckedRows
    """Its rows and columns."""

    boxes: Sequence[Box | None]
    """For each row the values that hit it, a region for each column; None for a row whose conditions can't be
    followed."""

    hit: HitPolicy
    """Which row counts where several are hit."""

    keys: Sequence[object]
    """For each row a key, equal for rows that give the same outputs."""

    place: Place
    """Where the table stands, for what is wrong with the whole of it."""


def _columns(matches: Sequence[Match], subjects: Sequence[Subjects]) -> _Columns:
    conditions: dict[tuple[str, Formula], list[Formula]] = {}
    for match, row in zip(matches, subjects, strict=True):
        for conjunct, column in zip(match.conjuncts, row, strict=True):
            conditions.setdefault(column, []).append(conjunct.formula)
    domains = tuple(_column_domain(formula, of_column) for (_, formula), of_column in conditions.items())
    index = {column: position for position, column in enumerate(conditions)}
    texts, formulas = tuple(text for text, _ in conditions), tuple(formula for _, formula in conditions)
    return _Columns(texts, formulas, domains, index)


def _column_domain(subject: Formula, conditions: Sequence[Formula]) -> Domain:
    """A missing value counts as a value of the column only where some row asks for it; elsewhere it hits no row and
    needs none."""
    domain = domain_of(subject, conditions)
    truths = (truth(condition, subject, domain) for condition in conditions)
    if any(each is not None and (each[0].null or each[1].null) for each in truths):
        return domain
    return Domain(domain.type, domain.words, Region(domain.values.intervals))


def _box(match: Match, row: Subjects, columns: _Columns) -> Box | None:
    """The values that hit a row, by column; columns without a condition take all. None where a condition can't be
    followed."""
    regions = [domain.values for domain in columns.domains]
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        of_conjunct = truth(conjunct.formula, column[1], columns.domains[index])
        if of_conjunct is None:
            return None
        regions[index] &= of_conjunct[0]
    return tuple(regions)


def _too_large(place: Place, what: str) -> Diagnostic:
    hint = "split it into smaller tables, or end it with a row without conditions and `hit: first`"
    return Diagnostic(place, ErrorCode.L005, f"the table is too large to be {what}", hint)


# --- the checks of tables --------------------------------------------------------------------------------------------


def rows_that_are_never_hit(rows: CheckedRows) -> Iterator[Diagnostic]:
    """L004: rows whose own conditions can't hold, alone or together."""
    for match, row in zip(rows.matches, rows.subjects, strict=True):
        yield from _never_hit(match, row, rows.columns)


def _never_hit(match: Match, row: Subjects, columns: _Columns) -> Iterator[Diagnostic]:
    """The first reason why a row is never hit, reading from the left."""
    left: dict[int, Region] = {}
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        domain = columns.domains[index]
        of_conjunct = truth(conjunct.formula, column[1], domain)
        if of_conjunct is None or _reads_empty_list(conjunct.formula):
            continue
        start = f"the row `{match.id}` can never be hit"
        if not of_conjunct[0]:
            hint = _reach(column[0], column[1], domain)
            yield Diagnostic(conjunct.place, ErrorCode.L004, f"{start}: `{conjunct.text}` is never true", hint)
            return
        left[index] = left.get(index, domain.values) & of_conjunct[0]
        if not left[index]:
            yield Diagnostic(match.place, ErrorCode.L004, start, _CONTRADICTION_HINT)
            return


def rows_that_overlap(table: CheckedTable) -> Iterator[Diagnostic]:
    """L002 and L003: rows that share a value with an earlier one where the hit policy forbids it; under `any` only
    rows that give something else. L005: rows of which that can't be decided."""
    if table.hit not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return
    matches = table.rows.matches
    same_outputs = _rows_by_key(table.keys) if table.hit is HitPolicy.ANY else {}
    for row, earlier in enumerate(earlier_rows_that_meet(table.boxes)):
        match = matches[row]
        if table.boxes[row] is None:
            hint = "use `hit: first`, or conditions on constants"
            message = f"whether the row `{match.id}` overlaps others can't be told under `{table.hit}`"
            yield Diagnostic(match.place, ErrorCode.L005, message, hint)
        elif others := earlier & ~same_outputs.get(table.keys[row], 0):
            yield _overlap(match, matches[first_of(others)], table.hit)


def _rows_by_key(keys: Sequence[object]) -> dict[object, int]:
    """The set of rows (see `covering`) that have each key."""
    rows: dict[object, int] = {}
    for row, key in enumerate(keys):
        rows[key] = rows.get(key, 0) | 1 << row
    return rows


def _overlap(match: Match, other: Match, hit: HitPolicy) -> Diagnostic:
    if hit is HitPolicy.ANY:
        message = f"the row `{match.id}` overlaps `{other.id}` at {other.place} and gives something else"
        return Diagnostic(match.place, ErrorCode.L003, message, "make their outputs equal, or use `hit: first`")
    message = f"the row `{match.id}` overlaps `{other.id}` at {other.place}"
    return Diagnostic(match.place, ErrorCode.L002, message, "narrow one of the two, or use `hit: first`")


def rows_that_are_covered(table: CheckedTable) -> Iterator[Diagnostic]:
    """L004: under `first`, rows whose every value hits an earlier row. A row of which that would take too long to
    decide is not reported."""
    if table.hit is not HitPolicy.FIRST:
        return
    for row in rows_that_earlier_ones_cover(table.boxes):
        match = table.rows.matches[row]
        message = f"the row `{match.id}` can never be hit: rows above it cover all its values"
        yield Diagnostic(match.place, ErrorCode.L004, message, "move it up, or remove it")


def values_without_a_row(table: CheckedTable) -> Iterator[Diagnostic]:
    """L006: up to `EXAMPLES` gaps. None where a row's conditions can't be followed, since it may close the gap, and a
    value without a row is undetermined anyway. L005: a table in which the search takes too long."""
    domains = table.rows.columns.domains
    boxes = [box for box in table.boxes if box is not None]
    if len(boxes) < len(table.boxes) or not domains:
        return
    gaps = UncoveredSearch(tuple(domain.values for domain in domains), boxes, EXAMPLES).found
    if gaps is None:
        yield _too_large(table.place, "searched for gaps")
        return
    for gap in gaps:
        yield Diagnostic(table.place, ErrorCode.L006, _gap(gap, table.rows.columns), _GAP_HINT)


def _gap(gap: Sequence[Region], columns: _Columns) -> str:
    """Only the columns that matter are named."""
    parts = []
    for text, domain, region in zip(columns.texts, columns.domains, gap, strict=True):
        if region != domain.values:
            values = "missing" if not region.intervals else domain.in_words(*region.intervals[0])
            parts.append(f"`{text}`: {values}")
    return f"no row covers {', '.join(parts)}" if parts else "no row covers anything"


# --- the lists -------------------------------------------------------------------------------------------------------

RULE_CHECKS: Sequence[Callable[[Match], Iterator[Diagnostic]]] = (rule_that_never_fires,)
"""Of every rule."""

CONDITION_CHECKS: Sequence[Callable[[Match], Iterator[Diagnostic]]] = (conditions_always_true,)
"""Of every rule that can fire."""

ROW_CHECKS: Sequence[Callable[[CheckedRows], Iterator[Diagnostic]]] = (rows_that_are_never_hit,)
"""Of the rows of every table, also of one whose hits are listed or added up."""

TABLE_CHECKS: Sequence[Callable[[CheckedTable], Iterator[Diagnostic]]] = (
    rows_that_overlap,
    rows_that_are_covered,
    values_without_a_row,
)
"""Of every table of which one row counts, after the checks of its rows."""


# --- the verbs -------------------------------------------------------------------------------------------------------


def check_match(match: Match) -> list[Diagnostic]:
    """Whether a rule can fire at all, as far as its conditions on single variables tell."""
    return [diagnostic for check in RULE_CHECKS for diagnostic in check(match)]


def check_conditions(match: Match) -> list[Diagnostic]:
    """What is wrong with single conditions of a rule that can fire; nothing of a rule that never fires."""
    if check_match(match):
        return []
    return [diagnostic for check in CONDITION_CHECKS for diagnostic in check(match)]


def check_rows(matches: Sequence[Match], subjects: Sequence[Subjects]) -> list[Diagnostic]:
    """What is wrong with single rows of a table, given as matches and the columns of their conjuncts."""
    return _checked_rows(CheckedRows(matches, subjects, _columns(matches, subjects)))


def _checked_rows(rows: CheckedRows) -> list[Diagnostic]:
    return [diagnostic for check in ROW_CHECKS for diagnostic in check(rows)]


def check_table(
    matches: Sequence[Match], subjects: Sequence[Subjects], hit: HitPolicy, keys: Sequence[object], place: Place
) -> list[Diagnostic]:
    """What is wrong with a table of which one row counts. `keys` are equal where two rows give the same outputs. A
    table that is too large gets the checks of single rows alone, and a diagnostic that says so."""
    columns = _columns(matches, subjects)
    rows = CheckedRows(matches, subjects, columns)
    report = _checked_rows(rows)
    if len(columns.texts) > COLUMNS_MAX or len(columns.texts) * len(matches) > CELLS_MAX:
        return [*report, _too_large(place, "checked")]
    boxes = [_box(match, row, columns) for match, row in zip(matches, subjects, strict=True)]
    table = CheckedTable(rows=rows, boxes=boxes, hit=hit, keys=keys, place=place)
    return report + [diagnostic for check in TABLE_CHECKS for diagnostic in check(table)]


def check_bands(matches: Sequence[Match], subjects: Sequence[Subjects], place: Place) -> list[Diagnostic]:
    """What is wrong with a scorecard criterion's bands: they are the rows of a table, in other words. The band for a
    missing input has to be written even where the input is never missing, so that it may be unreachable."""
    report = check_table(matches, subjects, HitPolicy.UNIQUE, matches, place)
    for_missing = {match.place for match in matches if any(_asks_null(c.formula) for c in match.conjuncts)}
    allowed = [
        diagnostic for diagnostic in report if diagnostic.code == ErrorCode.L004 and diagnostic.place in for_missing
    ]
    return [_of_band(diagnostic) for diagnostic in report if diagnostic not in allowed]


def _asks_null(condition: Formula) -> bool:
    return any(isinstance(node, IsNull) for node in walk(condition))


def _of_band(diagnostic: Diagnostic) -> Diagnostic:
    message = re.sub(r"\brow\b", "band", diagnostic.message)
    return replace(diagnostic, message=message, hint=_BAND_HINTS.get(diagnostic.code, diagnostic.hint))
