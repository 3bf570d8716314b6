"""Functions of other languages, and of FEEL beyond policies, with what to write instead. Part of `calls`.

Spreadsheets, SQL and FEEL itself have names for what a policy says otherwise; the nearest name spelled alike would lead
astray (`month` is not `count`).
"""

from __future__ import annotations

from engine.diagnostics.nearest import nearest
from engine.ruleset.functions import FUNCTIONS

_LAST_DAY = "write `last day of month(d)`"
_MONTH_LATER = '`d + duration("P1M")`'
_ADD_MONTHS = f'write {_MONTH_LATER}, or `d + n * duration("P1M")`'
_ADD_DAYS = "write `d + 30`"
_DAYS_BETWEEN = "write `later - earlier`, which is days"
_INSTEAD = {
    **dict.fromkeys(("eomonth", "end_of_month", "endofmonth", "last_day", "lastday", "month_end"), _LAST_DAY),
    **dict.fromkeys(("edate", "add_months", "addmonths", "addmonth"), _ADD_MONTHS),
    **dict.fromkeys(("dateadd", "date_add", "adddays", "add_days"), f"{_ADD_DAYS}, or for months {_MONTH_LATER}"),
    **dict.fromkeys(("datediff", "date_diff", "days", "days_between", "datedif", "days between"), _DAYS_BETWEEN),
    **dict.fromkeys(("months", "plus_months"), f"write {_MONTH_LATER}; a fact of months may be added as it is"),
    **dict.fromkeys(("years", "addyears", "add_years"), 'write `d + duration("P1Y")`'),
    **dict.fromkeys(("weeks", "addweeks", "add_weeks"), 'write `d + duration("P7D")`'),
    "years and months duration": 'write `later - earlier`, which is days, or compare with `d + duration("P3M")`',
    "days and time duration": "write `later - earlier`, which is days",
    "year": "write `d.year`",
    "month": "write `d.month`",
    "day": "write `d.day`",
    "weekday": "write `d.weekday`, which is 1 on Monday",
    "day of week": "write `d.weekday`, which is 1 on Monday",
    "month of year": "write `d.month`",
    "quarter": "write `ceiling(d.month / 3)`",
    "date and time": 'write `date("2026-07-01")`; policies have days, no times',
    "average": "write `mean(…)`",
    "avg": "write `mean(…)`",
    **dict.fromkeys(("len", "length"), "write `string length(text)`, or `count(list)`"),
    "round": "write `round half up(x, 2)`, or `decimal(x, 2)`, whose ties go to the even digit",
    "roundup": "write `round up(x, 2)`",
    "rounddown": "write `round down(x, 2)`",
    "mod": "write `modulo(dividend, divisor)`",
    "power": "write `x ** 2`",
    "concat": "write `a + b`",
    "concatenate": "write `a + b`",
    "upper": "write `upper case(text)`",
    "lower": "write `lower case(text)`",
    "left": "write `substring(text, 1, 3)`",
    "mid": "write `substring(text, 2, 3)`",
    "right": "write `substring(text, -3)`",
    **dict.fromkeys(("isnull", "is null", "isblank", "is blank", "is defined"), "write `x = null`"),
    **dict.fromkeys(("coalesce", "nvl", "ifnull"), "write `if x = null then y else x`"),
    **dict.fromkeys(("sumif", "sumifs", "sumproduct", "total"), "write `sum(list[condition].value)`"),
    **dict.fromkeys(("countif", "countifs", "counta", "size"), "write `count(list[condition])`"),
    **dict.fromkeys(("averageif", "averageifs", "median", "mode"), "write `mean(list[condition].value)`"),
    **dict.fromkeys(("maxif", "maxifs", "largest", "latest"), "write `max(list[condition].value)`"),
    **dict.fromkeys(("minif", "minifs", "smallest", "earliest", "oldest"), "write `min(list[condition].value)`"),
    **dict.fromkeys(("exists", "exist", "some"), "write `some i in list satisfies …`"),
    **dict.fromkeys(("every", "forall"), "write `every i in list satisfies …`"),
    **dict.fromkeys(("first", "last", "index", "sort", "filter", "where"), "write `list[condition]`, which filters"),
    **dict.fromkeys(("includes", "instr", "find", "search", "like"), "write `contains(text, part)`"),
    **dict.fromkeys(("startswith", "begins with", "beginswith"), "write `starts with(text, part)`"),
    "endswith": "write `ends with(text, part)`",
    **dict.fromkeys(("workday", "networkdays", "next working day"), "write `first working day(d, lists.holidays)`"),
    **dict.fromkeys(("iif", "case", "choose", "switch"), "write `if … then … else …`"),
    "sign": "write `if x < 0 then -1 else 1`",
    **dict.fromkeys(("trunc", "truncate", "int", "fix"), "write `round down(x, 0)`"),
    **dict.fromkeys(("ceil", "roof"), "write `ceiling(x)`"),
    "greatest": "write `max(a, b)`",
    "least": "write `min(a, b)`",
}  # fmt: skip
"""By the name in small letters."""


def instead_of(name: str) -> str:
    """The hint for a function that there is not; blank where nothing comes to mind."""
    if hint := _INSTEAD.get(name.lower()):
        return hint
    close = nearest(name, FUNCTIONS)
    return f"did you mean `{close}`?" if close else ""
