"""What an author meant who wrote a type as SQL, spreadsheets or programs call it: `string`, `boolean`, `percent`.

The nearest word spelled alike leads astray (`percent` is no `person`), so the words in use elsewhere stand here. Part
of `fields`.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.diagnostics.wording import did_you_mean

LIST = "list"

_MEANT: dict[str, tuple[str, ...]] = {
    "text": ("string", "str", "varchar", "char", "nvarchar", "words", "id", "code", "字符串", "文本"),
    "yes/no": ("boolean", "bool", "flag", "logical", "yes", "no", "yesno", "true/false", "bit", "是否", "布尔"),
    "integer": ("int", "long", "bigint", "count", "whole", "整数"),
    "number": ("decimal", "float", "double", "real", "numeric", "fraction", "ratio", "factor", "小数", "数字"),
    "money": ("amount", "currency", "price", "cash", "monetary", "金额", "betrag"),
    "rate": ("percent", "percentage", "%", "share", "proportion", "比例", "百分比", "prozent"),
    "date": ("datetime", "timestamp", "time", "calendar", "日期", "datum"),
    "days": ("day", "duration", "period", "timespan", "interval", "天", "tage"),
    "months": ("month", "月", "monate"),
    "enum": ("choice", "option", "options", "category", "one of", "枚举"),
    "person": ("user", "login", "employee", "people", "name", "人员"),
    LIST: ("array", "set", "table", "records", "record", "struct", "rows", "items", "lists", "collection", "列表"),
}
_BY_WORD = {word: type_ for type_, words in _MEANT.items() for word in words}
_WITH_MORE = {
    "days": "write `days`, or `months`",
    "rate": "write `rate`, a share: 0.05 is 5%",
    "person": "write `person` for who did something, `text` for any other name",
    "weeks": "write `days`, 7 for each week",
    "years": "write `months`, 12 for each year",
}
_PERIODS = {"week": "weeks", "weeks": "weeks", "周": "weeks", "year": "years", "years": "years", "年": "years"}


def type_hint(word: str, possible: Collection[str]) -> str:
    """The hint for a word that is no type, or none that is possible here."""
    small = " ".join(word.lower().split())
    if small in possible:
        return f"write `{small}`"
    if small.startswith("list of ") and LIST in possible:
        return f"write `type: list, of: {small.removeprefix('list of ')}`"
    meant = _BY_WORD.get(small) or _PERIODS.get(small)
    if meant in possible or meant in ("weeks", "years"):
        return _WITH_MORE.get(str(meant), f"write `{meant}`")
    if LIST in (meant, small) or small.startswith("list of "):
        return "a list is a fact or a parameter; count it, filter it, or add up one of its values"
    return did_you_mean(word, possible)
