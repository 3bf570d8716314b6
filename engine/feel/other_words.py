"""Words and signs between two values that other languages have and FEEL says otherwise; asked where reading stopped.

    account.word contains "x"     write `contains(text, part)`
    order.amount exceeds 500      write `>`
    account.points ＞ 5           write an ASCII `>`

Each pattern stands at the character where FEEL couldn't go on, so that what is said is about that word and no other.
"""

from __future__ import annotations

import re
from decimal import Decimal

_CONTAINS = "write `contains(text, part)`, or `list contains(list, value)` of a list"
_FILTER = (
    "write `and` between conditions, `satisfies` behind `some i in list`; a list is filtered by `list[amount > 0]`"
)
_IF = "write `if … then … else …`"
_SOME = "write `some i in list satisfies …`"
_EVERY = "write `every i in list satisfies …`"

_AT_WORD: tuple[tuple[str, str], ...] = (
    (r"where|filter|such that|having|其中", _FILTER),
    (r"(?:does\s+|do\s+)?not\s+contains?|不包含", "write `not(contains(text, part))`"),
    (r"contains?|includes?|has|holds|enthält|包含", _CONTAINS),
    (r"starts? with|begins? with|starts?with|beginnt mit", "write `starts with(text, part)`"),
    (r"ends? with|ends?with|endet mit", "write `ends with(text, part)`"),
    (r"like|matches|~", "write `contains(text, part)`, `starts with(text, part)` or `ends with(text, part)`"),
    (r"at least|no less than|not less than|mindestens|大于等于|不低于|不少于|至少", "write `>=`"),
    (r"at most|no more than|not more than|up to|höchstens|小于等于|不超过|不高于|至多", "write `<=`"),
    (
        r"(?:greater|more|larger|higher|bigger|later|older|größer|mehr) (?:than|als)|exceeds?|above|over|after",
        "write `>`",
    ),
    (r"大于|超过|高于|多于|晚于", "write `>`"),
    (r"(?:less|smaller|lower|fewer|earlier|younger|kleiner|weniger) (?:than|als)|below|under|before", "write `<`"),
    (r"小于|低于|少于|早于", "write `<`"),
    (r"(?:does not|doesn't|not) equals?|differs from|ungleich|不等于", "write `!=`"),
    (r"equals?(?: to)?|gleich|eq|等于|为|是", "write `=`"),
    (r"not in|(?:not|none) (?:one )?of|不在|不属于", "write `not(x in …)`"),
    (r"(?:one|any|part|member) of|among|within|in|属于", "write `x in [A, B]`, or `x in [1..5]`"),
    (r"mod|modulo|rem", "write `modulo(dividend, divisor)`"),
    (r"div|divided by|除以", "write `/`"),
    (r"times|multiplied by|x|mal|乘以?", "write `*`"),
    (r"plus|加上?", "write `+`"),
    (r"minus|减去?", "write `-`"),
    (r"unless|except|but not|除非", "write `and not(…)`"),
    (r"but|with|when both|并且|而且|且|和", "write `and`"),
    (r"或者?", "write `or`"),
    (r"when|case", _IF),
    (r"percent|per cent|Prozent|个?百分点", "write a share, 0.05 for 5%"),
    (r"for", "write `for i in list return i.amount`"),
    (r"。", "leave it out"),
)
_WORDS = tuple((re.compile(rf"(?:(?:is|are|ist|was)\s+)?(?:{words})(?!\w)"), advice) for words, advice in _AT_WORD)

_BEFORE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:exists?|any|there is)\s+$"), _SOME),
    (re.compile(r"\b(?:all|each|forall|for all)\s+$"), _EVERY),
    (re.compile(r"\bcase\s+$", re.IGNORECASE), _IF),
    (re.compile(r"\b(?:contains|starts with|ends with)\s+$"), "write its arguments in parentheses, `{}(text, part)`"),
    (re.compile(r"\b(?:sum|mean|min|max|abs|floor|ceiling)\s+$"), "write what it takes in parentheses, `{}(…)`"),
    (re.compile(r"\bcount\s+(?:of\s+)?$"), "write what it takes in parentheses, `count(…)`"),
    (re.compile(r"\b(?:and|or)\s+(?:and|or)\s+$"), "write one of the two words"),
)
"""What the text before the place ends with: a word that FEEL took for a name."""

_SIGNS = {
    "＞": ">", "＜": "<", "＝": "=", "＋": "+", "－": "-", "＊": "*", "／": "/", "％": "%", "（": "(", "）": ")",
    "［": "[", "］": "]", "，": ",", "：": ":", "．": ".", "＂": '"', "≧": ">=", "≦": "<=", "、": ",",
}  # fmt: skip
"""Signs of full width, which FEEL takes for letters of a name, with what is meant."""

_SIGN = re.compile(f"[{''.join(map(re.escape, _SIGNS))}]")
_TERNARY = re.compile(r"\?\s*[^:]*:")


def wide_sign(code: str) -> tuple[str, int] | None:
    """The message for the first sign of full width in a text without its quoted parts, and where it stands."""
    sign = _SIGN.search(code)
    return (f"`{sign[0]}` is not understood here, write an ASCII `{_SIGNS[sign[0]]}`", sign.start()) if sign else None


def meant_by_word(code: str, offset: int) -> tuple[str, int] | None:
    """The message for a word of another language at `offset`, or just before it, and where the author should look.

    `code` is the text with what is quoted made unrecognisable."""
    for pattern, advice in _WORDS:
        if match := pattern.match(code, offset):
            return f"`{' '.join(match[0].split())}` is not understood here, {advice}", offset
    if _TERNARY.match(code, offset):
        return f"`?` is not understood here, {_IF}", offset
    for pattern, advice in _BEFORE:
        if match := pattern.search(code[:offset]):
            word = " ".join(match[0].split())
            return f"`{word}` is not understood here, {advice.format(word)}", match.start()
    return None


_SHORTENED = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,6})?)(?:(?P<thousands>[kK]|[tT]sd)|(?P<millions>m|M|[mM]io|[mM]ln|[mM]n)|(?P<days>d|D))"
)


def shortened(written: str) -> str:
    """What was meant by `10k` and `30d`, as the end of a message; empty for anything else."""
    match = _SHORTENED.fullmatch(written)
    if match is None:
        return ""
    number, factor = Decimal(match["number"]), 1000 if match["thousands"] else 1_000_000 if match["millions"] else 1
    unit = "; the fact's type gives the unit" if match["days"] else ""
    return f", write `{(number * factor).normalize():f}`{unit}"


_LAST = re.compile(r"(?:[^\W\d]\w*|[^\w\s]+)\s*$")
_EXAMPLES = {
    "in": "such as `[A, B]` or `[1..5]`",
    "between": "as in `between 1 and 5`",
    "and": "or leave `and` out",
    "or": "or leave `or` out",
    "then": "such as `then 1 else 0`",
    "else": "such as `else 0`",
    "satisfies": "a condition on each element",
    "return": "what is taken of each element",
}


def behind(code: str, offset: int) -> str:
    """Behind which word or sign a value is missing, as the end of a message: " behind `>`"; empty at the beginning."""
    last = _LAST.search(code[:offset])
    if last is None:
        return ""
    word = last[0].strip()
    example = _EXAMPLES.get(word)
    return f" behind `{word}`" + (f", {example}" if example else "")
