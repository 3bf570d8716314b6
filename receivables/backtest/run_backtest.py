"""One backtest from files to figures: the history read, each policy set's orders decided, everything counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.pipeline import Engine
from engine.ruleset.ruleset import NO_RULES, RuleSet
from engine.vocabulary.days import date_of
from engine.vocabulary.vocabulary import Text, Vocabulary
from files.long_run import Progress, untold, without_garbage_collection
from receivables.backtest import backtest_words as say
from receivables.backtest.backtest import Window, backtest, window_of
from receivables.backtest.backtest_figures import BacktestFigures, RuleName, Side, figures
from receivables.backtest.replay import CASE, Case, Decide, ReplayedOrder, decider
from receivables.history.history_file import HistoryRead, HistorySource, RowRejected, read_history
from receivables.history.history_map import HistoryMap


class NothingToReplay(Exception):
    """The message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`engines` by the label users know them by, one or two; `as_of` picks the parameters in force."""

    source: HistorySource
    engines: Mapping[str, Engine]
    as_of: date
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    file: str
    history_map: HistoryMap
    vocabulary: Vocabulary
    as_of: date
    window: Window
    rulesets: tuple[RuleSet, ...]  # of the sides, in their order
    figures: BacktestFigures
    rows: int
    rejected: int
    failures: tuple[str, ...]
    """Why credence's SQL failed, where it did and orders were replayed one by one; the figures are the same."""


def run(asked: Asked, progress: Progress = untold, rejected: RowRejected | None = None) -> tuple[Backtest, HistoryRead]:
    """`rejected` takes each row with faults. Raises what `read_history` raises, and NothingToReplay."""
    with without_garbage_collection():
        history = read_history(asked.source, progress, rejected)
        window = window_of(history.accounts, asked.since, asked.until)
        return replayed(asked, history, window, progress), history


def replayed(asked: Asked, history: HistoryRead, window: Window, progress: Progress = untold) -> Backtest:
    rulesets = {label: engine.ruleset(CASE, asked.as_of) for label, engine in asked.engines.items()}
    failures: dict[str, None] = {}

    def failed(said: str) -> None:
        failures[said] = None

    decides = [fastest(ruleset, asked.source.history_map, failed) for ruleset in rulesets.values()]
    orders = (history.rows - history.rejected) or 1
    tally = backtest(history.accounts, window, decides, lambda done: progress("replaying", done / orders))
    if not tally.orders:
        raise NothingToReplay(_nothing(history))
    sides = [_side(label, ruleset) for label, ruleset in rulesets.items()]
    return Backtest(
        asked.source.path.name,
        asked.source.history_map,
        next(iter(asked.engines.values())).vocabulary,
        asked.as_of,
        window,
        tuple(rulesets.values()),
        figures(tally, sides),
        history.rows,
        history.rejected,
        tuple(failures),
    )


def _nothing(history: HistoryRead) -> str:
    if history.rejects and not history.accounts:
        line, faults = history.rejects[0]
        return f"none of the {history.rows} rows is an invoice; line {line}: {'; '.join(map(str, faults))}"
    if not history.accounts:
        return "the file holds no invoices, only a heading"
    window = window_of(history.accounts)
    days = (date_of(day).isoformat() for day in (window.since, window.until))
    return f"no order lies between --from and --until; the history runs from {' to '.join(days)}"


def fastest(ruleset: RuleSet, history_map: HistoryMap, failed: Callable[[str], None]) -> Decide:
    """In bulk where the extra `bulk` is installed and SQL can say the rules, else one by one; both decide alike.
    `failed` is told why the SQL failed, where it did: from there on orders are decided one by one."""
    try:
        from engine.lowering.sql.portability import check
        from receivables.backtest.replay_sql import QUERY_ERRORS, sql_decider
    except ImportError:
        return decider(ruleset, history_map)
    if check(ruleset):
        return decider(ruleset, history_map)
    decide = sql_decider(ruleset, history_map)

    def decide_or_go_on(cases: Sequence[Case]) -> Sequence[ReplayedOrder]:
        nonlocal decide
        try:
            return decide(cases)
        except QUERY_ERRORS as error:
            failed((str(error).splitlines() or [type(error).__name__])[0])
            decide = decider(ruleset, history_map)
            return decide(cases)

    return decide_or_go_on


def _side(label: str, ruleset: RuleSet) -> Side:
    names = {
        rule.id: RuleName(rule.title or Text(rule.id, rule.id), rule.outcome, rule.if_missing) for rule in ruleset.rules
    }
    if not ruleset.is_decided:
        names[NO_RULES] = RuleName(say.NOT_DECIDED, ruleset.mildest, None)
    return Side(label, ruleset.version, names)


def labels(names: Sequence[str]) -> tuple[str, ...]:
    """Folder names that are the same get a number."""
    return tuple(name if names.count(name) == 1 else f"{name} ({index})" for index, name in enumerate(names, 1))
