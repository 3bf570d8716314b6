"""What the portfolio policy's rules say, in both languages: numbers as a person would say them, and no sentence that
contradicts itself where a figure lies just beyond its threshold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from engine.pipeline import Engine

AS_OF = date(2026, 7, 15)
STEADY = {
    "id": "p",
    "receivables": "1000000.00",
    "credit_sales": "2000000.00",
    "previous_receivables": "1000000.00",
    "previous_credit_sales": "2000000.00",
    "earlier_receivables": "1000000.00",
    "earlier_credit_sales": "2000000.00",
    "industry": "manufacturing",
    "overdue_amount": "100000.00",
    "largest_buyer_amount": "150000.00",
    "promises_due": 40,
    "promises_kept": 36,
}

SAID = {
    "dso-above-industry": (
        {"receivables": "1363636.00", "previous_receivables": "1363636.00", "earlier_receivables": "1363636.00"},
        "DSO is 61.4 days; the maximum is 60.",
        "应收账款周转天数为 61.4 天，上限为 60 天。",
    ),
    "promises-broken": (
        {"promises_kept": 27},
        "67.5% of 40 promises were kept; the target is 70%.",
        "到期付款承诺 40 笔，履约率 67.5%，目标为 70%。",
    ),
    "collection-weak": (
        {"receivables": "3000000.00", "overdue_amount": "900000.00", "open_invoices": "3000000.00"},
        "Collection effectiveness (CEI) was 0%; the target is 80%.",
        "催收有效性指数（CEI）为 0%，目标为 80%。",
    ),
    "no-sales": (
        {"credit_sales": "0.00"},
        "Credit sales of the quarter were EUR 0.00, so DSO can't be told, while EUR 1,000,000.00 is still owed.",
        "本季赊销额为 EUR 0.00，无法计算应收账款周转天数，而未收应收账款仍有 EUR 1,000,000.00。",
    ),
    "overdue-contradicts": (
        {"overdue_amount": "1200000.00"},
        "The overdue amount of EUR 1,200,000.00 is more than the open invoices of EUR 1,000,000.00; nothing can be "
        "said of its share.",
        "逾期金额 EUR 1,200,000.00 大于未清发票 EUR 1,000,000.00，无法判断逾期占比。",
    ),
    "overdue-high": (
        {"overdue_amount": "200001.00"},  # 20.0001%, which must not read "20% … more than 20%"
        "20.0001% of the open invoices is overdue, more than 20%.",
        "未清发票中逾期占 20.0001%，超过 20%。",
    ),
    "concentration": (
        {"largest_buyer_amount": "320000.00", "largest_uncovered_amount": "320000.00"},
        "One buyer owes 32% of all receivables without insurance or security; the maximum is 20%.",
        "单一客户未承保且无担保的欠款占全部应收账款 32%，上限为 20%。",
    ),
}


@pytest.mark.parametrize(("rule", "changed", "en", "zh"), [(rule, *said) for rule, said in SAID.items()], ids=SAID)
def test_reasons_say_it_as_people_do(
    default_engine: Engine, rule: str, changed: dict[str, object], en: str, zh: str
) -> None:
    decision = default_engine.decide("portfolio", {"portfolio": STEADY | changed}, AS_OF, "p")

    (reason,) = (each for each in decision.reasons if each.rule == f"portfolio_health.{rule}")
    assert (reason.missing, reason.text.en, reason.text.zh) == ((), en, zh)


def test_what_concentration_advises_clears_it(default_engine: Engine) -> None:
    """Insuring the amount that the remedy names brings the share to the maximum, and the warning is gone."""
    concentrated = STEADY | {"largest_buyer_amount": "320000.00"}

    (reason,) = default_engine.decide("portfolio", {"portfolio": concentrated}, AS_OF, "p").reasons
    assert reason.remedy is not None
    assert reason.remedy.en == "Insure, secure or sell EUR 120,000.00 of what this buyer owes."
    insured = str(Decimal("320000.00") - Decimal("120000.00"))
    cleared = default_engine.decide(
        "portfolio", {"portfolio": concentrated | {"largest_uncovered_amount": insured}}, AS_OF, "p"
    )

    assert (cleared.outcome, cleared.reasons) == ("normal", ())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_reason_tells_the_author_to_give_a_value(default_engine: Engine, language: str) -> None:
    """Whatever is zero or left out of a portfolio, what is missing is a fact and not a number of the policy."""
    for name in (each for each in STEADY if each not in ("id", "industry")):
        for value in (0 if name.startswith("promises") else "0.00", None):
            facts = {key: each for key, each in (STEADY | {name: value}).items() if each is not None}
            if "receivables" not in facts:
                continue  # required
            decision = default_engine.decide("portfolio", {"portfolio": facts}, AS_OF, "p")
            for reason in decision.reasons:
                assert all(each.startswith("portfolio.") for each in reason.missing), (name, value, reason.rule)
                assert not {"policy", "政策"} & set(str(reason.remedy and reason.remedy[language]).split())
