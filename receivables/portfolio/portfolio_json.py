"""A portfolio as JSON for programs: what `credence portfolio --json` prints.

Amounts are decimal text with the currency's decimals, shares and days decimal text with 6, dates ISO 8601, so that
nothing passes through a float. null is a figure that can't be worked out, such as the DSO of a quarter without sales;
`no_value` beside it holds the reason's code, `no_value_reasons` the texts of all codes.
Texts are in both languages. The keys are a promise to programs; docs/portfolio.md explains the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter, rate_text
from receivables.figures import Bucket, Line, PortfolioFigures, Quarter
from receivables.portfolio.portfolio_decisions import Allowance, PortfolioAccount, RuleCount
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, ratio, ratios_json, reasons_json

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
    return {
        "portfolio": portfolio.name,
        "as_of": portfolio.as_of.isoformat(),
        "opening": None if figures.opening is None else date_of(figures.opening).isoformat(),
        "currency": engine.vocabulary.currency,
        "policy_version": engine.version,
        "rows": _rows(portfolio),
        **figures_json(figures, money),
        "concentration": _concentration(portfolio, money),
        "overdue": {name: [_line(line, money) for line in lines] for name, lines in decisions.overdue_by.items()},
        "loss_allowance": allowances_json(decisions.allowances, money),
        "warnings": {
            "portfolio": _decision(decisions.portfolio),
            "rules": [_rule(rule, money) for rule in decisions.rules],
            "accounts": [
                _account(account, portfolio.book.names, money) for account in decisions.accounts if account.warnings
            ],
        },
        "no_value_reasons": reasons_json(),
    }


def figures_json(figures: PortfolioFigures, money: _Money) -> Json:
    """What follows from the items alone: `receivables`, `aging`, `credit_notes` and `quarters`."""
    total = figures.total
    return {
        "receivables": {
            "count": total.count,
            "amount": money(total.amount),
            "open_invoices": money(total.invoices),
            "credit_notes": money(total.credits),
            "overdue_count": total.overdue_count,
            "overdue": money(total.overdue),
            "disputed": None if figures.disputed is None else money(figures.disputed),
            **ratios_json({"overdue_share": total.overdue_share}),
        },
        "aging": [_bucket(bucket, total.invoices, money) for bucket in figures.aging],
        "credit_notes": {"count": figures.credits.count, "amount": money(figures.credits.amount)},
        "quarters": [_quarter(quarter, money) for quarter in figures.quarters],
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


def _bucket(bucket: Bucket, all_invoices: int, money: _Money) -> Json:
    """One of the report's own aging buckets: `{"bucket": "31-60", "count": 3, "amount": "1250.00", "share": …}`."""
    share = ratio(bucket.amount, all_invoices, NoValue.NO_OPEN_INVOICE)
    counted = {"bucket": bucket.key, "count": bucket.count, "amount": money(bucket.amount)}
    return {**counted, **ratios_json({"share": share})}


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
        "open_invoices": money(quarter.invoices),
        "credit_notes": money(quarter.credits),
        "overdue": money(quarter.overdue),
        **ratios_json(
            {
                "dso": quarter.dso,
                "best_possible_dso": quarter.best_possible_dso,
                "average_days_delinquent": quarter.average_days_delinquent,
                "overdue_share": quarter.overdue_share,
                "collection_effectiveness": quarter.effectiveness,
            }
        ),
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
                "name": portfolio.book.names.get(balance.customer),
                "count": balance.count,
                "amount": money(balance.amount),
                "covered": money(portfolio.decisions.covered.get(balance.customer, 0)),
                "share": rate_text(balance.share),
            }
            for balance in concentration.top
        ],
        **ratios_json({"top_share": concentration.top_share, "herfindahl": concentration.herfindahl}),
    }


def _line(line: Line, money: _Money) -> Json:
    """One grade, country or industry: what is open of it, and how much of that is overdue."""
    return {
        "key": line.key,
        "count": line.count,
        "amount": money(line.amount),
        "open_invoices": money(line.invoices),
        "credit_notes": money(line.credits),
        "overdue_count": line.overdue_count,
        "overdue": money(line.overdue),
        **ratios_json({"overdue_share": line.overdue_share}),
    }


def allowances_json(allowances: tuple[Allowance, ...], money: _Money) -> Json:
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


def _account(account: PortfolioAccount, names: Mapping[str, str], money: _Money) -> Json:
    """A customer with a warning: its grade, its balance, its outcome, and the reasons in both languages."""
    return {
        "customer": account.customer,
        "name": names.get(account.customer),
        "grade": account.grade,
        "amount": money(account.balance.amount),
        "overdue": money(account.balance.overdue),
        "outcome": account.decision.outcome,
        "warnings": [reason.as_json() for reason in account.warnings],
    }
