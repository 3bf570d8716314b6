"""What only a portfolio's report shows: quarters that aren't the calendar's, and the policies' own words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from engine.deciding.value_words import ValueWords
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from receivables.figures import Quarter
from receivables.portfolio import portfolio_words
from receivables.portfolio.portfolio_decisions import GRADING, PROVISIONS, UNKNOWN, UNRATED
from receivables.report.shown_figures import ShowFigures

_BUCKETS = {"current": portfolio_words.CURRENT, "over 365": portfolio_words.OVER_365}


class ShowPortfolio(ShowFigures):
    def __init__(self, engine: Engine, as_of: date, language: str) -> None:
        vocabulary = engine.vocabulary
        super().__init__(language, vocabulary.currency, vocabulary.currency_digits)
        self._account, self._invoice, self._portfolio = (
            ValueWords(engine.ruleset(case, as_of), language) for case in ("account", "invoice", "portfolio")
        )
        self._titles = {name: fact.title for name, fact in vocabulary.facts.items()}
        for case in ("invoice", "account", "portfolio"):
            ruleset = engine.ruleset(case, as_of)
            self._titles |= ruleset.titles
            self._titles |= {rule.id: rule.title for rule in ruleset.rules if rule.title}

    def quarter(self, quarter: Quarter, *, brief: bool = False) -> str:
        """A quarter of the calendar by its name, another span by its dates."""
        first, last = date_of(quarter.first), date_of(quarter.last)
        if first.day == 1 and first.month % 3 == 1:
            return self.calendar_quarter(first.year, first.month // 3 + 1)
        return f"{last:%y-%m-%d}" if brief else f"{first} – {last}"

    def bucket(self, key: str) -> str:
        """Of the report's own aging."""
        return self(_BUCKETS[key]) if key in _BUCKETS else key.replace("-", "–")

    def provision_bucket(self, key: str) -> str:
        """By the title that the policy's matrix gives it."""
        return self._invoice.variable(f"{PROVISIONS}.bucket", key)

    def key(self, name: str, key: str) -> str:
        """One line of the overdue structure by grade, country or industry."""
        if key == UNKNOWN:
            return self(portfolio_words.UNKNOWN)
        if name == "grade":
            shown = self._account.variable(f"{GRADING}.grade", key)
            return self(portfolio_words.UNRATED) if shown == UNRATED else shown
        return self._portfolio.variable("portfolio.industry", key) if name == "industry" else key

    def title(self, name: str) -> str:
        """Of a fact, a value of a policy or a rule; its name where it has none."""
        return self(self._titles[name]) if name in self._titles else name

    def names(self, names: Iterable[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(map(self.title, names))
