"""What the charts of an account show, as tables: what the exposure is made of, how late it is, and the limit over time.

A chart and its file are made of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from api.console.frame import PageReading
from api.console.svg_charts import ChartBar, ChartStep, bar_chart, step_chart

BUCKETS = ((None, 0), (1, 30), (31, 60), (61, 90), (91, None))
"""Days past due, from and to."""

MONTHS = 12
"""How far the chart of the limit looks back."""

_OWED = ("invoice", "debit")
_PARTS = ("open_items", "delivered", "open_orders", "deposits")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChart:
    """A chart with the rows that it is made of."""

    name: str
    title: str
    picture: Markup | None
    """None where there is nothing to draw."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def waterfall(
    reading: PageReading, exposure: Mapping[str, Any], limit: Decimal | None, headroom: Mapping[str, Any] | None
) -> AccountChart:
    """What is owed and reserved, part by part, up to the exposure; then the limit, and what may still be ordered."""
    bars, begin = [], Decimal(0)
    for part in _PARTS:
        amount = Decimal(exposure[part])
        signed = -amount if part == "deposits" else amount
        colour = "c-good" if part == "deposits" else "c-plain"
        bars.append(ChartBar(label=reading.say(f"part.{part}"), amount=signed, begin=begin, colour=colour))
        begin += signed
    bars.append(ChartBar(label=reading.say("part.exposure"), amount=Decimal(exposure["exposure"]), colour="c-total"))
    if limit is not None:
        bars.append(ChartBar(label=reading.say("part.limit"), amount=limit, colour="c-limit"))
    if headroom is not None and headroom["amount"] is not None:
        amount = Decimal(headroom["amount"])
        bars.append(ChartBar(label=reading.say("part.headroom"), amount=amount, colour="c-good"))
    title = reading.say("chart.waterfall")
    return AccountChart(
        name="exposure",
        title=title,
        picture=bar_chart(title, bars),
        columns=(reading.say("chart.part"), reading.say("amount")),
        rows=[(bar.label, format(bar.amount, "f")) for bar in bars],
    )


def aging(reading: PageReading, items: Iterable[Mapping[str, Any]], today: date, zero: Decimal) -> AccountChart:
    """Open invoices and debits by how many days they are past due. `zero` has the currency's decimals."""
    sums = [zero] * len(BUCKETS)
    counts = [0] * len(BUCKETS)
    for item in items:
        if item["kind"] in _OWED and item["due_on"]:
            late = (today - date.fromisoformat(item["due_on"])).days
            at = next(at for at, (_, most) in enumerate(BUCKETS) if most is None or late <= most)
            sums[at] += Decimal(item["open_amount"])
            counts[at] += 1
    labels = [reading.say(f"aging.{at}") for at in range(len(BUCKETS))]
    colours = ("c-plain", "c-late1", "c-late2", "c-late3", "c-late4")
    bars = [ChartBar(label=labels[at], amount=sums[at], colour=colours[at]) for at in range(len(BUCKETS))]
    title = reading.say("chart.aging")
    return AccountChart(
        name="aging",
        title=title,
        picture=bar_chart(title, bars) if any(counts) else None,
        columns=(reading.say("chart.days_late"), reading.say("chart.items"), reading.say("amount")),
        rows=[(labels[at], str(counts[at]), format(sums[at], "f")) for at in range(len(BUCKETS))],
    )


def limit_over_time(
    reading: PageReading, limits: Sequence[Mapping[str, Any]], owed: Sequence[tuple[date, Decimal]], today: date
) -> AccountChart:
    """Which limit counted when, and what was owed at the ends of months."""
    steps = limit_steps(limits, month_ends(today)[0], today)
    title = reading.say("chart.limit")
    rows = [
        (reading.say("part.limit"), each.from_day.isoformat(), each.until_day.isoformat(), format(each.value, "f"))
        for each in steps
    ]
    rows += [
        (reading.say("part.exposure"), day.isoformat(), day.isoformat(), format(value, "f")) for day, value in owed
    ]
    is_empty = not steps and not any(value for _, value in owed)
    return AccountChart(
        name="limit",
        title=title,
        picture=None
        if is_empty
        else step_chart(title, steps, owed, (reading.say("part.limit"), reading.say("part.exposure"))),
        columns=(reading.say("chart.part"), reading.say("from"), reading.say("until"), reading.say("amount")),
        rows=rows,
    )


def limit_steps(limits: Sequence[Mapping[str, Any]], first: date, last: date) -> list[ChartStep]:
    """The limit of each day between two days, in spans: of those that count on a day the one that was granted last.
    Days without a limit, or without a bound, are left out."""
    counted = [
        each
        for each in limits
        if each["state"] == "granted" or (each["state"] == "ended" and each["until"] is not None)
    ]
    begins = {first}
    for each in counted:
        begins.add(date.fromisoformat(each["from"]))
        if each["until"] is not None:
            begins.add(date.fromisoformat(each["until"]) + timedelta(days=1))
    days = sorted(day for day in begins if first <= day <= last)
    steps = []
    for day, following in zip(days, [*days[1:], last + timedelta(days=1)], strict=True):
        value = limit_on(counted, day)
        if value is not None:
            steps.append(ChartStep(from_day=day, until_day=following - timedelta(days=1), value=value))
    return steps


def limit_on(limits: Iterable[Mapping[str, Any]], day: date) -> Decimal | None:
    """The amount of the limit that counts on a day; None where there is none, or none that is bounded."""
    written = day.isoformat()
    holding = [
        each for each in limits if each["from"] <= written and (each["until"] is None or written <= each["until"])
    ]
    newest = max(holding, key=lambda each: (each["granted_on"] or each["from"], each["number"]), default=None)
    return None if newest is None or newest["amount"] is None else Decimal(newest["amount"])


def month_ends(today: date) -> list[date]:
    """The last days of the months before, and today."""
    found = [today]
    day = today.replace(day=1) - timedelta(days=1)
    for _ in range(MONTHS):
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found[::-1]
