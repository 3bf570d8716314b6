"""One backtest from file to figures: the history read, each policy set's orders decided, everything counted.

`run` is the one verb that callers need; `backtest_report` and `backtest_json` show what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.pipeline import Engine
from engine.ruleset.ruleset import NO_RULES, RuleSet
from engine.vocabulary.days import date_of
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import TOTAL_MAX, Vocabulary, money_max
from files.input_refused import InputRefused
from files.long_run import Progress, no_progress, without_garbage_collection
from files.rejects import WriteReject
from receivables.backtest import backtest_texts as texts
from receivables.backtest.backtest import Window, backtest, window_of
from receivables.backtest.backtest_figures import BacktestFigures, RuleName, Side, figures
from receivables.backtest.replay import CASE, Decide, PastOrder, ReplayedOrder, decider
from receivables.history.history_file import HistoryRead, HistorySource, read_history
from receivables.history.history_map import HistoryMap


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """Which history is replayed, and under which policies."""

    source: HistorySource
    engines: Mapping[str, Engine]
    """The policy sets, one or two, by the label that users know them by; all in one currency."""
    as_of: date
    """The day whose parameters are in force for every order: the question is what today's policy would have done."""
    since: date | None = None
    """The first day whose orders are decided; None: from the beginning."""
    until: date | None = None
    """The last day whose orders are decided; None: to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """A backtest with all its figures."""

    file: str
    """Name of the history's file."""
    history_map: HistoryMap
    vocabulary: Vocabulary
    """Of the policies."""
    as_of: date
    """As in the request."""
    window: Window
    rulesets: tuple[RuleSet, ...]
    """Of the sides, in their order."""
    figures: BacktestFigures
    rows: int
    """Rows read, the heading left out."""
    rejected: int
    """Rows with faults, which are in no figure."""
    failures: tuple[str, ...]
    """Why credence's SQL failed, where it did and orders were replayed one by one; the figures are the same."""


def run(
    request: BacktestRequest, progress: Progress = no_progress, rejected: WriteReject | None = None
) -> tuple[Backtest, HistoryRead]:
    """Reads the history and replays it.

    `rejected` is called for each row with faults, `progress` with the phase, `reading` or `replaying`, and the share of
    it that is done. Raises what `read_history` and `FactRows` raise, and InputRefused where no order is left to replay.
    """
    with without_garbage_collection():
        history = read_history(request.source, progress, rejected)
        _refuse_sums(request.source, history)
        window = window_of(history.accounts, request.since, request.until)
        return replayed(request, history, window, progress), history


def replayed(
    request: BacktestRequest, history: HistoryRead, window: Window, progress: Progress = no_progress
) -> Backtest:
    """Replays a history that is read already; raises as `run` does."""
    rulesets = {label: engine.ruleset(CASE, request.as_of) for label, engine in request.engines.items()}
    failures: dict[str, None] = {}

    def failed(why: str) -> None:
        failures[why] = None

    decides = [fastest(ruleset, request.source.history_map, failed) for ruleset in rulesets.values()]
    orders = (history.rows - history.rejected) or 1
    tally = backtest(history.accounts, window, decides, lambda done: progress("replaying", done / orders))
    if not tally.orders:
        raise InputRefused(_why_nothing(history), place=str(request.source.path))
    sides = [_side(label, ruleset) for label, ruleset in rulesets.items()]
    return Backtest(
        file=request.source.path.name,
        history_map=request.source.history_map,
        vocabulary=next(iter(request.engines.values())).vocabulary,
        as_of=request.as_of,
        window=window,
        rulesets=tuple(rulesets.values()),
        figures=figures(tally, sides),
        rows=history.rows,
        rejected=history.rejected,
        failures=tuple(failures),
    )


def _refuse_sums(source: HistorySource, history: HistoryRead) -> None:
    """Raises InputRefused where what a customer, or all of them, may owe on some day could be more than a fact holds:
    past orders are not bound one by one."""
    most = money_max(source.currency_digits)
    sums = {customer: sum(item.amount for item in items) for customer, items in history.accounts.items()}
    largest = max(sums, key=sums.__getitem__, default=None)
    if largest is not None and (sums[largest] > most or sum(sums.values()) > TOTAL_MAX):
        whose = f"of customer `{largest}`" if sums[largest] > most else "together"
        message = f"the invoices {whose} add up to more than policies can decide on"
        raise InputRefused(message, "leave some out, or write amounts in thousands", place=str(source.path))


def _why_nothing(history: HistoryRead) -> str:
    """Why no order is left, in the words of a refusal: rows that are no invoices, an empty file, or a window beside the
    history's days, which are given.
    """
    if history.rejects and not history.accounts:
        line, faults = history.rejects[0]
        return f"none of the {history.rows} rows is an invoice; line {line}: {'; '.join(map(str, faults))}"
    if not history.accounts:
        return "the file holds no invoices, only a heading"
    window = window_of(history.accounts)
    days = (date_of(day).isoformat() for day in (window.since, window.until))
    return f"no order lies between --from and --until; the history runs from {' to '.join(days)}"


def fastest(ruleset: RuleSet, history_map: HistoryMap, failed: Callable[[str], None]) -> Decide:
    """The fastest function that decides this rule set's orders: in bulk where the extra `bulk` is installed and SQL can
    express the rules, else one by one; both decide alike. Should the SQL fail, which is a fault of credence, `failed`
    is called with the reason, and from there on orders are decided one by one."""
    try:
        from engine.lowering.sql.portability import portability_mistakes
        from receivables.backtest.replay_sql import QUERY_ERRORS, sql_decider
    except ImportError:
        return decider(ruleset, history_map)
    if portability_mistakes([ruleset]):
        return decider(ruleset, history_map)
    decide = sql_decider(ruleset, history_map)

    def decide_or_go_on(orders: Sequence[PastOrder]) -> Sequence[ReplayedOrder]:
        nonlocal decide
        try:
            return decide(orders)
        except QUERY_ERRORS as error:
            failed((str(error).splitlines() or [type(error).__name__])[0])
            decide = decider(ruleset, history_map)
            return decide(orders)

    return decide_or_go_on


def _side(label: str, ruleset: RuleSet) -> Side:
    names = {
        rule.id: RuleName(rule.title or Text(rule.id, rule.id), rule.outcome, rule.if_missing) for rule in ruleset.rules
    }
    if not ruleset.is_decided:
        names[NO_RULES] = RuleName(texts.NOT_DECIDED, ruleset.mildest, None)
    return Side(label, ruleset.version, names)


def labels(names: Sequence[str]) -> tuple[str, ...]:
    """Labels for policy sets by the names of their folders; those that are the same get a number: `a (1)`, `a (2)`."""
    return tuple(name if names.count(name) == 1 else f"{name} ({index})" for index, name in enumerate(names, 1))
