"""Reasons in words: a rule's texts as functions of a decision's values, each value shown in its type's format.

Part of `evaluate`. Money carries its currency and digits, rates are percent, a missing value says so. Whatever a rule's
texts show is worked out once for both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.ruleset.formula import Formula
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import Bilingual, Template
from engine.vocabulary.binding import Value
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind, Type

Values = Sequence[Result]
Compile = Callable[[Formula], Callable[[Values], Value]]
"""Turns a formula into a function of a decision's values."""

Show = Callable[[Value], str]

UNKNOWN = Text("unknown", "未知")
_YES, _NO = Text("yes", "是"), Text("no", "否")


class ReasonWords:
    """A rule's reason and remedy, ready to be filled in."""

    def __init__(self, reason: Bilingual, remedy: Bilingual | None, compile_formula: Compile, currency: str) -> None:
        texts = [reason, *([remedy] if remedy else [])]
        parts = [part for text in texts for part in (*text.en, *text.zh)]
        formulas = tuple(dict.fromkeys(part for part in parts if not isinstance(part, str)))
        self._values = tuple(compile_formula(formula) for formula in formulas)
        self._en = tuple(formatter(formula.type, currency, "en") for formula in formulas)
        self._zh = tuple(formatter(formula.type, currency, "zh") for formula in formulas)
        self._same = not any(_differs_by_language(formula.type) for formula in formulas)
        self._patterns = [(_pattern(text.en, formulas), _pattern(text.zh, formulas)) for text in texts]

    def fill(self, values: Values) -> tuple[Text, Text | None]:
        """The reason and the remedy (None where the rule has none)."""
        found = [value(values) for value in self._values]
        en = [show(value) for show, value in zip(self._en, found, strict=True)]
        zh = en
        if not self._same or None in found:
            zh = [show(value) for show, value in zip(self._zh, found, strict=True)]
        texts = [Text(pattern_en.format(*en), pattern_zh.format(*zh)) for pattern_en, pattern_zh in self._patterns]
        return texts[0], texts[1] if len(texts) > 1 else None


def _pattern(template: Template, formulas: Sequence[Formula]) -> str:
    """For `str.format`: literal braces doubled, each formula its position."""
    return "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{formulas.index(part)}}}"
        for part in template
    )


def _differs_by_language(type_: Type) -> bool:
    return type_.kind in (Kind.DATE, Kind.YES_NO) or bool(type_.titles)


def formatter(type_: Type, currency: str, language: str) -> Show:
    """A function that shows a value of this type to a reader of `language` (en or zh)."""
    unknown = UNKNOWN[language]
    if type_.kind is Kind.MONEY:
        prefix, grouped = f"{currency} ", decimal_formatter(type_.scale, grouped=True)
        return lambda value: unknown if value is None else prefix + grouped(value)  # type: ignore[arg-type]  # an int
    show = _formatter(type_, language)
    return lambda value: unknown if value is None else show(value)


def _formatter(type_: Type, language: str) -> Callable[[int | str | bool], str]:
    grouped = decimal_formatter(type_.scale, grouped=True)
    match type_.kind:
        case Kind.RATE:
            return lambda value: f"{_trimmed(grouped(int(value) * 100))}%"
        case Kind.DATE:
            return _date_zh if language == "zh" else _date_en
        case Kind.YES_NO:
            return lambda value: (_YES if value else _NO)[language]
        case Kind.ENUM:
            titles = {word: title[language] for word, title in type_.titles}
            return lambda value: titles.get(str(value)) or str(value).replace("_", " ")
        case Kind.TEXT:
            return str
        case _:
            return lambda value: _trimmed(grouped(int(value)))


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date_en(value: int | str | bool) -> str:
    return date_of(int(value)).isoformat()


def _date_zh(value: int | str | bool) -> str:
    day = date_of(int(value))
    return f"{day.year}年{day.month}月{day.day}日"
