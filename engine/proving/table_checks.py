"""What can be proved about tables and rules: overlaps, gaps, contradictions, and parts that can never be hit.

Part of `compile`; exact over all values that the columns' types allow (see `engine.proving.regions`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.proving.covering import Box, UncoveredSearch, earlier_rows_that_meet, first_of, rows_that_earlier_ones_cover
from engine.proving.regions import Domain, Region, Truth, domain, intersection, truth
from engine.reading.policy import HitPolicy
from engine.ruleset.formula import Constant, Formula, IsNull, Variable, variables, walk
from engine.ruleset.ruleset import Conjunct, Match
from engine.vocabulary.vocabulary import Kind

EXAMPLES = 3
"""Gaps named per table."""

COLUMNS_MAX = 300
CELLS_MAX = 200_000
"""A table with more is not checked as a whole: rows times columns, as 2,000 rows with 100 columns."""

Subjects = Sequence[tuple[str, Formula]]
"""For each conjunct of a row, its column's words and formula."""


def check_match(match: Match) -> list[Diagnostic]:
    """Whether a rule can fire at all, as far as its conditions on single variables tell."""
    found: dict[str, list[tuple[int, Region]]] = {}
    domains: dict[str, Domain] = {}
    formulas = [conjunct.formula for conjunct in match.conjuncts]
    for number, conjunct in enumerate(match.conjuncts):
        names = variables(conjunct.formula)
        if len(names) != 1:
            continue
        (name,) = names
        subject = next(node for node in walk(conjunct.formula) if isinstance(node, Variable))
        if name not in domains:
            domains[name] = domain(subject, formulas)
        at = truth(conjunct.formula, subject, domains[name])
        if at is None:
            continue
        if not at[0]:
            message = f"the rule `{match.id}` can never fire: `{conjunct.text}` is never true"
            hint = _hint(conjunct, name, subject, domains[name])
            return _each_other_out(match, found) or [Diagnostic(conjunct.place, "L001", message, hint)]
        found.setdefault(name, [(number, domains[name].whole)]).append((number, at[0]))
    return _each_other_out(match, found)


def _each_other_out(match: Match, found: Mapping[str, Sequence[tuple[int, Region]]]) -> list[Diagnostic]:
    """Said of the variable whose conditions rule each other out first, reading from the left; `found` has where each
    condition on a variable is true, by the condition's number."""
    empty = [name for name, regions in found.items() if not intersection([region for _, region in regions])]
    if not empty:
        return []
    name = empty[0] if len(empty) == 1 else min(empty, key=lambda name: _emptied(found[name]))
    message = f"the rule `{match.id}` can never fire: no `{name}` meets all its conditions"
    return [Diagnostic(match.place, "L001", message, _RULE_EACH_OTHER_OUT)]


def _emptied(regions: Sequence[tuple[int, Region]]) -> int:
    """The number of the condition after which nothing is left."""
    low, high = 1, len(regions)
    while low < high:
        middle = (low + high) // 2
        if intersection([region for _, region in regions[:middle]]):
            low = middle + 1
        else:
            high = middle
    return regions[low - 1][0]


def check_conditions(match: Match) -> list[Diagnostic]:
    """A rule's conditions on single variables that are always true, which nobody writes on purpose. Nothing is said of
    a rule that never fires."""
    report: list[Diagnostic] = []
    if check_match(match):
        return report
    for conjunct in match.conjuncts:
        names = variables(conjunct.formula)
        if len(names) != 1:
            continue
        (name,) = names
        subject = next(node for node in walk(conjunct.formula) if isinstance(node, Variable))
        over = domain(subject, [conjunct.formula])
        found = truth(conjunct.formula, subject, over)
        if found is not None and _always(conjunct, found, subject, over):
            message = f"`{conjunct.text}` is always true"
            report.append(Diagnostic(conjunct.place, "L007", message, _hint(conjunct, name, subject, over)))
    return report


def _always(conjunct: Conjunct, found: Truth, subject: Formula, over: Domain) -> bool:
    """Whether a condition is true of every value that is not missing, and false of none. One that names more than the
    subject may hold by the choice of a parameter, as `order.amount >= least` does while `least` is 0: it counts only if
    it would be true beside the subject's range as well."""
    if isinstance(conjunct.formula, Constant) or found[1] or not over.whole.intervals:
        return False
    if Region(over.whole.intervals) & found[0] != Region(over.whole.intervals):
        return False
    if len(conjunct.reads) <= 1 or over.words:
        return True
    (low, high), *_ = over.whole.intervals
    wider = Domain(over.type, (), Region(((low - 1, high + 1),), over.whole.null))
    beside = truth(conjunct.formula, subject, wider)
    return beside is not None and not beside[1]


