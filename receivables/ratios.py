"""Ratios that may have no meaning: an exact fraction, or the reason why there is none.

Every share, number of days and factor of the reports of this room is a `Ratio`. Where the sum that it is of is nothing
or a credit balance, dividing would give a number that nobody can act on (an overdue share of 500%, a DSO of minus 360
days), so there is a `NoValue` instead: reports show a dash and the reason, JSON null and the reason's code. Each
reason is written down once, here.

Example: 850 overdue of 1,750 open invoices is `Fraction(850, 1750)`, shown as 48.6%. With no invoice open the same
share is `NoValue.NO_OPEN_INVOICE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction

from engine.vocabulary.decimals import rate_text
from engine.vocabulary.text import Text


class NoValue(Enum):
    """Why a ratio has no value. The code is a promise to programs; the text is for people."""

    NO_OPEN_INVOICE = "no-open-invoice", Text("no invoice is open", "没有未清发票")
    NO_BALANCE = "no-balance", Text("no customer owes anything on balance", "没有客户存在净欠款")
    CREDIT_BALANCE = (
        "credit-balance",
        Text("credit notes are more than the open invoices", "贷项多于未清发票"),
    )
    NO_SALES = "no-sales", Text("there were no credit sales in the quarter", "该季度无赊销")
    SALES_CREDITED = "sales-credited", Text("credit notes of the quarter are more than its sales", "该季度贷项多于赊销")
    NOTHING_TO_COLLECT = "nothing-to-collect", Text("nothing was due for collection", "没有可催收的款项")
    MORE_PAID_OUT = (
        "more-paid-out",
        Text("more credit was paid out or set off than was collected", "退还或抵扣的贷项多于回款"),
    )
    BOOKS_BEGIN = "books-begin", Text("the books begin within the quarter", "账簿始于该季度之中")
    OPEN_ITEMS_ONLY = "open-items-only", Text("the files hold open items only", "文件只含未清项")
    NO_QUARTER = "no-quarter", Text("the books hold no earlier quarter", "账簿中没有更早的季度")
    NONE_BEFORE = "none-before", Text("the quarter before has no such figure", "上一季度没有该指标")
    NOTHING_BEFORE = "nothing-before", Text("the quarter before it was 0", "上一季度为 0")
    NO_ORDERS = "no-orders", Text("there were no such orders", "没有此类订单")
    NOT_KNOWN_YET = "not-known-yet", Text("no such order's payment is known yet", "此类订单的付款结果尚不可知")
    NONE_HELD = "none-held", Text("no order was held whose payment is known", "没有已知付款结果的冻结订单")
    NONE_LATE = "none-late", Text("no order came so late", "没有订单逾期到该程度")
    NOTHING_OWED = "nothing-owed", Text("nothing was owed for a day", "没有形成应收账款")
    TOO_FEW = (
        "too-few",
        Text("there are too few customers or late orders to tell", "客户或逾期订单过少，无法估计"),
    )

    @property
    def code(self) -> str:
        """What JSON holds."""
        return self.value[0]

    @property
    def text(self) -> Text:
        """What people read behind a dash: a clause without a period."""
        return self.value[1]


Ratio = Fraction | NoValue
"""An exact ratio, or why there is none."""


def ratio(part: int, whole: int, without: NoValue) -> Ratio:
    """`part` ÷ `whole`, exactly; `without` where there is nothing to divide by, or a negative balance."""
    return Fraction(part, whole) if whole > 0 else without


def value_of(value: Ratio) -> Fraction | None:
    """The fraction, or None where there is none; for a chart, which leaves a gap there."""
    return value if isinstance(value, Fraction) else None


def change(before: Ratio, after: Ratio) -> Ratio:
    """By which share something rose: 40 days after 32 are 1/4."""
    if isinstance(before, NoValue):
        return NoValue.NONE_BEFORE
    if isinstance(after, NoValue):
        return after
    return after / before - 1 if before else NoValue.NOTHING_BEFORE


def reasons_among(values: Iterable[Ratio]) -> tuple[NoValue, ...]:
    """The reasons that stand among the values, each once, in the order in which they come."""
    return tuple(dict.fromkeys(value for value in values if isinstance(value, NoValue)))


def ratios_json(ratios: Mapping[str, Ratio]) -> dict[str, object]:
    """The ratios as decimal text with 6 decimals or null, and `no_value`: the reason's code for each that is null.

    `{"dso": "45.000000", "no_value": {}}`, `{"dso": null, "no_value": {"dso": "no-sales"}}`.
    """
    texts = {name: rate_text(value_of(value)) for name, value in ratios.items()}
    return {**texts, "no_value": {name: value.code for name, value in ratios.items() if isinstance(value, NoValue)}}


def reasons_json() -> dict[str, dict[str, str]]:
    """Every reason's text in both languages, by its code: what `no_value` in JSON refers to."""
    return {reason.code: {"en": reason.text.en, "zh": reason.text.zh} for reason in NoValue}
