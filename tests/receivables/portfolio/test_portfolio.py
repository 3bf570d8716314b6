"""Every figure of a portfolio against a small book that was worked out by hand; the sums stand beside the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from engine.deciding.decision import Reason
from engine.pipeline import Engine, load
from engine.vocabulary.binding import JsonScalar
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.decimals import decimal_text
from receivables.account_facts import account_facts, as_day_closes, in_request
from receivables.default_policies import (
    DAYS_IN_QUARTER,
    DSO_RISING,
    GRADE,
    GRADING,
    MONITORING,
    PORTFOLIO_HEALTH,
    PROVISIONS,
)
from receivables.figures import BUCKETS, PortfolioFigures, bucket_of, figures
from receivables.items import Item
from receivables.months import months_before
from receivables.portfolio.portfolio_decisions import PortfolioDecisions, _ticks, days_in_quarter, decide_portfolio
from receivables.portfolio.portfolio_report import portfolio_report
from receivables.portfolio.portfolio_rows import Book
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, Ratio
from tests.support.policy_files import whole_set

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
OPENING = day_number(date(2025, 10, 1))
DAYS = Fraction(90)


def item(
    number: str,
    customer: str,
    issued: str,
    due: str,
    settled: str | None,
    amount: int,
    owed: int = 0,
    disputed: bool | None = False,
    country: str | None = None,
) -> Item:
    """Amounts in euros."""
    first, last = day_number(date.fromisoformat(issued)), day_number(date.fromisoformat(due))
    paid = day_number(date.fromisoformat(settled)) if settled else None
    return Item(number, customer, first, last, paid, amount * 100, owed * 100, disputed, country)


# Three quarters of three customers. F was paid in part (150), G is disputed, H is a credit note that isn't set off.
ITEMS = (
    item("A", "C-1", "2025-10-01", "2025-10-31", "2025-11-10", 1000),
    item("B", "C-2", "2025-11-15", "2025-12-15", "2026-01-20", 500),
    item("C", "C-1", "2025-12-20", "2026-01-19", "2026-01-19", 300),
    item("D", "C-1", "2026-02-10", "2026-03-12", "2026-04-02", 800),
    item("E", "C-2", "2026-03-20", "2026-04-19", None, 400, 400, country="DE"),
    item("F", "C-3", "2026-05-10", "2026-06-09", None, 600, 450, country="FR"),
    item("G", "C-1", "2026-06-20", "2026-07-20", None, 900, 900, disputed=True),
    item("H", "C-2", "2026-06-25", "2026-06-25", None, -100, -100),
    item("I", "C-1", "2026-07-01", "2026-07-31", None, 700, 700),  # after the report's date: in no figure
)


def euros(cents: int) -> str:
    return decimal_text(Fraction(cents, 100), 2)


def rounded(value: Ratio) -> str:
    """As JSON has it, or the code of why there is none."""
    return value.code if isinstance(value, NoValue) else decimal_text(value, 6)


@pytest.fixture(scope="module")
def engine(default_engine: Engine) -> Engine:
    return default_engine


@pytest.fixture(scope="module")
def known() -> PortfolioFigures:
    return figures(ITEMS, TODAY, DAYS, OPENING)


def book_of(items: Sequence[Item]) -> Book:
    """As `portfolio.rows` would give it, the customers being known to be solvent."""
    owed = [each for each in items if each.open_amount and each.issued <= TODAY]
    facts = {
        each.number: {
            "invoice": {
                "id": each.number,
                "open_amount": euros(each.open_amount),
                "due_date": date_of(each.due).isoformat(),
                "disputed": each.disputed,
            }
        }
        for each in owed
    }
    return Book(items=tuple(items), facts=facts, accounts={}, contradicted=(), later=0)


@pytest.fixture(scope="module")
def decided(engine: Engine, known: PortfolioFigures) -> PortfolioDecisions:
    return decide_portfolio(engine, book_of(ITEMS), known, "company", "manufacturing")


def fired(reasons: Sequence[Reason]) -> list[str]:
    return [reason.rule.partition(".")[2] for reason in reasons if not reason.missing]


# --- aging -----------------------------------------------------------------------------------------------------------


def test_aging_counts_open_amounts_and_keeps_credit_notes_apart(known: PortfolioFigures) -> None:
    """On 30 June: G isn't due; F is 21 days overdue with 450 of 600 open; E is 11 + 31 + 30 = 72 days overdue."""
    assert {bucket.key: (bucket.count, euros(bucket.amount)) for bucket in known.aging if bucket.count} == {
        "current": (1, "900.00"),
        "1-30": (1, "450.00"),
        "61-90": (1, "400.00"),
    }
    assert [bucket.key for bucket in known.aging] == list(BUCKETS)
    assert (known.credits.count, euros(known.credits.amount)) == (1, "-100.00")
    # 900 + 450 + 400 - 100 = 1,650; overdue 450 + 400 = 850, which the credit note doesn't lessen
    total = known.total
    assert (total.count, euros(total.amount), total.overdue_count, euros(total.overdue)) == (4, "1650.00", 2, "850.00")
    assert (euros(total.invoices), euros(total.credits)) == ("1750.00", "-100.00")
    assert rounded(total.overdue_share) == "0.485714"  # 850 of 1,750; the credit note is no invoice
    assert known.disputed == 900_00


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *[(-30, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90")],
        *[(90, "61-90"), (91, "91-180"), (180, "91-180"), (181, "181-365"), (365, "181-365"), (366, "over 365")],
    ],
)
def test_buckets_begin_and_end_on_their_days(engine: Engine, days: int, bucket: str) -> None:
    """Ours, and the provision matrix's of the policies."""
    due = AS_OF - timedelta(days=days)
    issued = min(due, AS_OF)
    one = item("X", "C-1", issued.isoformat(), due.isoformat(), None, 100, 100)

    found = figures([one], TODAY, DAYS)
    (allowance,) = decide_portfolio(engine, book_of([one]), found, "p").allowances

    assert bucket_of(days) == bucket
    assert [each.key for each in found.aging if each.count] == [bucket]
    assert allowance.key == bucket
    assert found.total.overdue == (100_00 if days > 0 else 0)


