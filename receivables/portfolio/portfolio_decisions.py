"""What the policies say about a portfolio: grades, loss allowance and early warnings, each from a decision.

Verb after `figures`: Engine + Book + PortfolioFigures → PortfolioDecisions. Nothing of a policy is repeated here; the
rates of the loss allowance, the thresholds of the warnings and the words of their reasons are those of the policies
that were given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.deciding.decision import Decision, JsonValue, Reason
from engine.pipeline import Engine
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_shower
from engine.vocabulary.vocabulary import CASE_KINDS, Kind
from receivables.account_facts import account_facts, as_day_closes, in_request
from receivables.figures import Line, PortfolioFigures, Quarter, lines_by
from receivables.items import Item
from receivables.portfolio.portfolio_rows import Book

GRADING, PROVISIONS, MONITORING, PORTFOLIO = "grading", "provisions", "monitoring", "portfolio_health"
"""The default policies that are asked; a set without one of them leaves its part of the report empty."""
UNRATED = "unrated"
UNKNOWN = "unknown"
DAYS_IN_QUARTER = 90
"""Where no policy says it (common practice)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One aging bucket of the provision matrix. `rates` are those of its items, insolvent customers' included; `key`
    None: items whose allowance could not be told, for want of the `missing` facts."""

    key: str | None
    count: int
    amount: int
    rates: tuple[str, ...]
    allowance: int | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    customer: str
    balance: Line
    decision: Decision

    @property
    def grade(self) -> str:
        return str(self.decision.results.get(GRADING, {}).get("grade") or UNRATED)

    @property
    def warnings(self) -> tuple[Reason, ...]:
        return tuple(r for r in self.decision.reasons if not r.missing and r.rule.startswith(f"{MONITORING}."))


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many accounts a rule speaks about; `missing` where it could not be told for them."""

    rule: str
    outcome: str
    accounts: int
    amount: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortfolioDecisions:
    allowances: tuple[Allowance, ...]
    accounts: tuple[Account, ...]
    rules: tuple[RuleCount, ...]
    portfolio: Decision
    overdue_by: Mapping[str, tuple[Line, ...]]
    """By `grade`, A first, and by `country` and `industry` where the map supplies them, largest first."""


def days_in_quarter(engine: Engine, as_of: date) -> Fraction:
    """The policy's own parameter, so that the report and the warning count alike."""
    constant = engine.ruleset("portfolio", as_of).constants.get(f"{PORTFOLIO}.days_in_quarter")
    if constant is None or not isinstance(constant.value, int) or constant.type.kind is Kind.MONEY:
        return Fraction(DAYS_IN_QUARTER)
    return Fraction(constant.value, 10**constant.type.scale)


def decide_portfolio(
    engine: Engine,
    book: Book,
    figures: PortfolioFigures,
    name: str,
    industry: str | None = None,
    progress: Callable[[float], None] = lambda _done: None,
) -> PortfolioDecisions:
    """`name` is the portfolio's id; `progress` is told the share of decisions made. Raises `binding.FactsRefused`
    where sums exceed what facts can hold."""
    items = [item for item in book.items if item.issued <= figures.as_of]
    owed = [item for item in items if item.open_amount]
    facts = _accounts(engine, book, items, figures)
    tick = _ticks(len(facts) + len(owed), progress)
    accounts = _decide_accounts(engine, facts, owed, figures.as_of, tick)
    grades = {account.customer: account.grade for account in accounts}
    return PortfolioDecisions(
        _allowances(engine, book, owed, facts, figures.as_of, tick),
        accounts,
        _rules(accounts),
        _decide(engine, "portfolio", _portfolio_facts(engine, figures, name, industry), name, figures.as_of),
        _overdue(owed, figures.as_of, grades),
    )


def _ticks(total: int, progress: Callable[[float], None]) -> Callable[[], None]:
    """To be called for each decision; passes on every hundredth."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if not done % 100 or done == total:
            progress(done / total)

    return tick


def _decide(engine: Engine, case: str, facts: Mapping[str, object], subject: str, as_of: int) -> Decision:
    return engine.decide(case, facts, date_of(as_of), f"{case}/{subject}")


# --- accounts ---------------------------------------------------------------------------------------------------------

_AccountFacts = Mapping[str, Mapping[str, object]]


def _accounts(engine: Engine, book: Book, items: Iterable[Item], figures: PortfolioFigures) -> _AccountFacts:
    """Each customer's facts as a request carries them: what the map says counts before what the items say."""
    by_customer: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_customer[item.customer].append(item)
    instant, digits = as_day_closes(figures.as_of), engine.vocabulary.currency_digits
    requests = {}
    for customer, own_items in sorted(by_customer.items()):
        computed = in_request(customer, account_facts(own_items, instant, figures.total.amount), digits)
        requests[customer] = {**computed, **book.accounts.get(customer, {}), "id": customer}
    return requests


