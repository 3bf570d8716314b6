"""A portfolio's figures as text in one language: quarters, aging buckets, and titles that the policies give.

The report shows people titles (`manufacturing` as Manufacturing or 制造业); JSON keeps the policies' words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from engine.deciding.value_words import ValueWords
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from receivables.default_policies import GRADE, PROVISIONS
from receivables.figures import Quarter
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import UNKNOWN, UNRATED
from receivables.report.figure_formatter import FigureFormatter

_BUCKETS = {"current": texts.CURRENT, "over 365": texts.OVER_365}


class PortfolioFormatter(FigureFormatter):
    """Writes everything that a portfolio's report shows, in one language.

    Words of policies become titles where the policies give some, and stay words where not:

        show = PortfolioFormatter(engine, date(2026, 6, 30), "zh")
        show.key("industry", "manufacturing")   → 制造业
        show.bucket("31-60")                    → 31–60
        show.title("account.overdue_amount")    → the fact's Chinese title
    """

    def __init__(self, engine: Engine, as_of: date, language: str | None = None) -> None:
        """Titles are those of the policies of `engine` in force on `as_of`; `language` is the reader's, None the
        site's first."""
        vocabulary = engine.vocabulary
        super().__init__(language, vocabulary)
        self._account, self._invoice, self._portfolio = (
            ValueWords(engine.ruleset(case, as_of), language) for case in ("account", "invoice", "portfolio")
        )
        self._titles = {name: fact.title for name, fact in vocabulary.facts.items()}
        for case in ("invoice", "account", "portfolio"):
            ruleset = engine.ruleset(case, as_of)
            self._titles |= ruleset.titles
            self._titles |= {rule.id: rule.title for rule in ruleset.rules if rule.title}

    def quarter(self, quarter: Quarter, *, brief: bool = False) -> str:
        """A quarter of the calendar by its name, such as `2026 Q2`; another by its dates, in brief by its last one."""
        first, last = date_of(quarter.first), date_of(quarter.last)
        if first.day == 1 and first.month % 3 == 1:
            return self.calendar_quarter(first.year, first.month // 3 + 1)
        return f"{last:%y-%m-%d}" if brief else f"{first} – {last}"

    def customer(self, number: str, names: Mapping[str, str]) -> str:
        """A customer by its name with the number behind it, or by its number where nobody said a name."""
        return self(texts.NAMED, name=names[number], number=number) if number in names else number

    def bucket(self, key: str) -> str:
        """A bucket of the report's own aging, one of `figures.BUCKETS`."""
        return self(_BUCKETS[key]) if key in _BUCKETS else key.replace("-", "–")

    def provision_bucket(self, key: str) -> str:
        """A bucket of the policy's provision matrix, by the title it has there."""
        return self._invoice.variable(f"{PROVISIONS}.bucket", key)

    def key(self, name: str, key: str) -> str:
        """The key of a line of the overdue structure; `name` is `grade`, `country` or `industry`."""
        if key == UNKNOWN:
            return self(texts.UNKNOWN)
        if name == "grade":
            title = self._account.variable(GRADE, key)
            return self(texts.UNRATED) if title == UNRATED else title
        return self._portfolio.variable("portfolio.industry", key) if name == "industry" else key

    def title(self, name: str) -> str:
        """The title of a fact, a value of a policy or a rule; its name where it has none."""
        return self(self._titles[name]) if name in self._titles else name

    def names(self, names: Iterable[str]) -> str:
        """A list of such titles in one line."""
        return ("、" if self.reader[0] == "zh" else ", ").join(map(self.title, names))