# --- quarters --------------------------------------------------------------------------------------------------------


def test_dso_best_possible_dso_days_delinquent_and_cei_by_quarter(known: PortfolioFigures) -> None:
    amounts = [
        tuple(map(euros, (quarter.opening or 0, quarter.sales, quarter.receivables, quarter.overdue)))
        for quarter in known.quarters
    ]
    assert amounts == [
        # sales 1,000 + 500 + 300; at the end B and C are open, B since 15 December overdue
        ("0.00", "1800.00", "800.00", "500.00"),
        # sales 800 + 400; at the end D and E are open, D overdue
        ("800.00", "1200.00", "1200.00", "800.00"),
        # sales 600 + 900 - 100; open are E, F with 450, G and the credit note
        ("1200.00", "1400.00", "1650.00", "850.00"),
    ]
    ratios = [
        tuple(
            map(
                rounded,
                (quarter.dso, quarter.best_possible_dso, quarter.average_days_delinquent, quarter.effectiveness),
            )
        )
        for quarter in known.quarters
    ]
    assert ratios == [
        # 800/1,800*90; 300/1,800*90; 500/1,800*90; (0+1,800-800) / (0+1,800-300)
        ("40.000000", "15.000000", "25.000000", "0.666667"),
        # 1,200/1,200*90; 400/1,200*90; 800/1,200*90; (800+1,200-1,200) / (800+1,200-400)
        ("90.000000", "30.000000", "60.000000", "0.500000"),
        # 1,650/1,400*90; 800/1,400*90; 850/1,400*90; (1,200+1,400-1,650) / (1,200+1,400-800)
        ("106.071429", "51.428571", "54.642857", "0.527778"),
    ]
    assert all(quarter.whole for quarter in known.quarters)


