"""Charts of an account: bars add up, and a limit counts on the days on which it does."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.console.account_charts import aging, limit_steps, month_ends, waterfall
from api.console.frame import PageReading, grouped
from api.console.svg_charts import ChartBar, ChartStep, bar_chart, step_chart
from api.http.caller import NOBODY

READING = PageReading(language="en", caller=NOBODY, session=None)
TODAY = date(2026, 7, 15)


def _exposure(**parts: str) -> dict[str, str]:
    said = {"open_items": "0.00", "delivered": "0.00", "open_orders": "0.00", "deposits": "0.00"} | parts
    owed = (Decimal(said[name]) for name in ("open_items", "delivered", "open_orders"))
    total = sum(owed, -Decimal(said["deposits"]))
    return said | {"exposure": format(total, "f")}


EXPOSURES = [
    _exposure(),
    _exposure(open_items="45000.00"),
    _exposure(open_items="45000.00", delivered="100.01", open_orders="7.00", deposits="500.00"),
    _exposure(deposits="10.00"),
    _exposure(open_items="-5.00"),
    _exposure(open_items="999999999999999.99", open_orders="0.01"),
]


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_the_parts_of_an_exposure_add_up_to_it(exposure: dict[str, str]) -> None:
    """Each bar begins where the one before ends, and the last begins where the exposure's ends."""
    chart = waterfall(READING, exposure, Decimal("60000.00"), {"amount": "1.00"})
    amounts = [Decimal(amount) for _, amount in chart.rows]
    assert sum(amounts[:4]) == amounts[4] == Decimal(exposure["exposure"])
    assert amounts[5:] == [Decimal("60000.00"), Decimal("1.00")]
    assert chart.picture is not None
    lengths = [Decimal(each) for each in re.findall(r'width="([0-9.]+)" height', chart.picture)]
    assert len(lengths) == 7
    assert all(0 <= each <= 460 for each in lengths)


def _item(kind: str, due: date | None, amount: str) -> dict[str, Any]:
    return {"kind": kind, "due_on": None if due is None else due.isoformat(), "open_amount": amount}


EDGES = {-1: 0, 0: 0, 1: 1, 30: 1, 31: 2, 60: 2, 61: 3, 90: 3, 91: 4, 5000: 4}


@pytest.mark.parametrize("late", EDGES)
def test_an_item_stands_in_the_bar_of_its_days(late: int) -> None:
    chart = aging(READING, [_item("invoice", TODAY - timedelta(days=late), "12.50")], TODAY, Decimal("0.00"))
    assert [row[2] for row in chart.rows] == ["12.50" if at == EDGES[late] else "0.00" for at in range(5)]


def test_what_is_not_owed_is_not_late() -> None:
    others = [_item(kind, TODAY, "-5.00") for kind in ("payment", "credit_note", "deposit")]
    chart = aging(READING, [*others, _item("invoice", None, "1.00")], TODAY, Decimal(0))
    assert chart.picture is None


def _limit(number: int, amount: str | None, begins: str, until: str | None = None, **more: str) -> dict[str, Any]:
    said = {"number": number, "amount": amount, "from": begins, "until": until, "granted_on": begins}
    return said | {"state": "granted"} | more


STEPS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "none": ([], []),
    "one": ([_limit(1, "60000.00", "2026-03-01")], [("2026-03-01", "2026-07-15", "60000.00")]),
    "raised": (
        [_limit(1, "60000.00", "2026-03-01"), _limit(2, "70000.00", "2026-05-01")],
        [("2026-03-01", "2026-04-30", "60000.00"), ("2026-05-01", "2026-07-15", "70000.00")],
    ),
    "temporary": (
        [_limit(1, "60000.00", "2026-03-01"), _limit(2, "90000.00", "2026-05-01", "2026-05-31")],
        [
            ("2026-03-01", "2026-04-30", "60000.00"),
            ("2026-05-01", "2026-05-31", "90000.00"),
            ("2026-06-01", "2026-07-15", "60000.00"),
        ],
    ),
    "refused and asked for": (
        [_limit(1, "60000.00", "2026-03-01", state="refused"), _limit(2, "1.00", "2026-03-01", state="requested")],
        [],
    ),
    "unlimited": (
        [_limit(1, "60000.00", "2026-03-01"), _limit(2, None, "2026-05-01")],
        [("2026-03-01", "2026-04-30", "60000.00")],
    ),
    "before the year": ([_limit(1, "5.00", "2020-01-01")], [("2025-07-31", "2026-07-15", "5.00")]),
    "to come": ([_limit(1, "5.00", "2027-01-01")], []),
}


@pytest.mark.parametrize("case", STEPS)
def test_of_the_limits_of_a_day_the_one_granted_last_counts(case: str) -> None:
    limits, expected = STEPS[case]
    steps = [
        (each.from_day.isoformat(), each.until_day.isoformat(), format(each.value, "f"))
        for each in limit_steps(limits, date(2025, 7, 31), TODAY)
        if each.value is not None
    ]
    joined: list[tuple[str, str, str]] = []
    for begins, until, value in steps:
        if joined and joined[-1][2] == value:
            joined[-1] = (joined[-1][0], until, value)
        else:
            joined.append((begins, until, value))
    assert joined == expected


def test_the_ends_of_months_go_back_a_year() -> None:
    ends = month_ends(date(2026, 3, 1))
    assert (len(ends), ends[0], ends[-2], ends[-1]) == (13, date(2025, 3, 31), date(2026, 2, 28), date(2026, 3, 1))


def test_what_a_chart_says_is_text() -> None:
    script = '<script>"'
    bar = ChartBar(label=script, amount=Decimal(1))
    step = ChartStep(from_day=TODAY, until_day=TODAY, value=Decimal(0))
    for picture in (bar_chart(script, [bar]), step_chart(script, [step], [(TODAY, Decimal(0))], (script, script))):
        assert "<script" not in picture
        assert "&lt;script&gt;" in picture


def test_the_lines_over_time_are_named_and_end_today() -> None:
    step = ChartStep(from_day=TODAY - timedelta(days=9), until_day=TODAY, value=Decimal("7.00"))
    picture = step_chart("both", [step], [(TODAY, Decimal("1.00"))], ("Limit", "Exposure"))
    assert re.findall(r'class="label"[^>]*>([^<]*)<', picture) == ["Limit", "Exposure"]
    assert re.findall(r">(2026-[0-9-]+)<", picture) == ["2026-07-06", "2026-07-15"]


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0.00", "0.00"),
        ("1234567.80", "1,234,567.80"),
        ("-1234.5", "-1,234.5"),
        ("-0.50", "-0.50"),
        ("7", "7"),
        (None, ""),
    ],
)
def test_amounts_are_written_with_all_their_digits(amount: str | None, written: str) -> None:
    assert grouped(amount) == written
