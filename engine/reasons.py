"""Reasons in words: templates become functions of a decision's values, each value shown in its type's format.

Part of `evaluate`. Money carries its currency and digits, rates are percent, a missing value says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from engine.facts import Value, decimal_text
from engine.formula import Constant, Formula
from engine.interpret import Result
from engine.ruleset import Bilingual, Template
from engine.vocabulary import EPOCH, Kind, Text, Type

Values = Sequence[Result]
Compile = Callable[[Formula], Callable[[Values], Value]]
"""Turns a formula into a function of a decision's values."""

UNKNOWN = Text("unknown", "未知")
YES = Text("yes", "是")
NO = Text("no", "否")


def renderer(template: Bilingual, compile_formula: Compile, currency: str) -> Callable[[Values], Text]:
    en = _one_language(template.en, compile_formula, currency, "en")
    zh = _one_language(template.zh, compile_formula, currency, "zh")
    return lambda values: Text(en(values), zh(values))


def _one_language(
    template: Template, compile_formula: Compile, currency: str, language: str
) -> Callable[[Values], str]:
    parts = [_part(part, compile_formula, currency, language) for part in template]
    if all(isinstance(part, str) for part in parts):
        whole = "".join(part for part in parts if isinstance(part, str))
        return lambda values: whole
    pattern = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    functions = tuple(part for part in parts if not isinstance(part, str))
    return lambda values: pattern % tuple([function(values) for function in functions])


def _part(part: str | Formula, compile_formula: Compile, currency: str, language: str) -> str | Callable[[Values], str]:
    if isinstance(part, str):
        return part
    show = formatter(part.type, currency, language)
    if isinstance(part, Constant):
        return show(part.value)
    value = compile_formula(part)
    return lambda values: show(value(values))


def formatter(type_: Type, currency: str, language: str) -> Callable[[Value], str]:
    """A function that shows a value of this type to a reader of `language` (en or zh)."""
    show = _formatter(type_, currency, language)
    unknown = UNKNOWN[language]
    return lambda value: unknown if value is None else show(value)


def _formatter(type_: Type, currency: str, language: str) -> Callable[[int | str | bool], str]:
    scale = type_.scale
    match type_.kind:
        case Kind.MONEY:
            return lambda value: f"{currency} {_grouped(int(value), scale)}"
        case Kind.RATE:
            return lambda value: f"{_trimmed(int(value) * 100, scale)}%"
        case Kind.DATE:
            return _date_zh if language == "zh" else _date_en
        case Kind.YES_NO:
            yes, no = YES[language], NO[language]
            return lambda value: yes if value else no
        case Kind.ENUM:
            return lambda value: str(value).replace("_", " ")
        case Kind.TEXT:
            return str
        case _:
            return lambda value: _trimmed(int(value), scale)


def _grouped(value: int, scale: int) -> str:
    whole, _, decimals = decimal_text(value, scale).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}" + (f".{decimals}" if decimals else "")


def _trimmed(value: int, scale: int) -> str:
    """Without trailing zeros behind the point, thousands grouped."""
    text = _grouped(value, scale)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date_en(value: int | str | bool) -> str:
    return date.fromordinal(int(value) + EPOCH.toordinal()).isoformat()


def _date_zh(value: int | str | bool) -> str:
    day = date.fromordinal(int(value) + EPOCH.toordinal())
    return f"{day.year}年{day.month}月{day.day}日"
