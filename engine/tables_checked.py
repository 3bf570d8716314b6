"""What can be proved about tables and rules: overlaps, gaps, contradictions, and parts that can never be hit.

Part of `compile`; exact over all values that the columns' types allow (see `engine.regions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.diagnostic import Diagnostic, Place
from engine.formula import Formula, Variable, variables, walk
from engine.policy import HitPolicy
from engine.regions import Domain, Region, domain, truth
from engine.ruleset import Match

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
        subject = next(n for n in walk(conjunct.formula) if isinstance(n, Variable))
        over = domains.setdefault(name, domain(subject, [c.formula for c in match.conjuncts]))
        found = truth(conjunct.formula, subject, over)
        if found is None:
            continue
        if not found[0]:
            return [Diagnostic(conjunct.place, "L001", f"`{conjunct.text}` is never true", _reach(name, over))]
        left[name] = left.get(name, over.whole) & found[0]
        if not left[name]:
            message = f"`{match.id}` can never fire: no `{name}` meets all its conditions"
            return [Diagnostic(match.place, "L001", message, "one of the conditions rules out the others")]
    return []


def _reach(name: str, over: Domain) -> str:
    if over.words or not over.whole.intervals:
        return f"`{name}` is one of {over.shown(*over.whole.intervals[0])}"
    low, high = over.whole.intervals[0]
    inner = over.type
    return f"`{name}` lies between {Domain(inner, (), Region(())).shown(low, low)} and " + Domain(
        inner, (), Region(())
    ).shown(high, high)


def check_table(
    matches: Sequence[Match], subjects: Sequence[Subjects], hit: HitPolicy, keys: Sequence[object], place: Place
) -> list[Diagnostic]:
    """For tables of which one row counts. `keys` are equal where two rows give the same outputs."""
    columns = dict.fromkeys(subject for row in subjects for subject in row)
    asked: dict[tuple[str, Formula], list[Formula]] = {column: [] for column in columns}
    for match, row in zip(matches, subjects, strict=True):
        for conjunct, column in zip(match.conjuncts, row, strict=True):
            asked[column].append(conjunct.formula)
    domains = [_domain(formula, asked[(text, formula)]) for text, formula in columns]
    boxes = [_box(match, row, list(columns), domains) for match, row in zip(matches, subjects, strict=True)]
    found = [_never_hit(match, box, row) for match, box, row in zip(matches, boxes, subjects, strict=True)]
    report = [diagnostic for diagnostic in found if diagnostic is not None]
    if hit in (HitPolicy.UNIQUE, HitPolicy.ANY):
        report += _overlaps(matches, boxes, hit, keys)
    elif hit is HitPolicy.FIRST:
        report += _shadowed(matches, boxes)
    return report + _gaps(boxes, [text for text, _ in columns], domains, place)


def _domain(subject: Formula, conditions: Sequence[Formula]) -> Domain:
    """A missing value counts as a value of the column only where some row asks for it."""
    over = domain(subject, conditions)
    asks = any((found := truth(condition, subject, over)) is not None and found[0].null for condition in conditions)
    return over if asks else Domain(over.type, over.words, Region(over.whole.intervals))


def _box(match: Match, row: Subjects, columns: Sequence[tuple[str, Formula]], domains: Sequence[Domain]) -> _Box:
    regions = [over.whole for over in domains]
    for conjunct, column in zip(match.conjuncts, row, strict=True):
        index = columns.index(column)
        found = truth(conjunct.formula, column[1], domains[index])
        if found is None:
            return _Box(None)
        regions[index] &= found[0]
    return _Box(tuple(regions))


def _never_hit(match: Match, box: _Box, row: Subjects) -> Diagnostic | None:
    if box.regions is None or all(box.regions):
        return None
    return Diagnostic(
        match.place, "L004", f"the row `{match.id}` can never be hit", "its conditions rule each other out"
    )


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
            if all(mine & theirs for mine, theirs in zip(box.regions, other, strict=True)):
                report.append(_overlap(match, matches[earlier], hit))
                break
    return report


def _overlap(match: Match, other: Match, hit: HitPolicy) -> Diagnostic:
    if hit is HitPolicy.ANY:
        message = f"the row `{match.id}` overlaps `{other.id}` at {other.place} and gives something else"
        return Diagnostic(match.place, "L003", message, "make their outputs equal, or use `hit: first`")
    message = f"the row `{match.id}` overlaps `{other.id}` at {other.place}"
    return Diagnostic(match.place, "L002", message, "narrow one of them, or use `hit: first`")


def _shadowed(matches: Sequence[Match], boxes: Sequence[_Box]) -> list[Diagnostic]:
    report = []
    for index, (match, box) in enumerate(zip(matches, boxes, strict=True)):
        before = [other.regions for other in boxes[:index] if other.regions is not None]
        if box.regions and all(box.regions) and before and not _uncovered(box.regions, before, 1):
            message = f"the row `{match.id}` can never be hit: rows above it cover all its values"
            report.append(Diagnostic(match.place, "L004", message, "move it up, or remove it"))
    return report


def _gaps(boxes: Sequence[_Box], columns: Sequence[str], domains: Sequence[Domain], place: Place) -> list[Diagnostic]:
    """Nothing is said where a row can't be told: it may close the gap, and a missing hit is undetermined anyway."""
    known = [box.regions for box in boxes if box.regions is not None]
    if len(known) < len(boxes) or not domains:
        return []
    report = []
    for gap in _uncovered([over.whole for over in domains], known, EXAMPLES):
        parts = []
        for text, over, region in zip(columns, domains, gap, strict=True):
            if region == over.whole:
                continue
            values = "missing" if not region.intervals else over.shown(*region.intervals[0])
            parts.append(f"`{text}`: {values}")
        report.append(
            Diagnostic(
                place,
                "L006",
                f"no row covers {', '.join(parts)}",
                "add a row for it, or a last row without conditions and `hit: first`",
            )
        )
    return report


def _uncovered(whole: Sequence[Region], boxes: Sequence[tuple[Region, ...]], most: int) -> list[tuple[Region, ...]]:
    """Up to `most` boxes inside `whole` that none of `boxes` covers."""
    done: set[tuple[int, frozenset[int]]] = set()
    found: list[tuple[Region, ...]] = []

    def search(column: int, active: frozenset[int], prefix: tuple[Region, ...]) -> None:
        if len(found) >= most or (column, active) in done:
            return
        done.add((column, active))
        if not active:
            found.append((*prefix, *whole[column:]))
        elif column < len(whole):
            for segment in _segments(whole[column], [boxes[row][column] for row in active]):
                inside = frozenset(row for row in active if segment & boxes[row][column])
                search(column + 1, inside, (*prefix, segment))

    search(0, frozenset(range(len(boxes))), ())
    return found


def _segments(whole: Region, regions: Sequence[Region]) -> list[Region]:
    """`whole` cut wherever one of the regions starts or ends."""
    found = [Region((), True)] if whole.null else []
    cuts = sorted({cut for region in regions for low, high in region.intervals for cut in (low, high + 1)})
    for low, high in whole.intervals:
        inner = [cut for cut in cuts if low < cut <= high]
        for start, end in zip([low, *inner], [*(cut - 1 for cut in inner), high], strict=True):
            found.append(Region(((start, end),)))
    return found