def test_a_quarter_that_the_books_begin_in_has_no_ratios() -> None:
    """Without `opening` the books count as complete from the first issue date; one day later the quarter is cut."""
    whole = figures(ITEMS, TODAY, DAYS).quarters[0]
    cut = figures(ITEMS[1:], TODAY, DAYS).quarters[0]

    assert (whole.whole, rounded(whole.dso)) == (True, "40.000000")
    assert (cut.whole, cut.dso, cut.best_possible_dso, cut.average_days_delinquent, cut.effectiveness) == (
        False,
        *[NoValue.BOOKS_BEGIN] * 4,
    )
    assert (whole.opening, cut.opening) == (0, None)
    assert cut.sales == 800_00


def test_a_quarter_whose_credit_notes_outweigh_its_sales_is_not_one_without_sales() -> None:
    """50 was sold and 80 credited; of the 100 from before 70 is owed. Credited 200, the book itself is in credit."""
    old = item("A", "C-1", "2025-12-01", "2025-12-31", None, 100, 100)
    sale = item("B", "C-1", "2026-04-10", "2026-05-10", None, 50, 50)
    credited = [item("C", "C-1", "2026-04-20", "2026-05-20", None, -amount, -amount) for amount in (80, 200)]

    last = [figures([old, sale, credit], TODAY, DAYS, OPENING).quarters[-1] for credit in credited]

    assert [rounded(quarter.dso) for quarter in last] == ["sales-credited", "credit-balance"]


def test_a_quarter_without_sales_has_no_dso_but_may_have_an_effectiveness() -> None:
    old = item("A", "C-1", "2025-12-01", "2025-12-31", "2026-05-01", 100)

    quarters = figures([old], TODAY, DAYS, OPENING).quarters

    assert [rounded(quarter.dso) for quarter in quarters] == ["90.000000", "no-sales", "no-sales"]
    # the second: nothing of 100 came in, 0 / (100 - 0); the third: all, 100 / (100 - 0)
    assert [rounded(quarter.effectiveness) for quarter in quarters] == [*("nothing-to-collect", "0.000000", "1.000000")]


def test_quarters_end_on_the_reports_date_and_month_ends_stay_month_ends() -> None:
    quarters = figures(ITEMS, day_number(date(2026, 5, 17)), DAYS, day_number(date(2025, 11, 1))).quarters

    assert [(date_of(quarter.first).isoformat(), date_of(quarter.last).isoformat()) for quarter in quarters] == [
        ("2025-08-18", "2025-11-17"),
        ("2025-11-18", "2026-02-17"),
        ("2026-02-18", "2026-05-17"),
    ]
    assert [quarter.whole for quarter in quarters] == [False, True, True]
    back = [date_of(months_before(day_number(date(2024, 5, 31)), months)).isoformat() for months in (3, 6, 15)]
    assert back == ["2024-02-29", "2023-11-30", "2023-02-28"]
    assert date_of(months_before(day_number(date(2024, 2, 29)), 3)).isoformat() == "2023-11-30"
    assert date_of(months_before(day_number(date(2024, 5, 30)), 3)).isoformat() == "2024-02-29"


@pytest.mark.parametrize(
    ("opening", "whole"),
    [
        ("2025-12-31", [False, True, True]),  # books that begin on a quarter's last day cut into that quarter
        ("2026-01-01", [True, True]),  # a day later they begin with the next one
        ("2025-10-01", [True, True, True]),
        ("2025-09-30", [False, True, True, True]),
        ("2026-06-30", [False]),
    ],
)
def test_the_oldest_quarter_is_that_of_the_first_day_of_the_books(opening: str, whole: list[bool]) -> None:
    quarters = figures(ITEMS, TODAY, DAYS, day_number(date.fromisoformat(opening))).quarters

    assert [quarter.whole for quarter in quarters] == whole
    assert date_of(quarters[0].last) >= date.fromisoformat(opening) >= date_of(quarters[0].first)


def test_at_most_eight_quarters_are_shown() -> None:
    first = item("A", "C-1", "2020-01-01", "2020-01-31", "2020-01-31", 100)

    assert len(figures([first], TODAY, DAYS).quarters) == 8


