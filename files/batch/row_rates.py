"""Amounts of rows in other currencies, as SQL: each is read with its currency's decimals and converted by a dated rate.

Part of `raw_facts`; the same as `files.maps.cell_converters.amount_converter` does cell by cell. Each row's rate stands
in columns of the relation `cells`, and a relation more, `amounts`, holds each amount times its rate. Where policies
decide in EUR, with 12.50 USD at 0.9215 and 0.123 KWD at 2.987:

    RATE_CURRENCY  RATE_DIGITS  RATE_VALUE  RATE_DIVISOR     product        rounded half to even
    USD            2            9215        10 ** 4          1250 * 9215    1152
    KWD            3            2987        10 ** (3+3-2)    123 * 2987     37
    (EUR)          null         null        null             null           as it was read
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, number, text
from engine.lowering.sql.levels import column
from engine.vocabulary.conversion import amounts_in
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.rates import Rate
from engine.vocabulary.vocabulary import Type
from files.batch.raw_columns import CheckedFact, RawTarget, Test, known
from files.batch.unscaled import tried

RATE_CURRENCY, RATE_DIGITS, RATE_VALUE, RATE_DIVISOR = (
    f"credence_rate_{part}" for part in ("currency", "digits", "value", "divisor")
)
RATE_COLUMNS = (RATE_CURRENCY, RATE_DIGITS, RATE_VALUE, RATE_DIVISOR)
"""Columns of a row's rate, null where its amounts are in the policies' own currency: the code; the decimals of its
amounts; what amounts in minor units are multiplied by, and divided by afterwards."""

_OWN = "   "
"""Stands in the key of a list in JSON for a row that isn't converted; as long as a code."""


