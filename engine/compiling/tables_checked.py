"""What can be proved about tables and rules: overlaps, gaps, contradictions, and parts that can never be hit.

Part of `compile`; exact over all values that the columns' types allow (see `engine.compiling.regions`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.compiling.regions import Domain, Region, Truth, domain, truth
from engine.diagnostic import Diagnostic, Place
from engine.formula import Constant, Formula, IsNull, Variable, variables, walk
from engine.policy import HitPolicy
from engine.ruleset import Conjunct, Match
from engine.vocabulary import Kind

EXAMPLES = 3
"""Gaps named per table."""

Subjects = Sequence[tuple[str, Formula]]
"""For each conjunct of a row, its column's words and formula."""


@dataclass(frozen=True, slots=True)
class _Box:
    """The values that hit a row, by column; columns without a condition take all. None: can't be told."""

    regions: tuple[Region, ...] | None


def check_match(match: Match) -> list[Diagnostic]:
    """Whether a rule can fire at all, as far as its conditions on single variables tell."""
    left: dict[str, Region] = {}
    domains: dict[str, Domain] = {}
    for conjunct in match.conjuncts:
        names = variables(conjunct.formula)
        if len(names) != 1:
            continue
        (name,) = names
        subject = next(node for node in walk(conjunct.formula) if isinstance(node, Variable))
        over = domains.setdefault(name, domain(subject, [c.formula for c in match.conjuncts]))
        found = truth(conjunct.formula, subject, over)
        if found is None:
            continue
        if not found[0]:
            message = f"the rule `{match.id}` can never fire: `{conjunct.text}` is never true"
            return [Diagnostic(conjunct.place, "L001", message, _hint(conjunct, name, subject, over))]
        left[name] = left.get(name, over.whole) & found[0]
        if not left[name]:
            message = f"the rule `{match.id}` can never fire: no `{name}` meets all its conditions"
            return [Diagnostic(match.place, "L001", message, _RULE_EACH_OTHER_OUT)]
    return []


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
    if len(_named(conjunct.text)) <= 1 or over.words:
        return True
    (low, high), *_ = over.whole.intervals
    wider = Domain(over.type, (), Region(((low - 1, high + 1),), over.whole.null))
    beside = truth(conjunct.formula, subject, wider)
    return beside is not None and not beside[1]


_NAME = re.compile(r"[a-z_][a-z0-9_.]*")
_WORDS = frozenset({"and", "or", "not", "in", "between", "null", "true", "false"})


def _named(text: str) -> set[str]:
    return {*_NAME.findall(re.sub('"[^"]*"', "", text))} - _WORDS


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


def _box(match: Match, row: Subjects, columns: _Columns) -> _Box:
    regions = [over.whole for over in columns.domains]
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        found = truth(conjunct.formula, column[1], columns.domains[index])
        if found is None:
            return _Box(None)
        regions[index] &= found[0]
    return _Box(tuple(regions))


def _never_hit(match: Match, row: Subjects, columns: _Columns) -> Diagnostic | None:
    left = [over.whole for over in columns.domains]
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index[column]
        found = truth(conjunct.formula, column[1], columns.domains[index])
        if found is None:
            continue
        start = f"the row `{match.id}` can never be hit"
        if not found[0]:
            hint = _reach(column[0], column[1], columns.domains[index])
            return Diagnostic(conjunct.place, "L004", f"{start}: `{conjunct.text}` is never true", hint)
        left[index] &= found[0]
        if not left[index]:
            return Diagnostic(match.place, "L004", start, _RULE_EACH_OTHER_OUT)
    return None


def _overlaps(
    matches: Sequence[Match], boxes: Sequence[_Box], hit: HitPolicy, keys: Sequence[object]
) -> list[Diagnostic]:
    report = []
    for later, (match, box) in enumerate(zip(matches, boxes, strict=True)):
        if box.regions is None:
            hint = "use `hit: first`, or conditions on constants"
            message = f"whether the row `{match.id}` overlaps others can't be told under `{hit}`"
            report.append(Diagnostic(match.place, "L005", message, hint))
            continue
        for earlier in range(later):
            other = boxes[earlier].regions
            if other is None or (hit is HitPolicy.ANY and keys[earlier] == keys[later]):
                continue
            if all(mine.meets(theirs) for mine, theirs in zip(box.regions, other, strict=True)):
                report.append(_overlap(match, matches[earlier], hit))
                break
    return report


