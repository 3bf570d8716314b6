"""A portfolio as JSON for programs: what `credence portfolio --json` prints.

Amounts are decimal text with the currency's decimals, shares and days decimal text with 6, dates ISO 8601, so that
nothing passes through a float. null is a figure that can't be worked out, such as the DSO of a quarter without sales.
Texts are in both languages. The keys are a promise to programs; docs/portfolio.md explains the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter, rate_text
from receivables.figures import Bucket, Line, Quarter
from receivables.portfolio.portfolio_decisions import Account, Allowance, RuleCount
from receivables.portfolio.run_portfolio import Portfolio

Json = dict[str, object]

_Money = Callable[[int], str]
"""Writes minor units as decimal text."""


def portfolio_json(portfolio: Portfolio, engine: Engine) -> Json:
    """All of a portfolio, as one object of JSON. `engine` holds the policies that decided it.

    Its parts, in this order: what was read (`rows`), the figures (`receivables`, `aging`, `credit_notes`, `quarters`,
    `concentration`, `overdue`), and what the policies say (`loss_allowance`, `warnings`). Customers without a warning
    are not listed, as a book may have a hundred thousand; `rules` counts them all.
    """
    money = decimal_formatter(engine.vocabulary.currency_digits)
    figures, decisions = portfolio.figures, portfolio.decisions
    total = figures.total
    return {
        "portfolio": portfolio.name,
        "as_of": portfolio.as_of.isoformat(),
        "opening": None if figures.opening is None else date_of(figures.opening).isoformat(),
        "currency": engine.vocabulary.currency,
        "policy_version": engine.version,
        "rows": _rows(portfolio),
        "receivables": {
            "count": total.count,
            "amount": money(total.amount),
            "overdue_count": total.overdue_count,
            "overdue": money(total.overdue),
            "overdue_share": rate_text(total.overdue_share),
            "disputed": None if figures.disputed is None else money(figures.disputed),
        },
        "aging": [_bucket(bucket, money) for bucket in figures.aging],
        "credit_notes": {"count": figures.credits.count, "amount": money(figures.credits.amount)},
        "quarters": [_quarter(quarter, money) for quarter in figures.quarters],
        "concentration": _concentration(portfolio, money),
        "overdue": {name: [_line(line, money) for line in lines] for name, lines in decisions.overdue_by.items()},
        "loss_allowance": _allowances(decisions.allowances, money),
        "warnings": {
            "portfolio": _decision(decisions.portfolio),
            "rules": [_rule(rule, money) for rule in decisions.rules],
            "accounts": [_account(account, money) for account in decisions.accounts if account.warnings],
        },
    }


def _rows(portfolio: Portfolio) -> Json:
    """What was read and what became of it: `read` = `items` + `issued_later` + `rejected`."""
    book = portfolio.book
    return {
        "files": list(portfolio.files),
        "read": portfolio.rows,
        "items": len(book.items),
        "issued_later": book.later,
        "settled_items": book.has_settled,
        "rejected": portfolio.rejected,
        "converted": [{**rate.as_json(), "items": items} for rate, items in book.converted],
        "contradicted": [{"account": customer, "fact": f"account.{name}"} for customer, name in book.contradicted],
    }


def _bucket(bucket: Bucket, money: _Money) -> Json:
    """One of the report's own aging buckets: `{"bucket": "31-60", "count": 3, "amount": "1250.00"}`."""
    return {"bucket": bucket.key, "count": bucket.count, "amount": money(bucket.amount)}


def _quarter(quarter: Quarter, money: _Money) -> Json:
    """One quarter. `whole` says whether the books cover it from its first day: if not, every ratio of it is null.
    Ratios are decimal text: DSO in days, effectiveness as a share (`"0.874000"` is 87.4%).
    """
    return {
        "from": date_of(quarter.first).isoformat(),
        "to": date_of(quarter.last).isoformat(),
        "whole": quarter.whole,
        "opening_receivables": None if quarter.opening is None else money(quarter.opening),
        "credit_sales": money(quarter.sales),
        "closing_receivables": money(quarter.receivables),
        "overdue": money(quarter.overdue),
        "dso": rate_text(quarter.dso),
        "best_possible_dso": rate_text(quarter.best_possible_dso),
        "average_days_delinquent": rate_text(quarter.average_days_delinquent),
        "collection_effectiveness": rate_text(quarter.effectiveness),
    }


def _concentration(portfolio: Portfolio, money: _Money) -> Json:
    """The largest customers by what they owe on balance, and the Herfindahl index as a share: 1 for one customer, 0.1
    for ten equal ones.
    """
    concentration = portfolio.figures.concentration
    return {
        "customers": concentration.customers,
        "owed": money(concentration.owed),
        "top": [
            {
                "customer": balance.customer,
                "count": balance.count,
                "amount": money(balance.amount),
                "share": rate_text(balance.share),
            }
            for balance in concentration.top
        ],
        "top_share": rate_text(concentration.top_share),
        "herfindahl": rate_text(concentration.herfindahl),
    }


def _line(line: Line, money: _Money) -> Json:
    """One grade, country or industry: what is open of it, and how much of that is overdue."""
    return {
        "key": line.key,
        "count": line.count,
        "amount": money(line.amount),
        "overdue_count": line.overdue_count,
        "overdue": money(line.overdue),
        "overdue_share": rate_text(line.overdue_share),
    }


def _allowances(allowances: tuple[Allowance, ...], money: _Money) -> Json:
    """The provision matrix. `complete` is false where the allowance of some invoices could not be worked out: `total`
    is that of the others then, and the bucket null says for how many, and which facts are missing.
    """
    return {
        "total": money(sum(each.allowance or 0 for each in allowances)),
        "complete": all(each.key is not None for each in allowances),
        "buckets": [
            {
                "bucket": each.key,
                "count": each.count,
                "amount": money(each.amount),
                "loss_rates": list(each.rates),
                "allowance": None if each.allowance is None else money(each.allowance),
                "missing": list(each.missing),
            }
            for each in allowances
        ],
    }


def _decision(decision: Decision) -> Json:
    """Without its id: this one isn't recorded."""
    return {key: value for key, value in decision.as_json().items() if key != "id"}


def _rule(rule: RuleCount, money: _Money) -> Json:
    """A rule of the account policies: of how many customers it speaks, and what they have open together."""
    return {**asdict(rule), "amount": money(rule.amount), "missing": list(rule.missing)}


def _account(account: Account, money: _Money) -> Json:
    """A customer with a warning: its grade, its balance, its outcome, and the reasons in both languages."""
    return {
        "customer": account.customer,
        "grade": account.grade,
        "amount": money(account.balance.amount),
        "overdue": money(account.balance.overdue),
        "outcome": account.decision.outcome,
        "warnings": [reason.as_json() for reason in account.warnings],
    }
