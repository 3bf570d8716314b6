"""What the policies say about a portfolio: grades, loss allowance and early warnings, each from a decision.

`decide_portfolio` takes the items (`Book`) and their figures (`PortfolioFigures`) and makes one decision for
each customer, each open invoice and the portfolio itself. Nothing of a policy is repeated here: the rates of the loss
allowance, the thresholds of the warnings and the words of their reasons are those of the policies that were given. The
names by which they are known stand in `receivables.default_policies`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.deciding.decision import Decision, JsonValue, Reason
from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Kind
from receivables.account_facts import account_facts, as_day_closes, in_request
from receivables.default_policies import DAYS_IN_QUARTER, DSO_MAX, GRADING, MONITORING, PROVISIONS, STANDING
from receivables.figures import Line, PortfolioFigures, Quarter, lines_by
from receivables.items import Item
from receivables.portfolio.portfolio_rows import Book

UNRATED = "unrated"
"""The grade of a customer for whom no policy gives one."""

UNKNOWN = "unknown"
"""Stands for the country or industry of items that have none, where others do."""

QUARTER_DAYS_WITHOUT_POLICY = 90
"""What DSO counts a quarter as where no policy says it (common practice)."""

_NEED_SETTLED = ("months", "average_monthly_sales")
"""Facts of an account that open items alone get wrong: since when it buys, and how much. Its payment record is missing
then by itself."""

AccountRequests = Mapping[str, Mapping[str, object]]
"""By customer, the group `account` of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One line of the provision matrix: the open invoices of one of the policy's buckets."""

    key: str | None
    """The bucket, as the policy names it. None for invoices whose allowance could not be worked out because facts are
    missing."""
    count: int
    """How many invoices; credit notes are in no bucket."""
    amount: int
    """What is open of them, in minor units."""
    rates: tuple[str, ...]
    """The loss rates that occur among them, lowest first, as decimal text; more than one where the policy gives
    insolvent customers another."""
    allowance: int | None
    """The sum of their allowances in minor units; None where `key` is None."""
    missing: tuple[str, ...] = ()
    """Where `key` is None: the facts that were missing, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeAllowance:
    """One field of the provision matrix: the open invoices of one bucket that customers of one grade owe."""

    bucket: str | None
    """As `Allowance.key`."""
    grade: str
    count: int
    amount: int
    """What is open of them, in minor units."""
    allowance: int | None
    """None where `bucket` is None."""


@dataclass(frozen=True, slots=True)
class PortfolioAccount:
    """One customer and what the policies say about it.

    Example: C-1 owes 12,400.00 of which 3,100.00 are overdue; the policies grade it C and two rules of `monitoring`
    fired, so it stands in the report's list of customers with a warning.
    """

    customer: str
    """Its number, as the map gives it under `account.id`."""
    balance: Line
    """Its open items, with how many of them are overdue."""
    decision: Decision
    """By the account policies, as of the report's date."""

    @property
    def grade(self) -> str:
        """The grade that the policy `grading` gives, or `UNRATED`."""
        return str(self.decision.results.get(GRADING, {}).get("grade") or UNRATED)

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """The rules of the policies `standing` and `monitoring` that fired and are not waived, the most severe first;
        not those that lacked a fact."""
        counted = (reason for reason in self.decision.reasons if not reason.missing and not reason.waived)
        return tuple(reason for reason in counted if reason.rule.partition(".")[0] in (STANDING, MONITORING))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many customers one rule speaks about."""

    rule: str
    """Its id."""
    outcome: str
    """What it asks for, such as `review`."""
    accounts: int
    """How many customers."""
    amount: int
    """What these customers have open together, in minor units."""
    missing: tuple[str, ...]
    """Empty where the rule fired. Otherwise it could not be checked for these customers, and these are the facts that
    were missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioDecisions:
    """Everything that the policies say about one portfolio."""

    allowances: tuple[Allowance, ...]
    """By the matrix's buckets, those that fell due last first; what could not be worked out stands last."""
    by_grade: tuple[GradeAllowance, ...]
    """The same by bucket and grade, in the order of the buckets and then of the grades."""
    accounts: tuple[PortfolioAccount, ...]
    """Every customer: those with the most severe warnings first, then by balance."""
    rules: tuple[RuleCount, ...]
    """The account rules that fired, the most severe first, then those that could not be checked."""
    portfolio: Decision
    """The one decision on the portfolio itself."""
    overdue_by: Mapping[str, tuple[Line, ...]]
    """Open items by `grade`, A first, and by `country` and `industry` where the map supplies them, largest first."""
    covered: Mapping[str, int]
    """By customer, what of its open items is insured or secured, in minor units; those without are left out."""

    def dso_max(self) -> Fraction | None:
        """The largest DSO that the portfolio policy allows its industry, in days; None where it names none."""
        policy, _, name = DSO_MAX.partition(".")
        days = self.portfolio.results.get(policy, {}).get(name)
        return None if days is None else Fraction(str(days))


