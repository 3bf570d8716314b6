"""A backtest's figures as JSON for programs: what `credence backtest --json` prints.

Amounts are decimal text with the currency's decimals, shares decimal text with 6, so that nothing passes through a
float; null is a share of nothing: `no_value` beside it holds the reason's code, `no_value_reasons` the texts. The keys
are a promise to programs; docs/backtest.md explains the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter, rate_text
from receivables.backtest.backtest import LATE_DAYS, SERIOUS, Flip
from receivables.backtest.backtest_figures import (
    Accuracy,
    Change,
    Effect,
    OrderGroup,
    RuleFigures,
    SideFigures,
    differing_rules,
)
from receivables.backtest.run_backtest import Backtest
from receivables.backtest.uncertainty import LEVEL
from receivables.history.history_file import HistoryRead
from receivables.ratios import NoValue, ratios_json, reasons_json

Json = dict[str, object]


def as_json(backtest: Backtest, history: HistoryRead) -> Json:
    """All of a backtest, as one object of JSON. `history` is what was read for it, with its rejects."""
    write = _Writer(backtest.vocabulary.currency_digits)
    figures, history_map = backtest.figures, backtest.history_map
    return {
        "history": {"file": backtest.file, "map": history_map.name, "title": history_map.title.as_json()},
        "currency": history_map.currency,
        "policy_currency": backtest.vocabulary.currency,
        "from": date_of(backtest.window.since).isoformat(),
        "until": date_of(backtest.window.until).isoformat(),
        "payments_known_until": date_of(backtest.window.end).isoformat(),
        "parameters_of": backtest.as_of.isoformat(),
        "rows": backtest.rows,
        "rejected": backtest.rejected,
        "rejects": [{"line": line, "faults": [str(fault) for fault in faults]} for line, faults in history.rejects],
        "assumed": list(_assumed(backtest)),
        "told": list(history_map.facts_from_history),
        "all": write.group(figures.everything),
        "policies": [write.side(side) for side in figures.sides],
        "flips": figures.flips,
        "changes": [write.change(change) for change in figures.changes],
        "largest_flips": [write.flip(flip) for flip in figures.largest_flips],
        "no_value_reasons": reasons_json(),
    }


def _assumed(backtest: Backtest) -> Iterator[Json]:
    """Each fact that the map assumes for all orders, with its value (`as_of`: each order's own day) and why."""
    for part in backtest.history_map.assumptions:
        value = "as_of" if part.as_of else part.value
        yield {"fact": part.name, "value": value, "because": part.because.as_json()}


class _Writer:
    """Writes nouns of `backtest_figures` with amounts of so many decimals."""

    def __init__(self, digits: int) -> None:
        self.money = decimal_formatter(digits)

    def group(self, group: OrderGroup) -> Json:
        """One group of orders, as it stands under `held`, `passed`, an outcome, a grade, a rule or a quarter:

            {"orders": 62, "amount": "398547.00", "disputed_amount": "0.00",
             "known": {"orders": 62, "amount": "398547.00"},
             "late": [{"days": 0, "orders": 40, "amount": "275734.00", "rate": "0.645161", "amount_rate": "0.691848"},
                      …]}

        `late` has an entry for each of `LATE_DAYS`. Rates are shares of `known`.
        """
        return {
            "orders": group.all.count,
            "amount": self.money(group.all.amount),
            "disputed_amount": self.money(group.all.disputed_amount),
            "known": {"orders": group.known.count, "amount": self.money(group.known.amount)},
            "late": [
                {
                    "days": days,
                    "orders": late.count,
                    "amount": self.money(late.amount),
                    **ratios_json({"rate": group.count_rate(index), "amount_rate": group.rate(index)}),
                }
                for index, (days, late) in enumerate(zip(LATE_DAYS, group.late, strict=True))
            ],
        }

    def side(self, side: SideFigures) -> Json:
        """Everything of one policy set. Outcomes without orders are there too, so that a program finds each under its
        name; of rules only those that said something.
        """
        return {
            "label": side.label,
            "version": side.version,
            "outcomes": {name: self.group(group) for name, group in side.outcomes.items()},
            "held": self.group(side.held),
            "passed": self.group(side.passed),
            "accuracy": [_accuracy(accuracy) for accuracy in side.accuracy],
            "uncertainty": _uncertainty(side),
            "effect": _effect(side.effect),
            "rules": [self.rule(rule) for rule in side.rules],
            "grades": {grade: self.group(group) for grade, group in side.grades.items()},
            "quarters": {
                name: {"held": self.group(held), "passed": self.group(passed)}
                for name, (held, passed) in side.quarters.items()
            },
        }

    def rule(self, rule: RuleFigures) -> Json:
        """One rule: the orders that it fired on, those for which it could not be checked, those that it held alone."""
        return {
            "rule": rule.rule,
            "title": rule.title.as_json(),
            "outcome": rule.outcome,
            "fired": self.group(rule.fired),
            "undetermined": self.group(rule.undetermined),
            "alone": self.group(rule.alone),
        }

    def change(self, change: Change) -> Json:
        """One kind of flip: two outcomes, the rules that only one set names, and the orders that it happened to."""
        return {
            "before": change.before,
            "after": change.after,
            "rules_only_in_first": list(change.only_first),
            "rules_only_in_second": list(change.only_second),
            "orders": self.group(change.group),
        }

    def flip(self, flip: Flip) -> Json:
        """One order that two sets decide differently. `days_late` is null while its invoice is open, and below 0 where
        it was paid early.
        """
        item, (first, second) = flip.item, flip.decisions[:2]
        only_first, only_second = differing_rules(first, second)
        return {
            "order": item.number,
            "customer": item.customer,
            "day": date_of(item.issued).isoformat(),
            "amount": self.money(item.amount),
            "days_late": item.days_late,
            "before": first.outcome,
            "after": second.outcome,
            "rules_only_in_first": list(only_first),
            "rules_only_in_second": list(only_second),
        }


def _uncertainty(side: SideFigures) -> Json:
    """The ranges of lift later than 15 days and of the held share, both by amount, in `level` of such samples."""
    ranges = {"lift": side.lift_range, "held_share": side.held_range}
    return {
        "level": rate_text(LEVEL),
        "days": LATE_DAYS[SERIOUS],
        "customers": side.customers,
        **{
            name: None if isinstance(found, NoValue) else {"low": rate_text(found.low), "high": rate_text(found.high)}
            for name, found in ranges.items()
        },
        "no_value": {name: found.code for name, found in ranges.items() if isinstance(found, NoValue)},
    }


def _accuracy(accuracy: Accuracy) -> Json:
    """One threshold: `{"days": 15, "lift": "2.010000", …}`; `no_value` has the code of each that is null."""
    ratios = {
        "lift": accuracy.lift,
        "precision": accuracy.precision,
        "recall": accuracy.recall,
        "lift_by_count": accuracy.count_lift,
        "precision_by_count": accuracy.count_precision,
        "recall_by_count": accuracy.count_recall,
    }
    return {"days": accuracy.days, **ratios_json(ratios)}


def _effect(effect: Effect) -> Json:
    """DSO in days and the overdue share, as it was, and without what was held; null where there is nothing to divide
    by.
    """
    return ratios_json(
        {
            "dso": effect.dso,
            "dso_if_held_refused": effect.dso_refused,
            "dso_if_held_prepaid": effect.dso_prepaid,
            "overdue_share": effect.overdue_share,
            "overdue_share_without_held": effect.overdue_share_without,
        }
    )
