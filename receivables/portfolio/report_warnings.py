"""The sections of a portfolio report with warnings: the policies' own rules, their reasons, and those not checked.

A rule is not checked where it needs a fact that nobody supplied; it then counts as a review, and the report names the
fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.deciding.decision import Reason
from engine.vocabulary.text import Text
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import PortfolioAccount, RuleCount
from receivables.portfolio.portfolio_formatter import PortfolioFormatter
from receivables.portfolio.run_portfolio import Portfolio
from receivables.report import report_texts
from receivables.report.parts import ReportTable, Section

ACCOUNTS_SHOWN = 30
"""Customers listed with their warnings; JSON has all."""


def warning_section(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """The decision on the portfolio itself: its outcome, the rules that fired, and those not checked.

    A rule that fired shows its reason with the numbers (`DSO rose from 41.2 to 48.9 days …`) and what helps; a rule
    that was not checked shows the facts it lacks, so that whoever made the export knows what to add.
    """
    decision = portfolio.decisions.portfolio
    counted = [reason for reason in decision.reasons if not reason.waived]
    fired = [reason for reason in counted if not reason.missing]
    not_checked = [reason for reason in counted if reason.missing]
    paragraphs = [show(texts.OUTCOME_TEXT, outcome=show.outcome(decision.outcome))]
    parts = []
    if fired:
        headings = tuple(map(show, (report_texts.OUTCOME, report_texts.RULE, texts.REASON, texts.REMEDY)))
        parts.append(
            ReportTable(title="", headings=headings, rows=tuple(_warning(reason, show) for reason in fired), left=4)
        )
    else:
        paragraphs.append(show(texts.NO_WARNING))
    if not_checked:
        headings = tuple(map(show, (report_texts.RULE, texts.MISSING)))
        rows = tuple((show.title(reason.rule), show.names(reason.missing)) for reason in not_checked)
        parts.append(ReportTable(title=show(texts.NOT_CHECKED), headings=headings, rows=rows, left=2))
    return Section(show(texts.WARNINGS), tuple(paragraphs), tuple(parts))


def account_section(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """The decisions on customers: who has a warning and why, and how many customers each rule speaks about.

    At most `ACCOUNTS_SHOWN` customers are listed, the most severe first; the counts by rule are of all.
    """
    accounts = portfolio.decisions.accounts
    warned = [account for account in accounts if account.warnings]
    paragraph = show(texts.ACCOUNTS_TEXT, count=show.count(len(accounts)), warned=show.count(len(warned)))
    rules = portfolio.decisions.rules
    parts = [
        *_warned(warned, portfolio.book.names, show),
        *_rules(texts.FIRED_RULES, [rule for rule in rules if not rule.missing], show),
        *_rules(texts.RULES_NOT_CHECKED, [rule for rule in rules if rule.missing], show),
    ]
    return Section(show(texts.ACCOUNTS), (paragraph,), tuple(parts))


def _warning(reason: Reason, show: PortfolioFormatter) -> tuple[str, ...]:
    """A row: outcome, rule, the reason with its numbers, and the remedy, empty where the rule names none."""
    remedy = show(reason.remedy) if reason.remedy else ""
    return (show.outcome(reason.outcome), show.title(reason.rule), show(reason.text), remedy)


def _warned(
    accounts: list[PortfolioAccount], names: Mapping[str, str], show: PortfolioFormatter
) -> Iterable[ReportTable]:
    """The table of customers with a warning; none where there are none."""
    if not accounts:
        return
    listed = accounts[:ACCOUNTS_SHOWN]
    headings = (
        report_texts.CUSTOMER,
        texts.REASON,
        report_texts.OUTCOME,
        texts.KEY["grade"],
        texts.BALANCE,
        texts.OVERDUE,
    )
    rows = tuple(
        (
            show.customer(account.customer, names),
            " ".join(show(reason.text) for reason in account.warnings),
            show.outcome(account.warnings[0].outcome),
            show.key("grade", account.grade),
            show.money(account.balance.amount),
            show.money(account.balance.overdue),
        )
        for account in listed
    )
    note = show(texts.FIRST_OF, shown=len(listed), count=len(accounts)) if len(listed) < len(accounts) else ""
    yield ReportTable(title=show(texts.WARNED), headings=tuple(map(show, headings)), rows=rows, left=4, note=note)


def _rules(title: Text, rules: list[RuleCount], show: PortfolioFormatter) -> Iterable[ReportTable]:
    """The table of rules, with a column for missing facts where any rule lacked some; none without rules."""
    if not rules:
        return
    has_missing = any(rule.missing for rule in rules)
    headings = (
        report_texts.RULE,
        report_texts.OUTCOME,
        *((texts.MISSING,) if has_missing else ()),
        texts.ACCOUNT_COUNT,
        texts.BALANCE,
    )
    rows = tuple(
        (
            show(report_texts.TITLED, title=show.title(rule.rule), id=rule.rule),
            show.outcome(rule.outcome),
            *((show.names(rule.missing),) if has_missing else ()),
            show.count(rule.accounts),
            show.money(rule.amount),
        )
        for rule in rules
    )
    yield ReportTable(title=show(title), headings=tuple(map(show, headings)), rows=rows, left=3 if has_missing else 2)