def days_in_quarter(engine: Engine, as_of: date) -> Fraction:
    """What DSO counts a quarter as: the policy's own parameter, so that the report and the warning count alike."""
    return threshold(engine, as_of, DAYS_IN_QUARTER) or Fraction(QUARTER_DAYS_WITHOUT_POLICY)


def threshold(engine: Engine, as_of: date, name: str) -> Fraction | None:
    """A number or rate that is a parameter of the portfolio policies, by its full name; None where they have none such
    on that day."""
    constant = engine.ruleset("portfolio", as_of).constants.get(name)
    if constant is None or not isinstance(constant.value, int) or constant.type.kind is Kind.MONEY:
        return None
    return Fraction(constant.value, 10**constant.type.scale)


def decide_portfolio(
    engine: Engine,
    book: Book,
    figures: PortfolioFigures,
    name: str,
    industry: str | None = None,
    progress: Callable[[float], None] = lambda _done: None,
) -> PortfolioDecisions:
    """Decides on every customer, every open invoice and the portfolio.

    `figures` are those of the book's items. `name` is the portfolio's id and `industry` its industry, None where it
    isn't known. `progress` is called with the share of decisions made, from 0 to 1. Raises `binding.FactsRefused` where
    sums exceed what facts can hold.

    A book of 2,000 customers with 30,000 open invoices takes 32,001 decisions: customers first, since invoices are
    decided on their customer's facts and the overdue structure needs the grades.
    """
    items = [item for item in book.items if item.issued <= figures.as_of]
    still_open = [item for item in items if item.open_amount]
    requests = _account_requests(engine, book, items, figures)
    tick = _ticks(len(requests) + len(still_open), progress)
    accounts = _decide_accounts(engine, requests, still_open, figures.as_of, tick)
    grades = {account.customer: account.grade for account in accounts}
    allowances, covered, by_grade = _allowances(engine, book, still_open, requests, figures.as_of, tick, grades)
    request = _portfolio_request(engine, figures, name, industry)
    if covered:
        lines = lines_by(still_open, figures.as_of, lambda item: item.customer)
        uncovered = max(_largest_uncovered(lines, covered), 0)
        request["largest_uncovered_amount"] = decimal_formatter(engine.vocabulary.currency_digits)(uncovered)
    return PortfolioDecisions(
        allowances=allowances,
        by_grade=by_grade,
        accounts=accounts,
        rules=_rules(accounts),
        portfolio=_decide(engine, "portfolio", {"portfolio": request}, name, figures.as_of),
        overdue_by=_overdue(still_open, figures.as_of, grades),
        covered=covered,
    )


def _ticks(total: int, progress: Callable[[float], None]) -> Callable[[], None]:
    """A function to be called for each decision, which passes on every hundredth and the last.

    With `total` 250 it calls `progress` with 0.4, 0.8 and 1.0.
    """
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if not done % 100 or done == total:
            progress(done / total)

    return tick


def _decide(engine: Engine, case: str, facts: Mapping[str, object], subject: str, as_of: int) -> Decision:
    """One decision on the day `as_of` (days since 1970-01-01). Its id names what it is about, such as `account/C-1`; it
    is in no journal.
    """
    return engine.decide(case, facts, date_of(as_of), f"{case}/{subject}")


# --- accounts ---------------------------------------------------------------------------------------------------------


def _account_requests(engine: Engine, book: Book, items: Iterable[Item], figures: PortfolioFigures) -> AccountRequests:
    """Each customer's facts as a request carries them, in order of the customers' numbers.

    What the map says of a customer counts before what follows from its items: an ERP's own `account.overdue_amount`
    stands, and only where the map has none the sum over the items does. `id` is always the customer's number.
    """
    by_customer: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_customer[item.customer].append(item)
    instant, digits = as_day_closes(figures.as_of), engine.vocabulary.currency_digits
    unknown = () if book.has_settled else _NEED_SETTLED
    requests = {}
    for customer, items_of_customer in sorted(by_customer.items()):
        computed = in_request(customer, account_facts(items_of_customer, instant, figures.total.amount), digits)
        computed = {name: value for name, value in computed.items() if name not in unknown}
        requests[customer] = {**computed, **book.accounts.get(customer, {}), "id": customer}
    return requests


