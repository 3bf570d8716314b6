"""What this room knows by name of the default policies under `rules/`, and what is empty without them.

Reports about receivables show grades, a loss allowance and early warnings. None of these is worked out here: each comes
from a decision of the user's policies, and to find it among a decision's results the report has to know what it is
called there. Those names stand here and nowhere else. Whoever writes policies of their own keeps these names for what
means the same; a set that lacks one still gets every other figure, and `missing_policies` says what is empty and why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.vocabulary.text import Text

GRADING = "grading"
"""Policy of the case kind `account`; its result `grade` is the customer's grade."""

GRADE = f"{GRADING}.grade"
"""The variable with the grade, which decisions on orders read too."""

NEW_CREDIT = "orders.new_credit"
"""The variable with the credit that an order adds, which simulations add up."""

PROVISIONS = "provisions"
"""Policy of the case kind `invoice`; its results `bucket`, `loss_rate` and `allowance` make the loss allowance, and
`covered` is what of the invoice is insured or secured."""

MONITORING = "monitoring"
"""Policy of the case kind `account` whose rules are the early warnings on customers."""

STANDING = "standing"
"""Policy of the case kind `account` whose rules say what stops a customer's orders already, such as an item that is
long overdue. Reports show them among the warnings; a set of policies may do without it."""

PORTFOLIO_HEALTH = "portfolio_health"
"""Policy of the case kind `portfolio` whose rules are the early warnings on the whole portfolio."""

DAYS_IN_QUARTER = f"{PORTFOLIO_HEALTH}.days_in_quarter"
"""Its parameter: what DSO counts a quarter as."""

DSO_MAX = f"{PORTFOLIO_HEALTH}.dso_max"
"""Its output: the largest DSO of the portfolio's industry, in days."""

OVERDUE_SHARE_WATCH, OVERDUE_SHARE_ALARM, BUYER_SHARE_MAX, EFFECTIVENESS_MIN = (
    f"{PORTFOLIO_HEALTH}.{name}"
    for name in ("overdue_share_watch", "overdue_share_alarm", "buyer_share_max", "effectiveness_min")
)
"""Its parameters that reports draw as lines across their charts."""

DSO_RISING = f"{PORTFOLIO_HEALTH}.dso-rising"
"""Its rule that DSO rose in each of two quarters running."""

_CONSEQUENCES: Mapping[str, Text] = {
    GRADING: Text("customers have no grade", "客户没有风险等级"),
    PROVISIONS: Text("there is no loss allowance", "没有坏账准备"),
    MONITORING: Text("there are no warnings on customers", "没有客户预警"),
    PORTFOLIO_HEALTH: Text("there are no warnings on the portfolio", "没有组合预警"),
}


def missing_policies(names: Collection[str]) -> tuple[Text, ...]:
    """One sentence for each policy above that is not among `names`, the policies that were given: which is missing, and
    what a report on a portfolio lacks without it. Empty where none is missing."""
    return tuple(
        Text(
            f"No policy here is named `{name}`, so {consequence.en}.",
            f"所用政策中没有 `{name}`，因此{consequence.zh}。",
        )
        for name, consequence in _CONSEQUENCES.items()
        if name not in names
    )