def _decide_accounts(
    engine: Engine, facts: _AccountFacts, owed: Iterable[Item], as_of: int, tick: Callable[[], None]
) -> tuple[Account, ...]:
    """The most severe first, then the largest balances."""
    balances = {line.key: line for line in lines_by(owed, as_of, lambda item: item.customer)}
    found = []
    for customer, own in facts.items():
        decision = _decide(engine, "account", {"account": own}, customer, as_of)
        found.append(Account(customer, balances.get(customer) or Line(customer, 0, 0, 0, 0), decision))
        tick()
    severity = CASE_KINDS["account"].severity
    return tuple(
        sorted(
            found,
            key=lambda each: (
                -max((severity(reason.outcome) for reason in each.warnings), default=-1),
                -each.balance.amount,
                each.customer,
            ),
        )
    )


def _rules(accounts: Iterable[Account]) -> tuple[RuleCount, ...]:
    """Rules that fired before rules that could not be told, the most severe first."""
    found: defaultdict[tuple[str, str, bool], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for account in accounts:
        for reason in account.decision.reasons:
            key = (reason.rule, reason.outcome, bool(reason.missing))
            found[key].append((account.balance.amount, reason.missing))
    counts = [
        (untold, RuleCount(rule, outcome, len(seen), sum(amount for amount, _ in seen), _union(m for _, m in seen)))
        for (rule, outcome, untold), seen in found.items()
    ]
    severity = CASE_KINDS["account"].severity
    counts.sort(key=lambda each: (each[0], -severity(each[1].outcome), -each[1].accounts, each[1].rule))
    return tuple(count for _, count in counts)


def _union(many: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in many for name in names}))


# --- loss allowance ---------------------------------------------------------------------------------------------------


def _allowances(
    engine: Engine, book: Book, owed: Iterable[Item], accounts: _AccountFacts, as_of: int, tick: Callable[[], None]
) -> tuple[Allowance, ...]:
    """By the matrix's own buckets, those that fell due last first. Credit notes need no allowance."""
    groups: dict[JsonValue, list[tuple[Item, Mapping[str, JsonValue], tuple[str, ...]]]] = {}
    for item in sorted(owed, key=lambda item: -item.due):
        tick()
        if item.is_credit:
            continue
        facts = {**book.facts[item.number], "account": accounts[item.customer]}
        decision = _decide(engine, "invoice", facts, item.number, as_of)
        results = decision.results.get(PROVISIONS, {})
        told = results.get("allowance") is not None
        missing = _union(each.missing for each in decision.undetermined if each.id.startswith(f"{PROVISIONS}."))
        groups.setdefault(results.get("bucket") if told else None, []).append((item, results, missing))
    scale = engine.vocabulary.currency_digits
    untold = groups.pop(None, None)
    found = [_allowance(str(key), group, scale) for key, group in groups.items()]
    if untold:
        amount = sum(item.open_amount for item, _, _ in untold)
        found.append(Allowance(None, len(untold), amount, (), None, _union(missing for _, _, missing in untold)))
    return tuple(found)


def _allowance(
    key: str, group: Iterable[tuple[Item, Mapping[str, JsonValue], tuple[str, ...]]], scale: int
) -> Allowance:
    count = amount = total = 0
    rates: set[Decimal] = set()
    for item, results, _ in group:
        count += 1
        amount += item.open_amount
        total += int(Decimal(str(results["allowance"])).scaleb(scale))
        rates.add(Decimal(str(results["loss_rate"])))
    return Allowance(key, count, amount, tuple(str(rate) for rate in sorted(rates)), total)


# --- the portfolio ----------------------------------------------------------------------------------------------------


def _portfolio_facts(engine: Engine, figures: PortfolioFigures, name: str, industry: str | None) -> dict[str, object]:
    """Quarters that the books don't cover from their first day are left out: the policies then say what is missing."""
    money = decimal_shower(engine.vocabulary.currency_digits)

    def amount(value: int | None) -> str | None:
        """A negative balance is no receivable."""
        return money(value) if value is not None and value >= 0 else None

    last, before, earlier = _last_three(figures.quarters)
    opening = last.opening if last else None
    largest = figures.concentration.top[0].amount if figures.concentration.top else 0
    return {
        "portfolio": {
            "id": name,
            "receivables": money(max(figures.total.amount, 0)),
            "credit_sales": amount(last.sales if last else None),
            "previous_receivables": amount(before.receivables if before else opening),
            "previous_credit_sales": amount(before.sales if before else None),
            "earlier_receivables": amount(earlier.receivables if earlier else None),
            "earlier_credit_sales": amount(earlier.sales if earlier else None),
            "industry": industry,
            "overdue_amount": money(figures.total.overdue),
            "largest_buyer_amount": money(largest),
        }
    }


def _last_three(quarters: Iterable[Quarter]) -> tuple[Quarter | None, Quarter | None, Quarter | None]:
    """The latest first."""
    found = [quarter if quarter.whole else None for quarter in quarters][::-1][:3]
    last, before, earlier = (*found, None, None, None)[:3]
    return last, before, earlier


def _overdue(owed: Iterable[Item], as_of: int, grades: Mapping[str, str]) -> dict[str, tuple[Line, ...]]:
    items = list(owed)
    by_grade = lines_by(items, as_of, lambda item: grades[item.customer])
    found = {"grade": tuple(sorted(by_grade, key=lambda line: line.key))}
    if any(item.country for item in items):
        found["country"] = lines_by(items, as_of, lambda item: item.country or UNKNOWN)
    if any(item.industry for item in items):
        found["industry"] = lines_by(items, as_of, lambda item: item.industry or UNKNOWN)
    return found
