"""What typer says of a wrong option, in the words of those who type it; for all commands at once."""

from __future__ import annotations

import re
from datetime import datetime

_DATE = re.compile(r"'(?P<value>.*)' does not match the formats? '%Y-%m-%d'\.?", re.DOTALL)
_CHOICE = re.compile(r"'(?P<value>.*)' is not one of (?P<choices>'.*')\.?", re.DOTALL)
_UNMISTAKABLE = ("%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
"""Ways to write a date that are read alike everywhere; 1/7/2026 is another day on each side of the ocean."""


def in_plain_words(message: str) -> str:
    """typer's message rewritten: a date is shown as it is to be written, choices stand in backticks.

        '1.7.2026' does not match the formats '%Y-%m-%d'.
        → `1.7.2026` is not a date here; write the date as 2026-07-01

    Messages of other kinds stay as they are.
    """
    message = message.removeprefix("Value error, ")
    if date := _DATE.fullmatch(message):
        iso = _iso(date["value"])
        return f"`{date['value']}` is not a date here; write {f'the date as {iso}' if iso else 'dates like 2026-07-01'}"
    if choice := _CHOICE.fullmatch(message):
        choices = choice["choices"].replace("'", "`")
        return f"`{choice['value']}` is not possible; choose one of {choices}"
    return message


def _iso(text: str) -> str:
    for pattern in _UNMISTAKABLE:
        try:
            return datetime.strptime(text.strip(), pattern).date().isoformat()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return ""
