"""Which of many matches are true, and which can't be told, as bits of whole numbers.

Part of the SQL lowering: rules and table rows have a column each only where people read the query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.condition_rewrites import branches, negated, null_with
from engine.lowering.sql.dialect import number
from engine.lowering.sql.levels import Levels, SqlValue, column

BITS = 62
"""Rules a mask: a sum of them is a positive 64-bit integer everywhere."""

_HALF = BITS // 2


@dataclass(frozen=True, slots=True)
class Mask:
    """A column whose bit `1 << i` stands for `ids[i]`."""

    column: str
    ids: tuple[str, ...]


class Masks:
    def __init__(self, levels: Levels) -> None:
        self.levels = levels

    def of(
        self, fired: str, undetermined: str, ids: Sequence[str], told: Sequence[Sequence[SqlValue]]
    ) -> tuple[tuple[Mask, ...], tuple[Mask, ...]]:
        """Each match is one number: its bit where it is true, the bit `_HALF` places higher where it can't be told, so
        that a sum of them holds both masks."""
        pairs: list[tuple[Mask, Mask]] = []
        for start in range(0, len(ids), BITS):
            stop, count = start + BITS, len(pairs) + 1
            sums = [
                self._sum(told[half : min(half + _HALF, stop)]) for half in range(start, min(stop, len(ids)), _HALF)
            ]
            own = tuple(ids[start:stop])
            low = self._mask(f"{fired}_{count}", own, [self._part(both, high=False) for both in sums])
            pairs.append(
                (low, self._mask(f"{undetermined}_{count}", own, [self._part(both, high=True) for both in sums]))
            )
        return tuple(mask for mask, _ in pairs), tuple(mask for _, mask in pairs)

    def _sum(self, told: Sequence[Sequence[SqlValue]]) -> SqlValue:
        """The matches' numbers added up. A condition that several share is tested once, of their sum."""
        shared = Counter(each.sql.name for each in chain(*told) if isinstance(each.sql, exp.Column))
        numbers: list[SqlValue] = []
        groups: dict[str, tuple[SqlValue, list[SqlValue]]] = {}
        for bit, conjuncts in enumerate(told):
            tests = [each for each in conjuncts if isinstance(each.sql, exp.Column) and shared[each.sql.name] > 1]
            if not tests:
                numbers.append(self._number(conjuncts, bit))
                continue
            test = max(tests, key=lambda each: shared[each.sql.name])
            rest = [each for each in conjuncts if each.sql != test.sql]
            groups.setdefault(test.sql.name, (test, []))[1].append(self._number(rest, bit))
        numbers += [self._where(test, self.levels.total(found)) for test, found in groups.values()]
        return self.levels.let(self.levels.total(numbers), "told")

    def _where(self, test: SqlValue, numbers: SqlValue) -> SqlValue:
        """0 where the test is false; where it can't be told, what is not false can't be told either."""
        levels = self.levels
        nothing = SqlValue(self._zero, long=True)
        if not test.nullable:
            return levels.case([(test, numbers)], nothing)
        never = replace(test, sql=negated(test.sql))
        found = levels.define(levels.case([(never, nothing)], numbers), "told")
        bits = levels.operate(exp.Add, self._part(found, high=False), self._part(found, high=True))
        unsure = levels.operate(exp.Mul, bits, levels.number(1 << _HALF))
        return levels.case([(levels.missing(test), unsure)], found)

    def _part(self, both: SqlValue, *, high: bool) -> SqlValue:
        split = self.levels.dialect.high_bits if high else self.levels.dialect.low_bits
        return self.levels.at(split(both.sql, _HALF), (both,), long=True)

    def _mask(self, name: str, ids: tuple[str, ...], halves: Sequence[SqlValue]) -> Mask:
        levels = self.levels
        whole = halves[0]
        for half in halves[1:]:
            whole = levels.operate(exp.Add, whole, levels.operate(exp.Mul, half, levels.number(1 << _HALF)))
        found = levels.define(whole, name)
        return Mask(found.sql.name, ids)

    def _number(self, conjuncts: Sequence[SqlValue], bit: int) -> SqlValue:
        """0 as soon as a condition is false, so that the others are computed for few rows."""
        levels = self.levels
        conjuncts = [levels.let(each) if isinstance(each.sql, exp.Func) else each for each in conjuncts]
        fires, unsure = (exp.Literal.number(1 << place) for place in (bit, bit + _HALF))
        ifs = [
            branch
            for each in conjuncts
            if each.constant != (True,)
            for branch in branches(negated(each.sql), self._zero)
        ]
        open_ = [each for each in conjuncts if each.nullable]
        last: Expr = levels.dialect.to_narrow(fires)
        missing = self._missing(open_)
        if missing is not None:
            ifs += [exp.If(this=test, true=levels.dialect.to_narrow(unsure)) for test in missing]
        else:
            ifs += branches(levels.combined(open_, exp.And).sql, last)
            last = levels.dialect.to_narrow(unsure)
        return levels.at(exp.Case(ifs=ifs, default=last) if ifs else last, conjuncts, nullable=False, long=True)

    def _missing(self, conditions: Sequence[SqlValue]) -> list[Expr] | None:
        """Tests of which one is true where none of the conditions is false, but one is null."""
        names: dict[str, None] = {}
        for each in conditions:
            found = null_with(each.sql)
            if found is None:
                return None
            names |= dict.fromkeys(name for name in found if name in self.levels.nullable)
        return [exp.Is(this=column(name), expression=exp.Null()) for name in names]

    @property
    def _zero(self) -> Expr:
        return self.levels.dialect.to_narrow(number(0))
