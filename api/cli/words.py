"""What typer says of a wrong option, in the words of those who type it; for all commands at once."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import typer
from typer.core import TyperGroup

_DATE = re.compile(r"'(?P<said>.*)' does not match the formats? '%Y-%m-%d'\.?", re.DOTALL)
_CHOICE = re.compile(r"'(?P<said>.*)' is not one of (?P<choices>'.*')\.?", re.DOTALL)
_UNMISTAKABLE = ("%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")  # 1/7/2026 is another day on each side of the ocean


class Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = in_words(error.message)
            raise


def in_words(message: str) -> str:
    message = message.removeprefix("Value error, ")
    if found := _DATE.fullmatch(message):
        iso = _iso(found["said"])
        return f"`{found['said']}` is not a date here; write {f'the date as {iso}' if iso else 'dates like 2026-07-01'}"
    if found := _CHOICE.fullmatch(message):
        choices = found["choices"].replace("'", "`")
        return f"`{found['said']}` is not possible; choose one of {choices}"
    return message


def _iso(said: str) -> str:
    for form in _UNMISTAKABLE:
        try:
            return datetime.strptime(said.strip(), form).date().isoformat()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return ""
