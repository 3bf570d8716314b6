"""What someone meant who wrote FEEL as Excel, SQL or a letter would have it; asked only once a text can't be read.

Each idiom is a pattern and the advice for it. The first one that lies where reading stopped becomes the message:

    > 5 and < 10     write `(5..10)`
    5%               write `0.05`
    10.000,00 €      write the number alone; the fact's type gives the currency

`misread` and `subtraction` go further: they find what FEEL does read, but never as its author meant it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

_APART = re.compile(r'"(?:[^"\\]|\\.)*+"?|//[^\n]*|/\*.*?\*/', re.DOTALL)
_NUMBER = r"(?<![\w.])\d+(?:\.\d+)?"
_OPERAND = r"-?[\w.]+"
_SIGN = r"[$€£¥₹元]"
_UNITS = (
    r"(?:days?|weeks?|months?|quarters?|years?|hours?|minutes?|Tage?n?|Wochen?|Monate?n?|Jahre?n?|Stunden?"
    r"|天|日|周|个月|月|年|小时)"
)
_WORDS = {"AND": "and", "OR": "or", "IF": "if", "THEN": "then", "ELSE": "else", "BETWEEN": "between", "IN": "in"} | {
    **dict.fromkeys(("und", "UND", "And"), "and"),
    **dict.fromkeys(("oder", "ODER", "Or"), "or"),
}

_PERIODS = (
    (("week", "woche", "周"), "W"),
    (("month", "monat", "个月", "月"), "M"),
    (("year", "jahr", "年"), "Y"),
)
_HOURS = ("hour", "stunde", "小时")
_TYPED = "; the fact's type gives the unit"
_ALONE = "write the number alone; the fact's type gives the currency"
_TURNED = {"=>": ">=", "=<": "<=", "<>": "!="}

Advice = Callable[[re.Match[str]], str]


def code_only(text: str) -> str:
    """The text with all that is quoted or a comment made unrecognisable, every place kept."""
    return _APART.sub(lambda match: '"' * len(match[0]), text)


def separators(written: str) -> str:
    """The advice on a number with commas, spaces or points between its digits, such as `10,000` or `1.250,50`.

    Groups of three digits with the same sign between them are taken for thousands, a comma before other digits for
    decimals.
    """
    whole, mark, rest = written.partition(",")
    grouped = re.fullmatch(r"\d{1,3}([ ,'’.])\d{3}(?:\1\d{3})*(?:[.,]\d+)?", written)
    if not grouped:
        return f"decimals need a point, write `{whole}.{rest}`" if mark else f"write `{_digits(written)}`"
    sign = grouped[1]
    plain = written.replace(sign, "")
    if "," in plain:
        return f"decimals need a point, write `{plain.replace(',', '.')}`, without separators"
    return f"write `{plain}`, without separators"


_WITH_SIGNS = re.compile(
    rf"(?:{_SIGN}|[A-Z]{{3}})?\s*(?P<number>-?\d[\d., '’]*)(?P<percent>\s*%)?\s*(?:{_SIGN}|[A-Z]{{3}})?"
)


def number_meant(written: str) -> str:
    """A plain number for one with separators, a percent sign or a currency: `5%` is `0.05`, `50,000 EUR` is `50000`.
    Empty for text that is none, or that may be two."""
    match = _WITH_SIGNS.fullmatch(written.strip())
    if match is None:
        return ""
    number = match["number"].strip()
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", number):
        advice = re.search(r"`([^`]*)`", separators(number))
        number = advice[1] if advice and re.fullmatch(r"-?\d+(?:\.\d+)?", advice[1]) else ""
    if number and match["percent"]:
        return f"{Decimal(number).scaleb(-2).normalize():f}"
    return number


def between(low_sign: str, low: str, high: str, high_sign: str) -> str:
    """The range of FEEL between two bounds: `between('>=', '5', '10', '<')` is `[5..10)`."""
    return f"{'[' if '=' in low_sign else '('}{low}..{high}{']' if '=' in high_sign else ')'}"


def _digits(written: str) -> str:
    return re.sub(r"[^\d.]", "", written)


def _date(match: re.Match[str]) -> str:
    day, month, year = (int(part) for part in match.groups())
    return f'write `date("{year:04}-{month:02}-{day:02}")`'


def _fraction(match: re.Match[str]) -> str:
    return f"write `{Decimal(match[1]).scaleb(-2).normalize():f}`"


def _both(match: re.Match[str]) -> str:
    """The range for `> 5 and < 10`, whichever bound is written first."""
    low_sign, low, high_sign, high = match.groups()
    if low_sign[0] == "<":
        low_sign, low, high_sign, high = high_sign, high, low_sign, low
    return f"write `{'x in ' if _has_subject(match) else ''}{between(low_sign, low, high, high_sign)}`"


def _has_subject(match: re.Match[str]) -> bool:
    """Whether something stands before the match, so that the range needs `x in` before it."""
    return bool(match.string[: match.start()].strip(" (,"))


def _with_unit(match: re.Match[str]) -> str:
    """The number alone, as long as its unit is what formulas count in: a week is 7 days, and a month is no number of
    days."""
    number, unit = Decimal(match[1]), match["unit"].lower()
    if unit.startswith("quarter"):
        return f'write `duration("P{number * 3:f}M")`'
    period = next((period for words, period in _PERIODS if unit.startswith(words)), None)
    if period is None:
        return "policies count days and months, no hours" if unit.startswith(_HOURS) else f"write `{match[1]}`{_TYPED}"
    if period == "W":
        return f"write `{number * 7:f}`, the days"
    duration = f'duration("P{match[1]}{period}")' if number == int(number) else 'duration("P1M")'
    return f"write `{duration}`, or `{match[1]}`{_TYPED}"


def _turned(match: re.Match[str]) -> str:
    return f"write `{_TURNED[match[0]]}`"


def _equality(match: re.Match[str]) -> str:
    return f"write `{'!=' if match['no'] else '='}{' null' if match['null'] else ''}`"


def _currency(_: re.Match[str]) -> str:
    return _ALONE


_IDIOMS: tuple[tuple[re.Pattern[str], Advice], ...] = (
    (re.compile(r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\w.])"), _date),
    (re.compile(rf"{_SIGN}\s*\d[\d.,]*"), _currency),
    (re.compile(rf"(?<![\w.,])\d[\d.,]*\s*(?:{_SIGN}|(?!AND\b|NOT\b)[A-Z]{{3}}\b)"), _currency),
    (re.compile(r"\b(?:EUR|USD|CNY|RMB|CHF|GBP)\s*\d[\d.,]*"), _currency),
    (re.compile(rf"({_NUMBER})\s*%(?!\s*[\w(.])"), _fraction),
    (
        re.compile(rf"({_NUMBER})\s*(?P<unit>{_UNITS})(?!\w)"),
        _with_unit,
    ),
    (
        re.compile(
            r"(?<![\w.])\d{1,3}(?:([ ,'’])\d{3}(?:\1\d{3})*(?:\.\d+)?|\.\d{3}(?:\.\d{3})*,\d+)(?![\w.]\d)(?!\w)"
        ),
        lambda match: separators(match[0]),
    ),
    (re.compile(r"[(\[\]]\s*(\d{1,3}(?:,\d{3})+)\s*\.\."), lambda match: separators(match[1])),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{3}){2,}(?!\w)"), lambda match: separators(match[0])),
    (re.compile(r"(?<![\w.,])\d+,\d+(?![\w,])"), lambda match: separators(match[0])),
    (
        re.compile(rf"([<>]=?)\s*({_OPERAND})\s*(?:and|AND|und|&&?)\s*(?!\1)(?!=)([<>]=?)\s*({_OPERAND})"),
        _both,
    ),
    (
        re.compile(r"(?<![\w\])([.])(-?\w+(?:\.\w+)*)\s*\.\.\s*(-?\w+(?:\.\w+)*)(?![\w\])[(.])"),
        lambda match: f'write `[{match[1]}..{match[2]}]`, in a cell between quotes, `"[{match[1]}..{match[2]}]"`',
    ),
    (re.compile(r"=>|=<|<>"), _turned),
    (re.compile(r"[<>]\s+="), lambda match: f"write `{match[0][0]}=`, without a blank"),
    (re.compile(r"\[\s*\]"), lambda match: "write a condition in it, `[amount > 0]`, or leave it out"),
    (
        re.compile(r"([<>]=?|!?=)\s*\]\s*\)?"),
        lambda match: f"a value is missing behind `{match[1]}`",
    ),
    (
        re.compile(r"\b(some|every)\s+(?P<list>[^\W\d]\w*(?:\.\w+)+)"),
        lambda match: f"write `{match[1]} i in {match['list']} satisfies …`",
    ),
    (
        re.compile(r"\b(?:end of (?:the )?month|last day(?: of (?:the |a )?month)?|month end)\s*\(", re.IGNORECASE),
        lambda match: "write `last day of month(…)`",
    ),
    (
        re.compile(r"\badd (?P<unit>days?|months?|years?)\s*\(", re.IGNORECASE),
        lambda match: f'write `d + duration("P1{match["unit"][0].upper()}")`',
    ),
    (re.compile(r"\bis(?P<no>\s+not)?(?P<null>\s+(?:null|empty|missing|blank))?\b", re.IGNORECASE), _equality),
    (re.compile(r"\bnot\s+in\b", re.IGNORECASE), lambda match: "write `not(x in …)`"),
    (re.compile(r"\b(?:not|NOT|nicht)\s+(?!in\b)(?P<of>[\w.]*)"), lambda match: f"write `not({match['of'] or '…'})`"),
    (re.compile(r"\bIF\s+\w"), lambda match: "write `if`"),
    (re.compile(rf"\b(?:{'|'.join(_WORDS)})\b"), lambda match: f"write `{_WORDS[match[0]]}`"),
)


def meant(text: str, offset: int) -> tuple[str, int] | None:
    """The message for what stops being FEEL at `offset`, and where the author should look."""
    text = code_only(text)
    for pattern, advice in _IDIOMS:
        for match in pattern.finditer(text):
            if match.start() <= offset < match.end():
                written = " ".join(match[0].split())
                return f"`{written[:60]}` is not understood here, {advice(match)}", match.start()
    return _separated_by_semicolon(text, offset)


# --- Excel -----------------------------------------------------------------------------------------------------------

_EXCEL = re.compile(r"(?<![\w.?])(IF|AND|OR|NOT)\s*\(")
_EXCEL_ADVICE = {
    "IF": "write `if … then … else …`",
    "AND": "write `a and b`",
    "OR": "write `a or b`",
    "NOT": "write `not(…)`",
}


def _separated_by_semicolon(text: str, offset: int) -> tuple[str, int] | None:
    """The message for `;` between arguments, as German Excel writes them."""
    if text[offset : offset + 1] != ";":
        return None
    excel = next(excel_functions(text[:offset]), None)
    if excel:
        return excel
    depth = text.count("(", 0, offset) - text.count(")", 0, offset)
    return ("`;` is not understood here, FEEL separates arguments by commas", offset) if depth > 0 else None


def excel_functions(text: str) -> Iterator[tuple[str, int]]:
    """`IF(…)` and the like, which FEEL would take for functions of unknown names."""
    for match in _EXCEL.finditer(text):
        yield f"`{match[1]}(…)` is not FEEL, {_EXCEL_ADVICE[match[1]]}", match.start()


# --- what FEEL reads, but never as it was meant ----------------------------------------------------------------------

_SIGNED = re.compile(r"(?<!\w)[\u20A0-\u20CF]\d[\d.,]*")
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})*,0\d{2}(?:,\d{3})*(?:\.\d+)?(?!\w|,\d)")
_COMPARED = re.compile(r"(?:^|,)\s*(?:not\s*\(\s*)?[<>]=?\s*(\d+(?:,\d+)+(?:\.\d+)?)(?!\w)")


def misread(text: str, *, cell: bool) -> tuple[str, int] | None:
    """What an author must have meant otherwise: `€5` is a name to FEEL, `10,000` the numbers 10 and 0, and in a cell
    `> 10,500` any number above 10 or 500 itself."""
    text = code_only(text)
    if match := _SIGNED.search(text):
        return f"`{match[0]}` is not a number, {_ALONE}", match.start()
    if match := _GROUPED.search(text):
        return f"`{match[0]}` is two numbers or more to FEEL, {separators(match[0])}", match.start()
    if cell and (match := _COMPARED.search(text)):
        apart = f"; `{', '.join(match[1].split(','))}` for several values"
        return f"`{match[1]}` is two numbers or more to FEEL, {separators(match[1])}{apart}", match.start(1)
    return next(excel_functions(text), None)


def subtraction(written: str) -> str | None:
    """The message for numbers alone with `-` between them, as a cell's test: a range or a date to whoever wrote it.

    None for anything else, also for `a - 5`, which may well be a subtraction.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        return f'`{written}` is a subtraction, write `date("{written}")`'
    ends = re.fullmatch(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)", written)
    return f"`{written}` is a subtraction, write `[{ends[1]}..{ends[2]}]`" if ends else None