@dataclass(frozen=True, slots=True)
class RowRates:
    """By which rates the rows of some files are converted."""

    rates: Sequence[Rate]
    """One for each currency that has a rate on the day of the decision."""

    own_digits: int
    """Decimals of amounts in the policies' currency."""

    code: Expr
    """A row's currency, over the raw columns; null where the row says none."""

    dialect: Dialect

    def columns(self) -> Iterator[Expr]:
        """The four columns of a row's rate."""
        wide = self.dialect.wide_number
        moved = {rate: MINOR_UNITS[rate.currency] + rate.scale - self.own_digits for rate in self.rates}
        for name, parts in (
            (RATE_CURRENCY, [text(rate.currency) for rate in self.rates]),
            (RATE_DIGITS, [number(MINOR_UNITS[rate.currency]) for rate in self.rates]),
            (RATE_VALUE, [wide(rate.value * 10 ** max(0, -moved[rate])) for rate in self.rates]),
            (RATE_DIVISOR, [wide(10 ** max(0, moved[rate])) for rate in self.rates]),
        ):
            yield exp.alias_(self._chosen(parts), name, copy=False)

    def _chosen(self, parts: Sequence[Expr]) -> Expr:
        ifs = [exp.If(this=text(rate.currency), true=part) for rate, part in zip(self.rates, parts, strict=True)]
        return exp.Case(this=self.code.copy(), ifs=ifs)

    def targets(self, target: RawTarget) -> dict[int, RawTarget]:
        """What an amount, or a list with amounts, is read as in other currencies, by their decimals."""
        return {
            MINOR_UNITS[rate.currency]: replace(target, type=amounts_in(target.type, rate.currency), required=False)
            for rate in self.rates
        }

    def by_digits(self, own: Expr, others: Mapping[int, Expr]) -> Expr:
        """For rows in the policies' currency the one expression, and for others that of their decimals, over the raw
        columns."""
        digits = [number(MINOR_UNITS[rate.currency]) for rate in self.rates]
        ifs = [exp.If(this=number(each), true=other) for each, other in others.items()]
        return exp.Case(this=exp.Paren(this=self._chosen(digits)), ifs=ifs, default=own)

    def shown(self, key: str) -> Expr:
        """What a row's rate is made of, by a key of `rates.KEYS`, for whom RATE_CURRENCY stands."""
        ifs = [exp.If(this=text(rate.currency), true=text(rate.as_json()[key])) for rate in self.rates]
        return exp.Case(this=column(RATE_CURRENCY), ifs=ifs)

    def is_converted(self) -> Expr:
        """Whether a row is, over the raw columns."""
        codes = [text(rate.currency) for rate in self.rates]
        return known(self._chosen(codes))

    def list_key(self, cell: Expr) -> Expr:
        """What tells lists in JSON apart: one text stands for other amounts in another currency. As `list_of_key`."""
        codes = [text(rate.currency) for rate in self.rates]
        return binary(exp.DPipe, exp.Coalesce(this=self._chosen(codes), expressions=[text(_OWN)]), cell)

    def list_of_key(self, key: str) -> tuple[Rate | None, str]:
        """The rate and the text of a list in JSON."""
        by_code = {rate.currency: rate for rate in self.rates}
        return by_code.get(key[: len(_OWN)]), key[len(_OWN) :]

    # --- over `cells` ------------------------------------------------------------------------------------------------

    def product(self, readings: Mapping[int, CheckedFact]) -> Expr:
        """An amount in minor units of its currency times RATE_VALUE. `readings`: by decimals, as `targets` has them."""
        ifs = [
            exp.If(this=number(digits), true=self._times(reading.value, column(RATE_VALUE)))
            for digits, reading in readings.items()
        ]
        return exp.Case(this=column(RATE_DIGITS), ifs=ifs)

    def product_or(self, own: Expr, readings: Mapping[int, CheckedFact]) -> Expr:
        """The same, and the amount itself in rows that are not converted."""
        return exp.Case(ifs=[exp.If(this=_is_own(), true=self.dialect.to_wide(own))], default=self.product(readings))

    def _times(self, amount: Expr, value: Expr) -> Expr:
        return self.dialect.to_wide(binary(exp.Mul, self.dialect.to_wide(amount), value))

    # --- over `amounts` ----------------------------------------------------------------------------------------------

    def converted(
        self, type_: Type, own: CheckedFact, readings: Mapping[int, CheckedFact], product: Expr, words: Expr
    ) -> CheckedFact:
        """An amount of the policies' currency, with what is wrong with it in the row's own: its decimals and its size.
        `product`: what `product` gives; `words`: for an amount that the fact can't hold once it is converted."""
        faults = (*self.faults(own, readings), self.too_large(type_, product, words))
        return CheckedFact(self.held(type_, own.value, product), faults)

    def faults(self, own: CheckedFact, readings: Mapping[int, CheckedFact]) -> Iterator[Test]:
        """What is wrong with an amount in the currency in which it was written."""
        for test, words in own.faults:
            yield exp.and_(_is_own(), test), words
        for digits, reading in readings.items():
            is_so = binary(exp.EQ, column(RATE_DIGITS), number(digits))
            for test, words in reading.faults:
                yield exp.and_(is_so.copy(), test), words

    def held(self, type_: Type, own: Expr, product: Expr) -> Expr:
        """The amount itself; null where the fact can't hold it."""
        held = tried(self._rounded(product), self.dialect.narrow)
        return exp.Case(ifs=[exp.If(this=_is_own(), true=own), exp.If(this=self._within(type_, product), true=held)])

    def too_large(self, type_: Type, product: Expr, words: Expr) -> Test:
        """An amount that is out of range once it is converted."""
        is_out = exp.Not(this=exp.Paren(this=self._within(type_, product)))
        return exp.and_(known(column(RATE_DIGITS)), known(product), is_out), words

    def _within(self, type_: Type, product: Expr) -> Expr:
        """Whether the amount will lie between the type's ends. Asked before the division, which may then rely on few
        digits: with a divisor of 10 and 100 as the highest amount, of products up to 1005, since that tie goes to the
        even; and with 99, of those below 995."""
        twice = binary(exp.Mul, product, number(2))
        above = exp.LTE if type_.high % 2 == 0 else exp.LT
        below = exp.GTE if type_.low % 2 == 0 else exp.GT
        highest, lowest = (
            binary(exp.Mul, self.dialect.wide_number(2 * end + side), column(RATE_DIVISOR))
            for end, side in ((type_.high, 1), (type_.low, -1))
        )
        return exp.and_(binary(above, twice, highest), binary(below, twice.copy(), lowest), copy=False)

    def _rounded(self, product: Expr) -> Expr:
        """`product / RATE_DIVISOR`, half to even: 5 by 10 is 0, and 15 by 10 is 2. Half of the divisor is added before
        the division, 15 + 5 by 10, and one is taken from an odd quotient without a rest. Without regard to the sign,
        since databases agree on the division of what is not negative."""
        divisor = column(RATE_DIVISOR)
        moved = exp.Paren(this=binary(exp.Add, binary(exp.Mul, exp.Abs(this=product.copy()), number(2)), divisor))
        twice = exp.Paren(this=binary(exp.Mul, divisor, number(2)))
        quotient = self.dialect.narrow_quotient(moved, twice)
        has_rest = binary(exp.GT, self.dialect.remainder(moved, twice, wide=True), number(0))
        is_even = binary(exp.EQ, self.dialect.remainder(quotient, number(2), wide=True), number(0))
        less = exp.Case(ifs=[exp.If(this=exp.or_(has_rest, is_even, copy=False), true=number(0))], default=number(1))
        size = binary(exp.Sub, quotient.copy(), less)
        return binary(exp.Mul, size, exp.Sign(this=product.copy()))


def _is_own() -> Expr:
    return exp.Is(this=column(RATE_DIGITS), expression=exp.Null())