# --- concentration ---------------------------------------------------------------------------------------------------


def test_concentration_is_of_what_customers_owe_on_balance(known: PortfolioFigures) -> None:
    """C-2 owes 400 less the credit note of 100. 900² + 450² + 300² = 1,102,500; 1,650² = 2,722,500."""
    found = known.concentration

    assert (found.customers, euros(found.owed)) == (3, "1650.00")
    assert [(each.customer, each.count, euros(each.amount), rounded(each.share)) for each in found.top] == [
        ("C-1", 1, "900.00", "0.545455"),
        ("C-3", 1, "450.00", "0.272727"),
        ("C-2", 2, "300.00", "0.181818"),
    ]
    assert rounded(found.top_share) == "1.000000"
    assert rounded(found.herfindahl) == "0.404959"


def test_ten_of_more_customers_are_the_top_and_who_is_owed_to_is_not_among_them() -> None:
    """12 customers who owe 100 each: the top 10 have 10/12, Herfindahl 12 * (1/12)² = 1/12."""
    items = [item(f"{n}", f"C-{n:02}", "2026-06-01", "2026-07-01", None, 100, 100) for n in range(12)]
    credit = item("credit", "C-99", "2026-06-01", "2026-06-01", None, -50, -50)

    found = figures([*items, credit], TODAY, DAYS).concentration

    assert (found.customers, found.top_share, found.herfindahl) == (12, Fraction(10, 12), Fraction(1, 12))
    assert [each.customer for each in found.top] == [f"C-{n:02}" for n in range(10)]


def test_a_customer_whose_balance_is_zero_owes_nothing() -> None:
    even = [
        item("A", "C-2", "2026-06-01", "2026-07-01", None, 80, 80),
        item("B", "C-2", "2026-06-02", "2026-06-02", None, -80, -80),
    ]
    found = figures([*even, item("C", "C-1", "2026-06-01", "2026-07-01", None, 100, 100)], TODAY, DAYS).concentration

    assert (found.customers, euros(found.owed)) == (1, "100.00")
    assert [each.customer for each in found.top] == ["C-1"]


def test_one_customer_is_all_of_it() -> None:
    found = figures([item("A", "C-1", "2026-06-01", "2026-07-01", None, 100, 100)], TODAY, DAYS).concentration

    assert (found.customers, found.top_share, found.herfindahl) == (1, Fraction(1), Fraction(1))


def test_an_empty_portfolio_has_figures_of_nothing(engine: Engine) -> None:
    found = figures([], TODAY, DAYS)
    decided = decide_portfolio(engine, Book(items=(), facts={}, accounts={}, contradicted=(), later=0), found, "empty")

    assert (found.total.count, found.total.amount, found.total.overdue_share) == (0, 0, NoValue.NO_OPEN_INVOICE)
    assert (found.quarters, found.opening, found.disputed) == ((), None, 0)
    assert (found.concentration.customers, found.concentration.top_share, found.concentration.herfindahl) == (
        0,
        NoValue.NO_BALANCE,
        NoValue.NO_BALANCE,
    )
    assert all(bucket.count == 0 for bucket in found.aging)
    assert (decided.accounts, decided.allowances, decided.rules) == ((), (), ())
    assert decided.portfolio.outcome == "review"  # nobody knows what was sold, which is not "normal"
    assert fired(decided.portfolio.reasons) == []


# --- what the policies say -------------------------------------------------------------------------------------------


def test_the_portfolio_policy_warns_with_its_own_reasons(decided: PortfolioDecisions) -> None:
    """DSO 40 → 90 → 106.1; 51.5% overdue; 54.5% owed by one; CEI 52.8%; above the 60 days of manufacturing."""
    decision = decided.portfolio

    assert decision.outcome == "alarm"
    assert sorted(fired(decision.reasons)) == [
        *("collection-weak", "concentration", "dso-above-industry", "dso-rising", "overdue-alarming")
    ]
    (rising,) = (reason for reason in decision.reasons if reason.rule.endswith(".dso-rising"))
    assert "from 40 to 90 and 106.1 days" in rising.text.en
    assert [reason.rule for reason in decision.reasons if reason.missing] == []