def _overlap(match: Match, other: Match, hit: HitPolicy) -> Diagnostic:
    if hit is HitPolicy.ANY:
        message = f"the row `{match.id}` overlaps `{other.id}` at {other.place} and gives something else"
        return Diagnostic(match.place, "L003", message, "make their outputs equal, or use `hit: first`")
    message = f"the row `{match.id}` overlaps `{other.id}` at {other.place}"
    return Diagnostic(match.place, "L002", message, "narrow one of the two, or use `hit: first`")


def _shadowed(matches: Sequence[Match], boxes: Sequence[_Box]) -> list[Diagnostic]:
    """Rows that those above cover; where that takes too long to tell, nothing is said."""
    report: list[Diagnostic] = []
    for index, (match, box) in enumerate(zip(matches, boxes, strict=True)):
        if box.regions is None or not all(box.regions):
            continue
        known = [other.regions for other in boxes[:index] if other.regions is not None]
        before = [regions for regions in known if _meet(regions, box.regions)]
        if before and _Search(box.regions, before, 1).found == []:
            message = f"the row `{match.id}` can never be hit: rows above it cover all its values"
            report.append(Diagnostic(match.place, "L004", message, "move it up, or remove it"))
    return report


def _meet(one: Sequence[Region], other: Sequence[Region]) -> bool:
    return all(mine.meets(theirs) for mine, theirs in zip(one, other, strict=True))


def _gaps(boxes: Sequence[_Box], columns: _Columns, place: Place) -> list[Diagnostic]:
    """Nothing is said where a row can't be told: it may close the gap, and a missing hit is undetermined anyway."""
    known = [box.regions for box in boxes if box.regions is not None]
    if len(known) < len(boxes) or not columns.domains:
        return []
    gaps = _Search([over.whole for over in columns.domains], known, EXAMPLES).found
    if gaps is None:
        hint = "split it into smaller tables, or end it with a row without conditions and `hit: first`"
        return [Diagnostic(place, "L005", "the table is too large to be searched for gaps", hint)]
    return [Diagnostic(place, "L006", _gap(gap, columns), _GAP_HINT) for gap in gaps]


_GAP_HINT = "add a row for it, or a last row without conditions and `hit: first`"


def _gap(gap: Sequence[Region], columns: _Columns) -> str:
    parts = []
    for text, over, region in zip(columns.texts, columns.domains, gap, strict=True):
        if region != over.whole:
            values = "missing" if not region.intervals else over.shown(*region.intervals[0])
            parts.append(f"`{text}`: {values}")
    return f"no row covers {', '.join(parts)}" if parts else "no row covers anything"


SEARCH_MAX = 3_000_000
"""Steps after which a search for gaps is given up."""


class _Search:
    """Up to `most` boxes inside `whole` that none of `boxes` covers; `found` is None where it takes too long."""

    def __init__(self, whole: Sequence[Region], boxes: Sequence[tuple[Region, ...]], most: int) -> None:
        self._whole = whole
        self._boxes = boxes
        self._most = most
        self._steps = 0
        self._covered: set[tuple[int, frozenset[int]]] = set()
        self._gaps: list[tuple[Region, ...]] = []
        # from this column on, a row takes every value
        self._free = [
            next((i + 1 for i in reversed(range(len(whole))) if box[i] & whole[i] != whole[i]), 0) for box in boxes
        ]
        self._search(0, frozenset(range(len(boxes))), ())
        self.found = None if self._steps > SEARCH_MAX else self._gaps

    def _search(self, column: int, active: frozenset[int], prefix: tuple[Region, ...]) -> None:
        if len(self._gaps) >= self._most or self._steps > SEARCH_MAX or (column, active) in self._covered:
            return
        before = len(self._gaps)
        if not active:
            self._gaps.append((*prefix, *self._whole[column:]))
        elif not any(self._free[row] <= column for row in active):
            for segment in _segments(self._whole[column], [self._boxes[row][column] for row in active]):
                self._steps += len(active)
                inside = frozenset(row for row in active if segment.meets(self._boxes[row][column]))
                self._search(column + 1, inside, (*prefix, segment))
        if len(self._gaps) == before:
            self._covered.add((column, active))


def _segments(whole: Region, regions: Sequence[Region]) -> list[Region]:
    """`whole` cut wherever one of the regions starts or ends."""
    found = [Region((), True)] if whole.null else []
    cuts = sorted({cut for region in regions for low, high in region.intervals for cut in (low, high + 1)})
    for low, high in whole.intervals:
        inner = [cut for cut in cuts if low < cut <= high]
        for start, end in zip([low, *inner], [*(cut - 1 for cut in inner), high], strict=True):
            found.append(Region(((start, end),)))
    return found
