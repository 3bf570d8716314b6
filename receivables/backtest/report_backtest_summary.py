"""What a backtest's report begins with: one sentence on whether the policies are good at their work, and eight figures.

Good is a policy set whose lift lies above 1 in nine of ten samples: what it holds comes late more often than what
holding at random would catch. Whether it holds too much for its users is theirs to say; the figures stand beside.
"""

from __future__ import annotations

from collections.abc import Iterable

from receivables.backtest import backtest_texts as texts
from receivables.backtest.backtest import LATE_DAYS, SERIOUS
from receivables.backtest.backtest_figures import WITH_CONDITIONS, BacktestFigures, OrderGroup, SideFigures
from receivables.backtest.uncertainty import LikelyRange
from receivables.ratios import NoValue, ratio
from receivables.report import report_texts
from receivables.report.figure_formatter import FigureFormatter
from receivables.report.parts import Headline, Tile, Tiles, Tone


def headline(figures: BacktestFigures, show: FigureFormatter) -> Headline:
    """The sentence on one policy set, or on the second of two against the first."""
    if len(figures.sides) > 1:
        return Headline(Tone.NEUTRAL, _two(figures, show))
    (side,) = figures.sides
    held, conditioned = _shares(side, figures.everything, show)
    lift = side.lift_range
    if isinstance(lift, NoValue):
        return Headline(
            Tone.NEUTRAL, show(texts.HEADLINE_UNKNOWN, why=show(lift.text), held=held, conditioned=conditioned)
        )
    tone, state = Tone.WATCH, texts.NOT_FOUND
    if lift.low > 1:
        tone, state = Tone.GOOD, texts.FOUND
    elif lift.high < 1:
        tone, state = Tone.BAD, texts.MISLED
    text = show(
        texts.HEADLINE,
        state=show(state),
        held=held,
        times=show.times(side.accuracy[SERIOUS].lift),
        days=LATE_DAYS[SERIOUS],
        low=show.factor(lift.low),
        high=show.factor(lift.high),
        conditioned=conditioned,
    )
    return Headline(tone, text)


def _shares(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> tuple[str, str]:
    """The share of the amount that is held, and that passes only with conditions."""
    conditioned = side.outcomes[WITH_CONDITIONS].share_of(everything)
    return show.share(side.held.share_of(everything)), show.share(conditioned)


def _two(figures: BacktestFigures, show: FigureFormatter) -> str:
    """The sentence on two policy sets: what the second does instead of the first. Which of them is better is not said,
    since that depends on what a held order costs, which no history tells.
    """
    first, second = figures.sides[:2]
    held_before, conditioned_before = _shares(first, figures.everything, show)
    held, conditioned = _shares(second, figures.everything, show)
    return show(
        texts.HEADLINE_TWO,
        first=first.label,
        second=second.label,
        held=held,
        held_before=held_before,
        conditioned=conditioned,
        conditioned_before=conditioned_before,
        lift=show.times(second.accuracy[SERIOUS].lift),
        lift_before=show.times(first.accuracy[SERIOUS].lift),
    )


def tiles(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Tiles:
    """The eight figures of one policy set, the uncertainty of two of them with them."""
    headings = tuple(map(show, (report_texts.FIGURE, report_texts.VALUE, report_texts.CHANGE, report_texts.NOTE)))
    return Tiles(
        headings=(headings[0], headings[1], headings[2], headings[3]),
        tiles=(*_shares_tiles(side, everything, show), *_forecast_tiles(side, show), *_effect_tiles(side, show)),
    )


def _shares_tiles(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Iterable[Tile]:
    """How much is held, how much passes only with conditions, and how much was held and yet paid on time: what the
    policies cost in any case. Each is a share of the amount of all orders.
    """
    conditioned = side.outcomes[WITH_CONDITIONS]
    on_time = side.held.known.amount - side.held.late[0].amount
    yield Tile(
        name=show(texts.HELD_TILE), value=show.share(side.held.share_of(everything)), note=_held_note(side, show)
    )
    yield Tile(
        name=show(texts.CONDITIONED_TILE),
        value=show.share(conditioned.share_of(everything)),
        note=show(texts.ORDERS_NOTE, orders=show.count(conditioned.all.count)),
    )
    yield Tile(
        name=show(texts.ON_TIME_TILE),
        value=show.share(ratio(on_time, everything.all.amount, NoValue.NO_ORDERS)),
        note=show(texts.OF_ALL_NOTE),
    )


def _held_note(side: SideFigures, show: FigureFormatter) -> str:
    """How many orders that is, and, where there are customers enough, the range of the share in nine of ten samples."""
    orders = show.count(side.held.all.count)
    if isinstance(side.held_range, NoValue):
        return show(texts.ORDERS_NOTE, orders=orders)
    low, high = map(show.share, side.held_range)
    return show(texts.ORDERS_RANGE_NOTE, orders=orders, low=low, high=high)


def _forecast_tiles(side: SideFigures, show: FigureFormatter) -> Iterable[Tile]:
    """How well holding foretells lateness of more than 15 days: lift with its range, precision beside the late share of
    what passed, recall. Where one has no value the note says why instead of leaving an empty tile.
    """
    accuracy, days = side.accuracy[SERIOUS], LATE_DAYS[SERIOUS]
    yield Tile(
        name=show(texts.LIFT_TILE),
        value=show.times(accuracy.lift),
        note=show.reason(accuracy.lift) or _range_note(side.lift_range, show),
    )
    yield Tile(
        name=show(texts.HELD_LATE_TILE, days=days),
        value=show.share(accuracy.precision),
        note=show.reason(accuracy.precision) or show(texts.PASSED_NOTE, share=show.share(side.passed.rate(SERIOUS))),
    )
    yield Tile(
        name=show(texts.RECALL_TILE, days=days),
        value=show.share(accuracy.recall),
        note=show.reason(accuracy.recall),
    )


def _range_note(found: LikelyRange | NoValue, show: FigureFormatter) -> str:
    """From which lift to which in nine of ten samples; or why that can't be said, as with too few customers."""
    if isinstance(found, NoValue):
        return show(texts.NO_RANGE_NOTE, why=show(found.text))
    return show(texts.RANGE_NOTE, low=show.factor(found.low), high=show.factor(found.high))


def _effect_tiles(side: SideFigures, show: FigureFormatter) -> Iterable[Tile]:
    """DSO and the overdue share had the held orders been refused, each beside what it was: the gain, to be set against
    the first tiles.
    """
    effect = side.effect
    yield Tile(
        name=show(texts.DSO_TILE),
        value=show.days(effect.dso_refused),
        note=show.reason(effect.dso_refused) or show(texts.AS_IT_WAS_NOTE, value=show.days(effect.dso)),
    )
    yield Tile(
        name=show(texts.OVERDUE_TILE),
        value=show.share(effect.overdue_share_without),
        note=show.reason(effect.overdue_share_without)
        or show(texts.AS_IT_WAS_NOTE, value=show.share(effect.overdue_share)),
    )
