"""One backtest from files to figures: the history read, each policy set's orders decided, everything counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.backtest import words as say
from api.backtest.history_file import HistoryRead, Source, read_history
from api.long_run import Progress, untold, without_garbage_collection
from engine.decision import NO_RULES
from engine.history.backtest import Window, backtest, window_of
from engine.history.figures import Figures, RuleName, Side, figures
from engine.history.history_map import HistoryMap
from engine.history.replay import CASE, Decide, decider
from engine.pipeline import Engine
from engine.portfolio.figures import date_of
from engine.ruleset import RuleSet
from engine.vocabulary import Text, Vocabulary


class NothingToReplay(Exception):
    """The message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`engines` by the label users know them by, one or two; `as_of` picks the parameters in force."""

    source: Source
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
    figures: Figures
    rows: int
    rejected: int


def run(asked: Asked, progress: Progress = untold) -> tuple[Backtest, HistoryRead]:
    """Raises what `read_history` raises, and NothingToReplay."""
    with without_garbage_collection():
        history = read_history(asked.source, progress)
        window = window_of(history.accounts, asked.since, asked.until)
        return replayed(asked, history, window, progress), history


def replayed(asked: Asked, history: HistoryRead, window: Window, progress: Progress = untold) -> Backtest:
    rulesets = {label: engine.ruleset(CASE, asked.as_of) for label, engine in asked.engines.items()}
    decides = [fastest(ruleset, asked.source.history_map) for ruleset in rulesets.values()]
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


def fastest(ruleset: RuleSet, history_map: HistoryMap) -> Decide:
    """In bulk where DuckDB is installed (`pip install credence[bulk]`) and SQL can say the rules, else one by one; both
    decide alike."""
    try:
        from api.backtest.sql import sql_decider
        from engine.sql.check import check
    except ImportError:
        return decider(ruleset, history_map)
    return decider(ruleset, history_map) if check(ruleset) else sql_decider(ruleset, history_map)


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
