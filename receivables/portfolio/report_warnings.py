"""The warnings in a portfolio report: the policies' own rules, with their reasons, and what they could not tell."""

from __future__ import annotations

from collections.abc import Iterable

from engine.deciding.decision import Reason
from engine.vocabulary.text import Text
from receivables.portfolio import portfolio_words
from receivables.portfolio.portfolio_decisions import Account, RuleCount
from receivables.portfolio.portfolio_shown import ShowPortfolio
from receivables.portfolio.run_portfolio import Portfolio
from receivables.report import report_words as common
from receivables.report.parts import ReportTable, Section

ACCOUNTS_SHOWN = 30


def warning_section(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    decision = portfolio.decided.portfolio
    fired = [reason for reason in decision.reasons if not reason.missing]
    untold = [reason for reason in decision.reasons if reason.missing]
    paragraphs = [show(portfolio_words.OUTCOME_SAID, outcome=show.outcome(decision.outcome))]
    parts = []
    if fired:
        headings = tuple(map(show, (common.OUTCOME, common.RULE, portfolio_words.REASON, portfolio_words.REMEDY)))
        parts.append(ReportTable("", headings, tuple(_warning(reason, show) for reason in fired), left=4))
    else:
        paragraphs.append(show(portfolio_words.NO_WARNING))
    if untold:
        headings = tuple(map(show, (common.RULE, portfolio_words.MISSING)))
        rows = tuple((show.title(reason.rule), show.names(reason.missing)) for reason in untold)
        parts.append(ReportTable(show(portfolio_words.UNTOLD), headings, rows, left=2))
    return Section(show(portfolio_words.WARNINGS), tuple(paragraphs), tuple(parts))


def account_section(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    accounts = portfolio.decided.accounts
    warned = [account for account in accounts if account.warnings]
    said = show(portfolio_words.ACCOUNTS_SAID, count=show.count(len(accounts)), warned=show.count(len(warned)))
    rules = portfolio.decided.rules
    parts = [
        *_warned(warned, show),
        *_rules(portfolio_words.FIRED_RULES, [rule for rule in rules if not rule.missing], show),
        *_rules(portfolio_words.UNTOLD_RULES, [rule for rule in rules if rule.missing], show),
    ]
    return Section(show(portfolio_words.ACCOUNTS), (said,), tuple(parts))


def _warning(reason: Reason, show: ShowPortfolio) -> tuple[str, ...]:
    remedy = show(reason.remedy) if reason.remedy else ""
    return (show.outcome(reason.outcome), show.title(reason.rule), show(reason.text), remedy)


def _warned(accounts: list[Account], show: ShowPortfolio) -> Iterable[ReportTable]:
    if not accounts:
        return
    shown = accounts[:ACCOUNTS_SHOWN]
    headings = (
        common.CUSTOMER,
        portfolio_words.REASON,
        common.OUTCOME,
        portfolio_words.KEY["grade"],
        portfolio_words.BALANCE,
        portfolio_words.OVERDUE,
    )
    rows = tuple(
        (
            account.customer,
            " ".join(show(reason.text) for reason in account.warnings),
            show.outcome(account.warnings[0].outcome),
            show.key("grade", account.grade),
            show.money(account.balance.amount),
            show.money(account.balance.overdue),
        )
        for account in shown
    )
    note = show(portfolio_words.FIRST_OF, shown=len(shown), count=len(accounts)) if len(shown) < len(accounts) else ""
    yield ReportTable(show(portfolio_words.WARNED), tuple(map(show, headings)), rows, left=4, note=note)


def _rules(title: Text, rules: list[RuleCount], show: ShowPortfolio) -> Iterable[ReportTable]:
    if not rules:
        return
    untold = any(rule.missing for rule in rules)
    headings = (
        common.RULE,
        common.OUTCOME,
        *((portfolio_words.MISSING,) if untold else ()),
        portfolio_words.ACCOUNT_COUNT,
        portfolio_words.BALANCE,
    )
    rows = tuple(
        (
            show(common.TITLED, title=show.title(rule.rule), id=rule.rule),
            show.outcome(rule.outcome),
            *((show.names(rule.missing),) if untold else ()),
            show.count(rule.accounts),
            show.money(rule.amount),
        )
        for rule in rules
    )
    yield ReportTable(show(title), tuple(map(show, headings)), rows, left=3 if untold else 2)