def test_the_reports_ratios_are_those_of_the_policy(
    decided: PortfolioDecisions, known: PortfolioFigures, engine: Engine
) -> None:
    results = decided.portfolio.results["portfolio_health"]
    last, before = known.quarters[-1], known.quarters[-2]

    assert results["dso"] == rounded(last.dso)
    assert results["previous_dso"] == "90" and before.dso == 90
    assert results["effectiveness"] == rounded(last.effectiveness)
    assert results["overdue_share"] == rounded(known.total.overdue_share)
    assert days_in_quarter(engine, AS_OF) == 90


def test_quarters_before_the_books_are_no_trend_and_nothing_missing(engine: Engine) -> None:
    found = figures(ITEMS[3:], TODAY, DAYS)  # the books begin on 10 February

    decision = decide_portfolio(engine, book_of(ITEMS[3:]), found, "p").portfolio

    assert decision.results["portfolio_health"]["previous_dso"] is None
    assert [reason.rule for reason in decision.reasons if reason.missing] == []
    assert not any(reason.rule.startswith("portfolio_health.dso-r") for reason in decision.reasons)


def test_a_last_quarter_that_the_books_begin_in_is_missing_for_the_policy(engine: Engine) -> None:
    found = figures(ITEMS[5:], TODAY, DAYS)  # the books begin on 10 May

    decision = decide_portfolio(engine, book_of(ITEMS[5:]), found, "p").portfolio

    missing = {reason.rule.partition(".")[2]: reason.missing for reason in decision.reasons if reason.missing}
    assert "portfolio.credit_sales" in missing["dso-above-industry"]
    assert {"portfolio.credit_sales", "portfolio.previous_receivables"} == set(missing["collection-weak"])
    assert decision.outcome != "normal"


def test_what_is_insured_or_secured_is_no_concentration(engine: Engine) -> None:
    """C-1 owes 900 of 1,650. Insured at 90% it owes 90 uncovered; then C-3 is the largest with 450, 27.3%. Where the
    cover isn't known, or rests since the invoice is disputed, nothing is taken as covered."""
    book = book_of(ITEMS)
    insured: dict[str, object] = {**book.facts["G"]["invoice"], "insured_amount": "900.00"}  # type: ignore[dict-item]
    found = figures(ITEMS, TODAY, DAYS, OPENING)
    unknown = replace(book, facts={**book.facts, "G": {"invoice": insured | {"disputed": False}}})
    cover: dict[str, dict[str, JsonScalar]] = {"C-1": {"insured_cover": "0.9"}}
    disputed = replace(book, facts={**book.facts, "G": {"invoice": insured}}, accounts=cover)
    known = replace(unknown, accounts=cover)

    shares = [
        decide_portfolio(engine, each, found, "p").portfolio.results["portfolio_health"]["buyer_share"]
        for each in (book, unknown, disputed, known)
    ]

    assert shares == ["0.545455", "0.545455", "0.545455", "0.272727"]
    assert decide_portfolio(engine, known, found, "p").covered == {"C-1": 810_00}


def test_loss_allowance_comes_from_the_provision_policy(decided: PortfolioDecisions) -> None:
    """1% of 900, 2% of 450, 10% of 400; nothing for the credit note."""
    found = [(a.key, a.count, a.rates, euros(a.allowance or 0)) for a in decided.allowances]

    assert found == [
        ("current", 1, ("0.01",), "9.00"),
        ("1-30", 1, ("0.02",), "9.00"),
        ("61-90", 1, ("0.1",), "40.00"),
    ]


