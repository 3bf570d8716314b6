"""How the numbers of a column are written: `1.234,56`, `1'234.50`, `(1,234.56)`, `1 234,56-`.

Leaf of the maps. A map names the signs; nothing is guessed from the cells, since `1.234` is one number with a decimal
point and another with points for thousands. Signs for thousands stand where they belong or not at all: `1.234,56` and
`1234,56` are numbers, `12.34,5` and `1.2345` are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from engine.vocabulary.decimals import DECIMALS_READ

POINT = "."
DECIMAL_SIGNS = (POINT, ",")
BLANK = " "
THOUSANDS_SIGNS = (",", POINT, "'", BLANK)
TRAILING_MINUS, PARENTHESES = "trailing_minus", "parentheses"
NEGATIVES = (TRAILING_MINUS, PARENTHESES)
"""How negative numbers may be written beside a minus before them, in the words of the map."""

_SPELLINGS = {BLANK: " \u00a0\u2009\u202f", "'": "'\u2019"}
"""The characters that a sign for thousands may be: also blanks that don't break lines, and the curved apostrophe."""

DIGITS_MAX = DECIMALS_READ
"""Digits before and behind the decimal sign."""

_EXACT = Context(prec=2 * DIGITS_MAX + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """How the cells of one column write numbers, and what becomes of digits that the column's type has no room for."""

    decimal: str = POINT
    """One of `DECIMAL_SIGNS`."""

    thousands: str = ""
    """One of `THOUSANDS_SIGNS`, other than `decimal`; empty: no sign stands between thousands."""

    negatives: frozenset[str] = frozenset()
    """Those of `NEGATIVES` that the column writes."""

    rounds: bool = False
    """Whether a number with more decimals than the type has is rounded, half to even; else it is a fault of its row."""

    @property
    def is_plain(self) -> bool:
        """Whether this is how numbers are read where the map says nothing."""
        return self == PLAIN

    @property
    def has_signs(self) -> bool:
        """Whether a plain number is, or may be, written otherwise."""
        return bool(self.decimal != POINT or self.thousands)

    @property
    def decimal_class(self) -> str:
        """A pattern of the decimal sign."""
        return f"[{self.decimal}]"

    @property
    def thousands_characters(self) -> str:
        """The characters that may stand between thousands."""
        return _SPELLINGS.get(self.thousands, self.thousands)

    @property
    def thousands_class(self) -> str:
        """A pattern of one sign between thousands; empty where none may stand there."""
        return f"[{self.thousands_characters}]" if self.thousands else ""

    def pattern(self, *, decimals: bool) -> str:
        """A regular expression of a number's digits without its sign, for Python and for databases. `decimals`: digits
        may stand behind a decimal sign."""
        sign = self.thousands_class
        grouped = f"[0-9]{{1,3}}({sign}[0-9]{{3}}){{1,11}}|" if sign else ""
        behind = f"({self.decimal_class}[0-9]{{1,{DIGITS_MAX}}})?" if decimals else ""
        return f"({grouped}[0-9]{{1,{DIGITS_MAX}}}){behind}"

    def signed_pattern(self, *, decimals: bool) -> str:
        """A regular expression of a whole cell, its sign included."""
        digits = self.pattern(decimals=decimals)
        spellings = [f"-?{digits}"]
        spellings += [f"{digits}-"] if TRAILING_MINUS in self.negatives else []
        spellings += [f"\\({digits}\\)"] if PARENTHESES in self.negatives else []
        return "|".join(spellings)

    def plain(self, text: str, *, decimals: bool) -> str | None:
        """The number with a decimal point, a minus before it and nothing else: `1.234,50-` gives `-1234.50`. None for
        text that is no number in this format."""
        pattern = _compiled(self, decimals=decimals)
        if not pattern.fullmatch(text):
            return None
        digits = text.strip("-()")
        if self.thousands:
            digits = re.sub(self.thousands_class, "", digits)
        minus = "-" if (digits and text[0] in "-(") or text[-1] == "-" else ""
        return minus + digits.replace(self.decimal, POINT)

    def example(self, scale: int, *, decimals: bool) -> str:
        """A number as the column may write it, for the hints of faults."""
        whole = f"1{self.thousands}250"
        return f"{whole}{self.decimal}{'5'.ljust(scale, '0')}" if decimals and scale else whole


PLAIN = NumberFormat()
"""A decimal point, nothing between thousands, a minus before."""

_PATTERNS: dict[tuple[NumberFormat, bool], re.Pattern[str]] = {}


def _compiled(format_: NumberFormat, *, decimals: bool) -> re.Pattern[str]:
    key = format_, decimals
    if key not in _PATTERNS:
        _PATTERNS[key] = re.compile(format_.signed_pattern(decimals=decimals), re.ASCII)
    return _PATTERNS[key]


def rounded(plain: str, scale: int) -> str:
    """A plain number with at most `scale` decimals, rounded half to even: `0.125` at 2 gives `0.12`."""
    decimals = plain.partition(POINT)[2]
    if len(decimals) <= scale:
        return plain
    return format(Decimal(plain).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN, _EXACT), "f")


def without_zeros_before(plain: str) -> str:
    """`-0012.50` is `-12.50`: files of a fixed width fill numbers up, and zeros there say nothing."""
    if plain[0] == "0" or plain.startswith("-0"):
        sign, digits = ("-", plain[1:]) if plain[0] == "-" else ("", plain)
        digits = digits.lstrip("0")
        return sign + (digits if digits[:1].isdigit() else f"0{digits}")
    return plain
