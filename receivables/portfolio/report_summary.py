"""What a portfolio report begins with: one sentence on whether things are good or bad, and the few figures that matter.

The sentence is the portfolio policy's: its most severe rule that fired, in the policy's own words. The tiles set each
figure against the quarter before, where the books reach that far; a dash says why it is one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from engine.deciding.decision import Reason
from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.decimals import decimal_text
from engine.vocabulary.text import Text
from receivables.default_policies import BUYER_SHARE_MAX, EFFECTIVENESS_MIN, OVERDUE_SHARE_WATCH
from receivables.figures import Quarter
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import threshold
from receivables.portfolio.portfolio_formatter import PortfolioFormatter
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, Ratio, change, value_of
from receivables.report import report_texts
from receivables.report.parts import Headline, Section, Tile, Tiles, Tone

_TONES = {"normal": Tone.GOOD, "alarm": Tone.BAD}
"""Of outcomes; those between are for watching."""


def headline(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Headline:
    """Good, to be watched, to be reviewed or bad, and why.

    Why is the reason of the most severe rule that fired, with how many others did. Where none fired, it is the figures
    themselves against the policy's thresholds; where rules could not be checked and nothing fired, what they lack.
    """
    decision = portfolio.decisions.portfolio
    counted = [reason for reason in decision.reasons if not reason.waived]
    severity = CASE_KINDS["portfolio"].severity
    fired = sorted((each for each in counted if not each.missing), key=lambda each: -severity(each.outcome))
    missing = [each for each in counted if each.missing]
    tone = _TONES.get(decision.outcome, Tone.WATCH)
    state = texts.STATES[decision.outcome]
    if fired:
        return Headline(tone, show(texts.HEADLINE, state=show(state), why=_why(fired, show)))
    if missing:
        names = show.names(dict.fromkeys(name for each in missing for name in each.missing))
        return Headline(Tone.NEUTRAL, show(texts.HEADLINE_NOT_CHECKED, names=names))
    return Headline(tone, show(texts.HEADLINE, state=show(state), why=_in_order(portfolio, engine, show)))


def _why(fired: list[Reason], show: PortfolioFormatter) -> str:
    first, more = show(fired[0].text).rstrip(".。"), len(fired) - 1
    if not more:
        return first
    return show(texts.AND_MORE_ONE if more == 1 else texts.AND_MORE, first=first, more=more)


def _in_order(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> str:
    """The figures that no rule minded, each with the threshold that it keeps; those without a value are left out."""
    figures = portfolio.figures
    last = figures.quarters[-1] if figures.quarters else None
    dso_max, overdue_max, effectiveness_min = (
        portfolio.decisions.dso_max(),
        threshold(engine, portfolio.as_of, OVERDUE_SHARE_WATCH),
        threshold(engine, portfolio.as_of, EFFECTIVENESS_MIN),
    )
    parts = []
    if last and dso_max is not None and value_of(last.dso) is not None:
        parts.append(show(texts.DSO_KEPT, dso=show.days(last.dso), maximum=show.number(dso_max)))
    if overdue_max is not None and value_of(figures.total.overdue_share) is not None:
        share = show.share(figures.total.overdue_share)
        parts.append(show(texts.OVERDUE_KEPT, share=share, maximum=show.percent(overdue_max)))
    if last and effectiveness_min is not None and value_of(last.effectiveness) is not None:
        share = show.share(last.effectiveness)
        parts.append(show(texts.EFFECTIVENESS_KEPT, share=share, target=show.percent(effectiveness_min)))
    return ("，" if show.language == "zh" else ", ").join(parts) or show(texts.NOTHING_TO_WARN)


def overview_section(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Section:
    """The eight figures a credit manager asks for first. The allowance is called partial where it could not be worked
    out for some invoices; DSO and CEI are those of the last quarter."""
    figures, total = portfolio.figures, portfolio.figures.total
    quarters = figures.quarters
    last = quarters[-1] if quarters else None
    before = quarters[-2] if len(quarters) > 1 and quarters[-2].whole else None
    against = _Against(before, show)
    nothing = NoValue.OPEN_ITEMS_ONLY if not portfolio.book.has_settled else NoValue.NO_QUARTER
    dso, effectiveness = (last.dso, last.effectiveness) if last else (nothing, nothing)
    largest = figures.concentration.top[0].customer if figures.concentration.top else None
    allowances = portfolio.decisions.allowances
    is_complete = all(each.key is not None for each in allowances)
    items = show(texts.ITEMS_OF, items=show.count(total.count), customers=show.count(figures.concentration.customers))
    tiles = (
        against.amount(texts.RECEIVABLES, total.amount, lambda each: each.receivables, note=items),
        against.amount(
            texts.OVERDUE,
            total.overdue,
            lambda each: each.overdue,
            note=show(texts.ITEMS, items=show.count(total.overdue_count)),
            is_worse_if_more=True,
        ),
        against.share(
            report_texts.OVERDUE_SHARE,
            total.overdue_share,
            lambda each: each.overdue_share,
            note=_limit(texts.WATCHED_FROM, threshold(engine, portfolio.as_of, OVERDUE_SHARE_WATCH), show),
            is_worse_if_more=True,
        ),
        against.days(report_texts.DSO, dso, note=_maximum_days(portfolio, show)),
        against.share(
            texts.EFFECTIVENESS_OF,
            effectiveness,
            lambda each: each.effectiveness,
            note=_limit(texts.TARGET, threshold(engine, portfolio.as_of, EFFECTIVENESS_MIN), show),
            is_worse_if_more=False,
        ),
        Tile(
            name=show(texts.LARGEST_SHARE),
            value=show.share(figures.concentration.largest_share),
            note=show.reason(figures.concentration.largest_share)
            or " · ".join(
                [
                    show.customer(largest or "", portfolio.book.names),
                    _limit(texts.MAXIMUM, threshold(engine, portfolio.as_of, BUYER_SHARE_MAX), show),
                ]
            ).removesuffix(" · "),
        ),
        Tile(
            name=show(report_texts.DISPUTED),
            value=show(texts.UNKNOWN) if figures.disputed is None else show.money(figures.disputed),
        ),
        Tile(
            name=show(texts.ALLOWANCE if is_complete else texts.ALLOWANCE_PART),
            value=show.money(sum(each.allowance or 0 for each in allowances)),
        ),
    )
    headings = tuple(map(show, (report_texts.FIGURE, report_texts.VALUE, report_texts.CHANGE, report_texts.NOTE)))
    paragraphs = (show(texts.AMOUNTS_IN, currency=show.currency),) if total.count else (show(texts.NOTHING_OPEN),)
    return Section(
        show(texts.OVERVIEW),
        paragraphs,
        (Tiles(headings=(headings[0], headings[1], headings[2], headings[3]), tiles=tiles),),
    )


def _limit(text: Text, share: Fraction | None, show: PortfolioFormatter) -> str:
    return "" if share is None else show(text, value=show.percent(share))


def _maximum_days(portfolio: Portfolio, show: PortfolioFormatter) -> str:
    days = portfolio.decisions.dso_max()
    return "" if days is None else show(texts.MAXIMUM, value=show.number(days))


class _Against:
    """Makes the tiles that set a figure of the last quarter against the quarter before."""

    def __init__(self, before: Quarter | None, show: PortfolioFormatter) -> None:
        """`before` is None where the books don't reach over the whole quarter before the last."""
        self._before = before
        self._show = show

    def amount(
        self,
        name: Text,
        amount: int,
        of: Callable[[Quarter], int],
        *,
        note: str = "",
        is_worse_if_more: bool | None = None,
    ) -> Tile:
        """An amount, changed by a share of what it was; by an amount where it has become a credit balance, since a
        share of more than all says nothing."""
        show, text, tone = self._show, "", Tone.NEUTRAL
        if self._before is not None:
            was = of(self._before)
            by = change(Fraction(was), Fraction(amount)) if was >= 0 else NoValue.CREDIT_BALANCE
            if amount < 0 <= was:
                less = amount - was
                text, tone = self._change(
                    show.money(less), show.money(was), Fraction(less), is_worse_if_more=is_worse_if_more
                )
            elif not isinstance(by, NoValue):
                text, tone = self._change(show.share(by), show.money(was), by, is_worse_if_more=is_worse_if_more)
        return Tile(name=show(name), value=show.money(amount), change=text, tone=tone, note=note)

    def share(
        self, name: Text, value: Ratio, of: Callable[[Quarter], Ratio], *, note: str, is_worse_if_more: bool
    ) -> Tile:
        """A share, changed by percentage points."""
        show, text, tone = self._show, "", Tone.NEUTRAL
        was = of(self._before) if self._before is not None else NoValue.NO_QUARTER
        if not isinstance(was, NoValue) and not isinstance(value, NoValue):
            by = value - was
            points = show(texts.POINTS, points=decimal_text(by * 100, 1))
            text, tone = self._change(points, show.share(was), by, is_worse_if_more=is_worse_if_more)
        return Tile(name=show(name), value=show.share(value), change=text, tone=tone, note=show.reason(value) or note)

    def days(self, name: Text, value: Ratio, *, note: str) -> Tile:
        """A number of days, of which fewer are better."""
        show, text, tone = self._show, "", Tone.NEUTRAL
        was = self._before.dso if self._before is not None else NoValue.NO_QUARTER
        if not isinstance(was, NoValue) and not isinstance(value, NoValue):
            by = value - was
            text, tone = self._change(
                show(texts.BY_DAYS, days=show.days(by)), show.days(was), by, is_worse_if_more=True
            )
        return Tile(name=show(name), value=show.days(value), change=text, tone=tone, note=show.reason(value) or note)

    def _change(self, by: str, was: str, value: Fraction, *, is_worse_if_more: bool | None) -> tuple[str, Tone]:
        """`+4.8 points from 11.5% in 2013 Q1, worse`, and its tone. What rounds to no change is neither."""
        show, before = self._show, self._before
        signed = show.signed(by)
        quarter = "" if before is None else show.quarter(before, brief=True)
        if is_worse_if_more is None or not signed.startswith(("+", "−")):
            return show(texts.FROM, change=signed, was=was, quarter=quarter), Tone.NEUTRAL
        is_worse = (value > 0) == is_worse_if_more
        text = texts.FROM_WORSE if is_worse else texts.FROM_BETTER
        return show(text, change=signed, was=was, quarter=quarter), Tone.BAD if is_worse else Tone.GOOD