def test_insured_parts_need_no_allowance_and_without_cover_it_cannot_be_told(engine: Engine) -> None:
    """900 insured at 90%, and undisputed: 90 at risk at 1%. Without the cover nobody knows."""
    book = book_of(ITEMS)
    undisputed: dict[str, object] = {**book.facts["G"]["invoice"], "disputed": False}  # type: ignore[dict-item]
    insured = {"invoice": undisputed | {"insured_amount": "900.00"}}
    facts = {**book.facts, "G": insured}
    found = figures(ITEMS, TODAY, DAYS, OPENING)

    covered = replace(book, facts=facts, accounts={"C-1": {"insured_cover": "0.9"}})
    told = decide_portfolio(engine, covered, found, "p").allowances
    untold = decide_portfolio(engine, replace(book, facts=facts), found, "p").allowances

    assert [(a.key, a.allowance) for a in told] == [("current", 90), ("1-30", 9_00), ("61-90", 40_00)]
    assert [(a.key, a.allowance) for a in untold] == [("1-30", 9_00), ("61-90", 40_00), (None, None)]
    assert untold[-1].missing == ("account.insured_cover",)


def test_account_facts_follow_from_the_items() -> None:
    """C-2 on 30 June. B was due on 15 December and paid on 20 January, 36 days late and between 91 and 182 days ago.
    (500 + 400 - 100) / 7 months = 114.29."""
    items = [each for each in ITEMS if each.customer == "C-2"]

    facts = account_facts(items, as_day_closes(TODAY), 1650_00)

    assert in_request("C-2", facts, currency_digits=2) == {
        "id": "C-2",
        "months": 7,
        "open_invoices": "300.00",
        "overdue_amount": "400.00",
        "days_overdue_max": 72,
        "disputed_amount": "0.00",
        "receivables_total": "1650.00",
        "on_time_rate": "0.000000",
        "previous_average_days_late": 36,
        "average_monthly_sales": "114.29",
    }


def test_disputes_that_are_not_recorded_leave_the_disputed_amount_out() -> None:
    unknown = item("X", "C-1", "2026-06-01", "2026-07-01", None, 100, 100, disputed=None)

    assert figures([*ITEMS, unknown], TODAY, DAYS).disputed is None
    assert account_facts([unknown], as_day_closes(TODAY), 100_00).disputed_amount is None


def test_account_warnings_are_the_rules_of_standing_and_monitoring_that_fired(decided: PortfolioDecisions) -> None:
    """C-2's oldest item is 72 days overdue, more than 60. C-1 paid D 21 days late, after C in time the quarter before.
    What limits would need is missing, and said so."""
    first, second = (account for account in decided.accounts if account.warnings)

    assert (first.customer, fired(first.warnings), first.warnings[0].outcome) == ("C-2", ["long-overdue"], "restrict")
    assert (second.customer, fired(second.warnings), second.warnings[0].outcome) == ("C-1", ["paying-slower"], "review")
    assert second.warnings[0].text.en == "Payments are 21 days late on average, after 0 before."
    (counted,) = (rule for rule in decided.rules if rule.rule == "standing.long-overdue")
    assert (counted.outcome, counted.accounts, euros(counted.amount), counted.missing) == ("restrict", 1, "300.00", ())
    assert any("account.limit_status" in rule.missing for rule in decided.rules)


def test_customers_without_a_warning_stand_behind_those_with_one_however_much_they_owe(engine: Engine) -> None:
    book = book_of([*ITEMS, item("Z", "C-9", "2026-06-20", "2026-07-20", None, 5000, 5000)])
    guaranteed: dict[str, JsonScalar] = {"guarantee_amount": "100.00", "guarantee_until": "2026-07-10"}
    book = replace(book, accounts={"C-3": guaranteed})

    accounts = decide_portfolio(engine, book, figures(book.items, TODAY, DAYS), "company").accounts

    found = [(account.customer, bool(account.warnings), euros(account.balance.amount)) for account in accounts]
    assert found == [
        ("C-2", True, "300.00"),  # long overdue: restrict
        ("C-1", True, "900.00"),  # paying slower: review
        ("C-3", True, "450.00"),  # its guarantee is about to end: watch
        ("C-9", False, "5000.00"),
    ]


