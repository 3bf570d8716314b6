"""Figures as text for people: one reader, one number of decimals for amounts, and what isn't known never as zero.

Every method takes an exact figure and gives text; a `NoValue`, a ratio that has no meaning, is a dash, and `why` gives
the reasons. Charts alone take floating-point numbers, since a bar's height need not be exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter, decimal_text
from engine.vocabulary.languages import own_language, reader_of
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Vocabulary
from receivables.ratios import NoValue, Ratio, reasons_among, value_of
from receivables.report import report_texts

_STEPS = {
    "en": ((10**9, "bn"), (10**6, "m"), (10**3, "k")),
    "zh": ((10**8, "亿"), (10**4, "万")),
}
"""How values are abbreviated on a chart's axis: 1.5m, 150万."""

VERSION_LENGTH = 12
"""Characters of a policy version that reports print, enough to tell it from others; JSON has all of it."""


class FigureFormatter:
    """Writes a report's texts and figures for readers of one language.

    Called with a text it gives the text in that language, its places filled: `show(texts.LATE, days=15)`. The methods
    write figures.
    """

    def __init__(self, language: str | None, vocabulary: Vocabulary, currency: str = "") -> None:
        """`language` is the reader's; None stands for the site's first. `vocabulary` says what things are called, and
        how many decimals amounts have; they are in `currency`, or in the vocabulary's."""
        self.reader = reader_of(language, vocabulary.languages)
        self.language = own_language(self.reader)
        """Of the sentences that the reader gets from credence itself, and of the signs between them."""
        self.currency = currency or vocabulary.currency
        self._outcome_titles = vocabulary.outcome_titles
        currency_digits = vocabulary.currency_digits
        self.money = decimal_formatter(currency_digits, grouped=True)
        """Writes minor units with all decimals: `1,234.50`."""
        self._unit: int = 10**currency_digits

    def __call__(self, text: Text, **values: object) -> str:
        return text[self.reader].format(**values) if values else text[self.reader]

    def all(self, *texts: Text | str) -> tuple[str, ...]:
        """A table's headings: texts in the report's language; what is a plain string already stays."""
        return tuple(text if isinstance(text, str) else text[self.reader] for text in texts)

    def count(self, value: int) -> str:
        """How many: `12,345`."""
        return f"{value:,}"

    def number(self, value: Fraction) -> str:
        """A number with at most one decimal: `37.2`, `90`."""
        return decimal_text(value, 1).removesuffix(".0")

    def days(self, value: Ratio) -> str:
        """A number of days with one decimal: `22.9`."""
        return self(report_texts.NONE) if isinstance(value, NoValue) else decimal_text(value, 1)

    def times(self, value: Ratio) -> str:
        """A factor with two decimals: `4.66`."""
        return self(report_texts.NONE) if isinstance(value, NoValue) else decimal_text(value, 2)

    def factor(self, value: Fraction) -> str:
        """One end of a range of factors, with one decimal: two would pretend to know more."""
        return decimal_text(value, 1)

    def share(self, value: Ratio) -> str:
        """A share in percent with one decimal: 3/8 as `37.5%`."""
        return self(report_texts.NONE) if isinstance(value, NoValue) else f"{decimal_text(value * 100, 1)}%"

    def percent(self, value: Fraction) -> str:
        """A threshold in percent with at most one decimal: `20%`, `12.5%`."""
        return f"{self.number(value * 100)}%"

    def signed(self, text: str) -> str:
        """A change with its sign, so that it isn't taken for a level: `+4.2`, `−4.2`, `0.0`."""
        if text == self(report_texts.NONE) or not any(digit in text for digit in "123456789"):
            return text.removeprefix("-")
        return text.replace("-", "−", 1) if text.startswith("-") else f"+{text}"

    def reason(self, value: Ratio) -> str:
        """Why this one is a dash, as a clause; empty where it has a value."""
        return self(value.text) if isinstance(value, NoValue) else ""

    def why(self, values: Iterable[Ratio]) -> str:
        """What the dashes among the values stand for, in one sentence; empty where there are none."""
        reasons = [self(reason.text) for reason in reasons_among(values)]
        if not reasons:
            return ""
        return self(report_texts.WHY_NONE, reasons=("；" if self.language == "zh" else "; ").join(reasons))

    def day(self, day: int) -> str:
        """A day since 1970-01-01 as a date: `2026-06-30`."""
        return date_of(day).isoformat()

    def calendar_quarter(self, year: int, number: int) -> str:
        """A quarter's name: `2026 Q2`, `2026年2季度`."""
        return self(report_texts.QUARTER_NAME, year=year, number=number)

    def outcome(self, outcome: str) -> str:
        """The title of an outcome, such as `hold`."""
        return self(self._outcome_titles[outcome])

    # --- charts ------------------------------------------------------------------------------------------------------

    def in_currency(self, title: str) -> str:
        """The title of a chart of amounts."""
        return self(report_texts.IN_CURRENCY, title=title, currency=self.currency)

    def height(self, amount: int) -> float:
        """The height of an amount's bar, in whole currency units. A chart can't go below zero."""
        return max(amount / self._unit, 0.0)

    def bar(self, value: Ratio) -> float | None:
        """The height of a share's or number's bar; None leaves a gap."""
        known = value_of(value)
        return None if known is None else max(float(known), 0.0)

    def axis(self, value: float) -> str:
        """An amount as it stands on an axis, to three digits and abbreviated: 1504000 as `1.5m`."""
        for size, word in _STEPS[self.language]:
            if value >= size:
                return f"{_three_digits(value / size)}{word}"
        return _three_digits(value)

    def share_axis(self, value: float) -> str:
        """A share as it stands on an axis: 0.25 as `25%`."""
        percent = value * 100
        return f"{percent:.3g}%" if 0 < percent < 1 else f"{round(percent, 1):g}%"


def _three_digits(value: float) -> str:
    """Rounded to three digits, as a chart can show it, and never with an exponent: 4284.29 as `4280`."""
    return f"{float(f'{value:.3g}'):.15g}"