def _hint(conjunct: Conjunct, name: str, subject: Formula, over: Domain) -> str:
    """A rate above 1 was most likely meant as a percentage."""
    reach = _reach(name, subject, over)
    numbers = [node for node in walk(conjunct.formula) if isinstance(node, Constant) and isinstance(node.value, int)]
    shares = [Decimal(str(node.value)).scaleb(-node.type.scale) for node in numbers]
    percent = next((share for share in shares if 1 < abs(share) <= 100), None)
    if subject.type.kind is not Kind.RATE or percent is None:
        return reach
    return f"{reach}; a rate is a share: {percent.normalize():f}% is written {(percent / 100).normalize():f}"


_RULE_EACH_OTHER_OUT = "its conditions rule each other out"


def _reach(name: str, subject: Formula, over: Domain) -> str:
    never_missing = " and is never missing" if not subject.nullable else ""
    return f"`{name}` {over.reach()}{never_missing}"


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a table: their words, formulas and domains, and where each stands."""

    texts: tuple[str, ...]
    formulas: tuple[Formula, ...]
    domains: tuple[Domain, ...]
    index: Mapping[tuple[str, Formula], int]


def check_rows(matches: Sequence[Match], subjects: Sequence[Subjects]) -> list[Diagnostic]:
    """Rows whose own conditions can't hold together."""
    columns = _columns(matches, subjects)
    found = [_never_hit(match, row, columns) for match, row in zip(matches, subjects, strict=True)]
    return [diagnostic for diagnostic in found if diagnostic is not None]


def check_table(
    matches: Sequence[Match], subjects: Sequence[Subjects], hit: HitPolicy, keys: Sequence[object], place: Place
) -> list[Diagnostic]:
    """For tables of which one row counts. `keys` are equal where two rows give the same outputs."""
    columns = _columns(matches, subjects)
    if len(columns.texts) > COLUMNS_MAX or len(columns.texts) * len(matches) > CELLS_MAX:
        return [*check_rows(matches, subjects), _too_large(place, "checked")]
    boxes = [_box(match, row, columns) for match, row in zip(matches, subjects, strict=True)]
    report = check_rows(matches, subjects)
    if hit in (HitPolicy.UNIQUE, HitPolicy.ANY):
        report += _overlaps(matches, boxes, hit, keys)
    elif hit is HitPolicy.FIRST:
        report += _shadowed(matches, boxes)
    return report + _gaps(boxes, columns, place)


def check_bands(matches: Sequence[Match], subjects: Sequence[Subjects], place: Place) -> list[Diagnostic]:
    """A scorecard criterion's bands are the rows of a table that can't have a row without conditions."""
    report = check_table(matches, subjects, HitPolicy.UNIQUE, matches, place)
    for_missing = {match.place for match in matches if any(_asks_null(c.formula) for c in match.conjuncts)}
    needless = [found for found in report if found.code == "L004" and found.place in for_missing]
    return [_of_band(diagnostic) for diagnostic in report if diagnostic not in needless]


def _asks_null(condition: Formula) -> bool:
    """The band for a missing input is always written, also where the input is never missing."""
    return any(isinstance(node, IsNull) for node in walk(condition))


def _of_band(found: Diagnostic) -> Diagnostic:
    message = re.sub(r"\brow\b", "band", found.message)
    return replace(found, message=message, hint=_BAND_HINTS.get(found.code, found.hint))


_BAND_HINTS = {
    "L002": "narrow one of the two",
    "L005": "use constants in bands",
    "L006": "add a band for it",
}


def _columns(matches: Sequence[Match], subjects: Sequence[Subjects]) -> _Columns:
    asked: dict[tuple[str, Formula], list[Formula]] = {}
    for match, row in zip(matches, subjects, strict=True):
        for conjunct, column in zip(match.conjuncts, row, strict=True):
            asked.setdefault(column, []).append(conjunct.formula)
    domains = tuple(_domain(formula, conditions) for (_, formula), conditions in asked.items())
    index = {column: position for position, column in enumerate(asked)}
    return _Columns(tuple(text for text, _ in asked), tuple(formula for _, formula in asked), domains, index)


def _domain(subject: Formula, conditions: Sequence[Formula]) -> Domain:
    """A missing value counts as a value of the column only where some row asks for it."""
    over = domain(subject, conditions)
    asks = any((found := truth(condition, subject, over)) is not None and _says_null(found) for condition in conditions)
    return over if asks else Domain(over.type, over.words, Region(over.whole.intervals))