def _decide_accounts(
    engine: Engine, requests: AccountRequests, still_open: Iterable[Item], as_of: int, tick: Callable[[], None]
) -> tuple[PortfolioAccount, ...]:
    """Every customer with its decision: the most severe warnings first, then the largest balances, then by number.

    A customer whose items are all settled is decided too: it may be on hold, or its assessment may be due.
    """
    balances = {line.key: line for line in lines_by(still_open, as_of, lambda item: item.customer)}
    accounts = []
    for customer, facts in requests.items():
        decision = _decide(engine, "account", {"account": facts}, customer, as_of)
        nothing_open = Line(key=customer, count=0, invoices=0, credits=0, overdue_count=0, overdue=0)
        accounts.append(PortfolioAccount(customer, balances.get(customer) or nothing_open, decision))
        tick()
    severity = CASE_KINDS["account"].severity
    return tuple(
        sorted(
            accounts,
            key=lambda each: (
                -max((severity(reason.outcome) for reason in each.warnings), default=-1),
                -each.balance.amount,
                each.customer,
            ),
        )
    )


def _rules(accounts: Iterable[PortfolioAccount]) -> tuple[RuleCount, ...]:
    """How many customers each rule speaks about: rules that fired before rules that could not be checked, the most
    severe first, then those that speak about most customers.

    A rule that fired for some customers and could not be checked for others is counted twice, once as each.
    """
    seen: defaultdict[tuple[str, str, bool], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for account in accounts:
        for reason in account.decision.reasons:
            if reason.waived:
                continue
            key = (reason.rule, reason.outcome, bool(reason.missing))
            seen[key].append((account.balance.amount, reason.missing))
    counts = [
        RuleCount(
            rule=rule,
            outcome=outcome,
            accounts=len(balances),
            amount=sum(amount for amount, _ in balances),
            missing=_union(missing for _, missing in balances),
        )
        for (rule, outcome, _), balances in seen.items()
    ]
    severity = CASE_KINDS["account"].severity
    counts.sort(key=lambda each: (bool(each.missing), -severity(each.outcome), -each.accounts, each.rule))
    return tuple(counts)


def _union(many: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All names in any of them, each once, in alphabetical order."""
    return tuple(sorted({name for names in many for name in names}))


# --- loss allowance ---------------------------------------------------------------------------------------------------

_Provision = tuple[Item, Mapping[str, JsonValue], tuple[str, ...]]
"""An open invoice, what the policy `provisions` says of it, and the facts that were missing for that."""


def _allowances(
    engine: Engine,
    book: Book,
    still_open: Iterable[Item],
    accounts: AccountRequests,
    as_of: int,
    tick: Callable[[], None],
    grades: Mapping[str, str],
) -> tuple[tuple[Allowance, ...], Mapping[str, int], tuple[GradeAllowance, ...]]:
    """By the matrix's own buckets, those that fell due last first; by customer, what of its invoices the policy calls
    covered, insured or secured, each at most for what is open of it; and by bucket and grade. Credit notes need no
    allowance.

    An invoice whose bucket or allowance is null, since a fact is missing, is in no bucket: those stand together in a
    last line without a sum, so that a total is never taken for complete that isn't.
    """
    by_bucket: dict[JsonValue, list[_Provision]] = {}
    covered: defaultdict[str, int] = defaultdict(int)
    scale = engine.vocabulary.currency_digits
    for item in sorted(still_open, key=lambda item: -item.due):
        tick()
        if item.is_credit:
            continue
        facts = {**book.facts[item.number], "account": accounts[item.customer]}
        decision = _decide(engine, "invoice", facts, item.number, as_of)
        results = decision.results.get(PROVISIONS, {})
        bucket = None if results.get("allowance") is None else results.get("bucket")
        missing = _union(each.missing for each in decision.undetermined if each.id.startswith(f"{PROVISIONS}."))
        by_bucket.setdefault(bucket, []).append((item, results, missing))
        if part := results.get("covered"):
            covered[item.customer] += min(int(Decimal(str(part)).scaleb(scale)), item.open_amount)
    by_grade = _by_grade(by_bucket, grades, scale)
    undetermined = by_bucket.pop(None, None)
    allowances = [_allowance(str(key), provisions, scale) for key, provisions in by_bucket.items()]
    if undetermined:
        allowances.append(
            Allowance(
                key=None,
                count=len(undetermined),
                amount=sum(item.open_amount for item, _, _ in undetermined),
                rates=(),
                allowance=None,
                missing=_union(missing for _, _, missing in undetermined),
            )
        )
    return tuple(allowances), {customer: amount for customer, amount in covered.items() if amount}, by_grade


def _by_grade(
    by_bucket: Mapping[JsonValue, Sequence[_Provision]], grades: Mapping[str, str], scale: int
) -> tuple[GradeAllowance, ...]:
    fields = []
    for bucket, provisions in by_bucket.items():
        by_grade: defaultdict[str, list[_Provision]] = defaultdict(list)
        for each in provisions:
            by_grade[grades[each[0].customer]].append(each)
        for grade, some in sorted(by_grade.items()):
            allowance = None if bucket is None else _allowance(str(bucket), some, scale).allowance
            fields.append(
                GradeAllowance(
                    bucket=None if bucket is None else str(bucket),
                    grade=grade,
                    count=len(some),
                    amount=sum(item.open_amount for item, _, _ in some),
                    allowance=allowance,
                )
            )
    return tuple(fields)


def _allowance(key: str, provisions: Iterable[_Provision], scale: int) -> Allowance:
    """One bucket's line: how many invoices, what is open of them, the rates among them, and the sum of their
    allowances.

    The allowances are the policy's own results, already rounded to `scale` decimals for each invoice, so the line is
    what an auditor adds up from the decisions: 2% of 100.25 and of 100.25 are 2.00 and 2.00 (half to even: 2.005),
    together 4.00, not 4.01.
    """
    count = amount = total = 0
    rates: set[Decimal] = set()
    for item, results, _ in provisions:
        count += 1
        amount += item.open_amount
        total += int(Decimal(str(results["allowance"])).scaleb(scale))
        rates.add(Decimal(str(results["loss_rate"])))
    return Allowance(
        key=key, count=count, amount=amount, rates=tuple(str(rate) for rate in sorted(rates)), allowance=total
    )


# --- the portfolio ----------------------------------------------------------------------------------------------------


def _portfolio_request(engine: Engine, figures: PortfolioFigures, name: str, industry: str | None) -> dict[str, object]:
    """The facts of the portfolio as a request carries them; money is decimal text, None a missing fact.

    Quarters that the books don't cover from their first day are left out. Where the quarter before the last isn't
    covered, the last one's opening balance, if known, stands for its closing one. Each amount is the one that the
    figures divide, so that a warning never contradicts the table beside it.
    """
    money = decimal_formatter(engine.vocabulary.currency_digits)

    def amount(value: int | None) -> str | None:
        return None if value is None else money(value)

    last, before, earlier = _last_three(figures.quarters)
    concentration = figures.concentration
    return {
        "id": name,
        "receivables": money(figures.total.amount),
        "open_invoices": money(figures.total.invoices),
        "credit_sales": amount(last.sales if last else None),
        "previous_receivables": amount(before.receivables if before else last.opening if last else None),
        "previous_credit_sales": amount(before.sales if before else None),
        "earlier_receivables": amount(earlier.receivables if earlier else None),
        "earlier_credit_sales": amount(earlier.sales if earlier else None),
        "industry": industry,
        "overdue_amount": money(figures.total.overdue),
        "buyers_amount": money(concentration.owed),
        "largest_buyer_amount": money(concentration.top[0].amount if concentration.top else 0),
    }


def _largest_uncovered(lines: Iterable[Line], covered: Mapping[str, int]) -> int:
    """The most that one customer owes on balance beyond what is covered, in minor units; 0 where nobody does."""
    return max((line.amount - covered.get(line.key, 0) for line in lines if line.amount > 0), default=0)


def _last_three(quarters: Iterable[Quarter]) -> tuple[Quarter | None, Quarter | None, Quarter | None]:
    """The latest first; None for one that the books don't cover.

    With the quarters Q4 (covered in part), Q1, Q2 it gives Q2, Q1, None.
    """
    covered = [quarter if quarter.whole else None for quarter in quarters][::-1][:3]
    last, before, earlier = (*covered, None, None, None)[:3]
    return last, before, earlier


def _overdue(still_open: list[Item], as_of: int, grades: Mapping[str, str]) -> dict[str, tuple[Line, ...]]:
    """What is open and overdue by `grade`, and by `country` and `industry` where at least one item has one; items
    without stand under `UNKNOWN` then. Grades go from A to E, the others from the largest amount down.
    """
    by_grade = lines_by(still_open, as_of, lambda item: grades[item.customer])
    lines = {"grade": tuple(sorted(by_grade, key=lambda line: line.key))}
    if any(item.country for item in still_open):
        lines["country"] = lines_by(still_open, as_of, lambda item: item.country or UNKNOWN)
    if any(item.industry for item in still_open):
        lines["industry"] = lines_by(still_open, as_of, lambda item: item.industry or UNKNOWN)
    return lines