def test_progress_is_the_share_of_decisions_made_and_ends_with_all(engine: Engine, known: PortfolioFigures) -> None:
    told: list[float] = []
    decide_portfolio(engine, book_of(ITEMS), known, "company", "manufacturing", told.append)

    assert told == sorted(told) and told[-1] == 1


def test_progress_is_told_at_each_hundredth_decision() -> None:
    told: list[float] = []
    tick = _ticks(250, told.append)
    for _ in range(250):
        tick()
    assert told == [0.4, 0.8, 1.0]


def test_overdue_structure_by_grade_and_country(
    decided: PortfolioDecisions, engine: Engine, known: PortfolioFigures
) -> None:
    """Nobody is graded without an assessment. G and H say no country: 900 - 100."""
    by = decided.overdue_by

    assert [(line.key, line.count, euros(line.overdue)) for line in by["grade"]] == [("unrated", 4, "850.00")]
    assert [
        (line.key, euros(line.amount), euros(line.overdue), rounded(line.overdue_share)) for line in by["country"]
    ] == [
        ("unknown", "800.00", "0.00", "0.000000"),
        ("FR", "450.00", "450.00", "1.000000"),
        ("DE", "400.00", "400.00", "1.000000"),
    ]
    assert "industry" not in by

    solvent: dict[str, JsonScalar] = {
        "insolvent": False,
        "abnormal_operation": False,
        "litigation": False,
        "broken_promises": 0,
    }
    assessed: dict[str, dict[str, JsonScalar]] = {
        name: {**solvent, "assessed_on": "2026-06-30"} for name in ("C-1", "C-2", "C-3")
    }
    graded = decide_portfolio(engine, replace(book_of(ITEMS), accounts=assessed), known, "p").overdue_by["grade"]
    assert {line.key for line in graded} > {"unrated"}  # C-3 never paid an invoice, so too little is known


# --- policies that reports know by name ------------------------------------------------------------------------------

ORDERS_ONLY = """\
policy: orders
title: {en: Orders, zh: 订单}
decides: order
rules:
  large:
    when: order.amount > 500
    then: hold
    reason: {en: Large., zh: 大额。}
"""


def test_a_report_says_which_policies_are_missing_and_what_is_empty_without_them(engine: Engine) -> None:
    own = load(whole_set({"orders": ORDERS_ONLY})).engine
    assert own is not None

    assert _about_the_data(own, "en") == [
        "No policy here is named `grading`, so customers have no grade.",
        "No policy here is named `provisions`, so there is no loss allowance.",
        "No policy here is named `monitoring`, so there are no warnings on customers.",
        "No policy here is named `portfolio_health`, so there are no warnings on the portfolio.",
    ]
    assert _about_the_data(own, "zh")[0] == "所用政策中没有 `grading`，因此客户没有风险等级。"
    assert _about_the_data(engine, "en") == []


def _about_the_data(engine: Engine, language: str) -> list[str]:
    """The paragraphs of the report's last section, without the one on part payments that always stands there."""
    book, found = book_of(ITEMS), figures(ITEMS, TODAY, DAYS, OPENING)
    portfolio = Portfolio(
        name="company",
        files=("items.csv",),
        as_of=AS_OF,
        rows=len(ITEMS),
        rejected=0,
        book=book,
        figures=found,
        decisions=decide_portfolio(engine, book, found, "company"),
    )
    _, *paragraphs = portfolio_report(portfolio, engine, language).sections[-1].paragraphs
    return paragraphs


def test_the_names_that_reports_know_are_names_of_the_default_policies(engine: Engine) -> None:
    names = {GRADING, PROVISIONS, MONITORING, PORTFOLIO_HEALTH}
    portfolio, account = (engine.ruleset(case, AS_OF) for case in ("portfolio", "account"))

    assert names <= engine.policies.keys()
    assert GRADE in account.variables
    assert DAYS_IN_QUARTER in portfolio.constants
    assert DSO_RISING in {rule.id for rule in portfolio.rules}
    assert {rule.id.partition(".")[0] for rule in account.rules} >= {GRADING, MONITORING}