def _says_null(found: Truth) -> bool:
    return found[0].null or found[1].null


def _box(match: Match, row: Subjects, columns: _Columns) -> Box | None:
    """The values that hit a row, by column; columns without a condition take all. None: can't be told."""
    regions = [over.whole for over in columns.domains]
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        found = truth(conjunct.formula, column[1], columns.domains[index])
        if found is None:
            return None
        regions[index] &= found[0]
    return tuple(regions)


def _never_hit(match: Match, row: Subjects, columns: _Columns) -> Diagnostic | None:
    left: dict[int, Region] = {}
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        found = truth(conjunct.formula, column[1], columns.domains[index])
        if found is None:
            continue
        start = f"the row `{match.id}` can never be hit"
        if not found[0]:
            hint = _reach(column[0], column[1], columns.domains[index])
            return Diagnostic(conjunct.place, "L004", f"{start}: `{conjunct.text}` is never true", hint)
        left[index] = left.get(index, columns.domains[index].whole) & found[0]
        if not left[index]:
            return Diagnostic(match.place, "L004", start, _RULE_EACH_OTHER_OUT)
    return None


def _overlaps(
    matches: Sequence[Match], boxes: Sequence[Box | None], hit: HitPolicy, keys: Sequence[object]
) -> list[Diagnostic]:
    report = []
    alike = _rows_by_key(keys) if hit is HitPolicy.ANY else {}
    for row, (match, box, met) in enumerate(zip(matches, boxes, earlier_rows_that_meet(boxes), strict=True)):
        if box is None:
            hint = "use `hit: first`, or conditions on constants"
            message = f"whether the row `{match.id}` overlaps others can't be told under `{hit}`"
            report.append(Diagnostic(match.place, "L005", message, hint))
        elif others := met & ~alike.get(keys[row], 0):
            report.append(_overlap(match, matches[first_of(others)], hit))
    return report


def _rows_by_key(keys: Sequence[object]) -> dict[object, int]:
    found: dict[object, int] = {}
    for row, key in enumerate(keys):
        found[key] = found.get(key, 0) | 1 << row
    return found


def _overlap(match: Match, other: Match, hit: HitPolicy) -> Diagnostic:
    if hit is HitPolicy.ANY:
        message = f"the row `{match.id}` overlaps `{other.id}` at {other.place} and gives something else"
        return Diagnostic(match.place, "L003", message, "make their outputs equal, or use `hit: first`")
    message = f"the row `{match.id}` overlaps `{other.id}` at {other.place}"
    return Diagnostic(match.place, "L002", message, "narrow one of the two, or use `hit: first`")


def _shadowed(matches: Sequence[Match], boxes: Sequence[Box | None]) -> list[Diagnostic]:
    """Rows that those above cover; where that takes too long to tell, nothing is said."""
    covered = [matches[row] for row in rows_that_earlier_ones_cover(boxes)]
    start, end = "can never be hit: rows above it cover all its values", "move it up, or remove it"
    return [Diagnostic(match.place, "L004", f"the row `{match.id}` {start}", end) for match in covered]


def _gaps(boxes: Sequence[Box | None], columns: _Columns, place: Place) -> list[Diagnostic]:
    """Nothing is said where a row can't be told: it may close the gap, and a missing hit is undetermined anyway."""
    known = [box for box in boxes if box is not None]
    if len(known) < len(boxes) or not columns.domains:
        return []
    gaps = UncoveredSearch(tuple(over.whole for over in columns.domains), known, EXAMPLES).found
    if gaps is None:
        return [_too_large(place, "searched for gaps")]
    return [Diagnostic(place, "L006", _gap(gap, columns), _GAP_HINT) for gap in gaps]


def _too_large(place: Place, what: str) -> Diagnostic:
    hint = "split it into smaller tables, or end it with a row without conditions and `hit: first`"
    return Diagnostic(place, "L005", f"the table is too large to be {what}", hint)


_GAP_HINT = "add a row for it, or a last row without conditions and `hit: first`"


def _gap(gap: Sequence[Region], columns: _Columns) -> str:
    parts = []
    for text, over, region in zip(columns.texts, columns.domains, gap, strict=True):
        if region != over.whole:
            values = "missing" if not region.intervals else over.shown(*region.intervals[0])
            parts.append(f"`{text}`: {values}")
    return f"no row covers {', '.join(parts)}" if parts else "no row covers anything"
