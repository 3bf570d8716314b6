"""Figures of a portfolio in words: one language, one currency, and nothing that isn't known shown as zero."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from api.portfolio import words
from engine.facts import decimal_shower
from engine.pipeline import Engine
from engine.portfolio.decided import UNKNOWN, UNRATED
from engine.portfolio.figures import Quarter, date_of, decimal_text
from engine.vocabulary import OUTCOME_TITLES, Text

_LABEL_MAX = 12
_BUCKETS = {"current": words.CURRENT, "over 365": words.OVER_365}
_KEYS = {UNRATED: words.UNRATED, UNKNOWN: words.UNKNOWN}
_STEPS = ((10**9, "bn"), (10**6, "m"), (10**3, "k"))


class Show:
    """`show(text, name=value)` fills a text's places; the methods write figures."""

    def __init__(self, engine: Engine, as_of: date, language: str) -> None:
        self.language = language
        self.money = decimal_shower(engine.vocabulary.currency_digits, grouped=True)
        self._unit: int = 10**engine.vocabulary.currency_digits
        self._titles = {name: fact.title for name, fact in engine.vocabulary.facts.items()}
        for case in ("account", "portfolio"):
            ruleset = engine.ruleset(case, as_of)
            self._titles |= {rule.id: rule.title for rule in ruleset.rules if rule.title}

    def __call__(self, text: Text, **values: object) -> str:
        return text[self.language].format(**values) if values else text[self.language]

    def count(self, value: int) -> str:
        return f"{value:,}"

    def number(self, value: Fraction) -> str:
        text = decimal_text(value, 1)
        return text.removesuffix(".0")

    def days(self, value: Fraction | None) -> str:
        return self(words.NONE) if value is None else decimal_text(value, 1)

    def share(self, value: Fraction | None) -> str:
        return self(words.NONE) if value is None else f"{decimal_text(value * 100, 1)}%"

    def day(self, day: int) -> str:
        return date_of(day).isoformat()

    def quarter(self, quarter: Quarter, *, brief: bool = False) -> str:
        """A quarter of the calendar by its name, another span by its dates."""
        first, last = date_of(quarter.first), date_of(quarter.last)
        if first.day == 1 and first.month % 3 == 1:
            number = first.month // 3 + 1
            return f"{first.year}年{number}季度" if self.language == "zh" else f"{first.year} Q{number}"
        return f"{last:%y-%m-%d}" if brief else f"{first} – {last}"

    def bucket(self, key: str) -> str:
        return self(_BUCKETS[key]) if key in _BUCKETS else key.replace("-", "–")

    def key(self, key: str) -> str:
        return self(_KEYS[key]) if key in _KEYS else key

    def label(self, key: str) -> str:
        """For the axis of a chart."""
        text = self.key(key)
        return text if len(text) <= _LABEL_MAX else text[: _LABEL_MAX - 1] + "…"

    def outcome(self, outcome: str) -> str:
        return self(OUTCOME_TITLES[outcome])

    def title(self, name: str) -> str:
        """Of a fact or a rule; its name where it has none."""
        return self(self._titles[name]) if name in self._titles else name

    def names(self, names: Iterable[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(map(self.title, names))

    # --- charts ------------------------------------------------------------------------------------------------------

    def height(self, amount: int) -> float:
        """In whole currency units. A chart can't go below zero."""
        return max(amount / self._unit, 0.0)

    def bar(self, value: Fraction | None) -> float | None:
        return None if value is None else max(float(value), 0.0)

    def axis(self, value: float) -> str:
        for size, letter in _STEPS:
            if value >= size:
                return f"{value / size:.4g}{letter}"
        return f"{value:.4g}"
