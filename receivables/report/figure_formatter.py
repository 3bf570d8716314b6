"""Figures in words: one language, one number of decimals for amounts, and nothing that isn't known shown as zero."""

from __future__ import annotations

from fractions import Fraction

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_shower, decimal_text
from engine.vocabulary.vocabulary import OUTCOME_TITLES, Text
from receivables.report import report_texts

_STEPS = {
    "en": ((10**9, "bn"), (10**6, "m"), (10**3, "k")),
    "zh": ((10**8, "亿"), (10**4, "万")),
}
VERSION_SHOWN = 12
"""Characters of a policy version that tell it from others on paper; JSON has it whole."""


class FigureFormatter:
    """`show(text, name=value)` fills a text's places; the methods write figures. `currency` is that of the amounts,
    which are in its minor units."""

    def __init__(self, language: str, currency: str, currency_digits: int) -> None:
        self.language = language
        self.currency = currency
        self.money = decimal_shower(currency_digits, grouped=True)
        self._unit: int = 10**currency_digits

    def __call__(self, text: Text, **values: object) -> str:
        return text[self.language].format(**values) if values else text[self.language]

    def all(self, *texts: Text | str) -> tuple[str, ...]:
        """A table's headings: texts in the report's language; what is text already stays."""
        return tuple(text if isinstance(text, str) else text[self.language] for text in texts)

    def count(self, value: int) -> str:
        return f"{value:,}"

    def number(self, value: Fraction) -> str:
        return decimal_text(value, 1).removesuffix(".0")

    def days(self, value: Fraction | None) -> str:
        return self(report_texts.NONE) if value is None else decimal_text(value, 1)

    def times(self, value: Fraction | None) -> str:
        return self(report_texts.NONE) if value is None else decimal_text(value, 2)

    def share(self, value: Fraction | None) -> str:
        return self(report_texts.NONE) if value is None else f"{decimal_text(value * 100, 1)}%"

    def day(self, day: int) -> str:
        return date_of(day).isoformat()

    def calendar_quarter(self, year: int, number: int) -> str:
        return self(report_texts.QUARTER_NAME, year=year, number=number)

    def outcome(self, outcome: str) -> str:
        return self(OUTCOME_TITLES[outcome])

    # --- charts ------------------------------------------------------------------------------------------------------

    def in_currency(self, title: str) -> str:
        """The title of a chart of amounts."""
        return self(report_texts.IN_CURRENCY, title=title, currency=self.currency)

    def height(self, amount: int) -> float:
        """In whole currency units. A chart can't go below zero."""
        return max(amount / self._unit, 0.0)

    def bar(self, value: Fraction | None) -> float | None:
        return None if value is None else max(float(value), 0.0)

    def axis(self, value: float) -> str:
        for size, word in _STEPS[self.language]:
            if value >= size:
                return f"{value / size:.4g}{word}"
        return f"{value:.4g}"

    def share_axis(self, value: float) -> str:
        return f"{value * 100:.3g}%"
