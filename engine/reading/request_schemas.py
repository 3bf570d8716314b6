"""JSON Schema (2020-12) of the facts that a request carries.

They say all of what binding (`engine.vocabulary.binding`) accepts that a schema can say, and stand in the service's
OpenAPI document and in `schema/`. A test holds them against binding. The schemas of files are in `file_schemas`.
"""

from __future__ import annotations

import re
from typing import Any

from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.conversion import amounts_in_any
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import DECIMALS_READ
from engine.vocabulary.languages import reader_of
from engine.vocabulary.plain_text import TEXT_LENGTH_MAX
from engine.vocabulary.rates import KEYS, RATE_DECIMALS_MAX, RATES_MAX
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Future, Kind, Type, Vocabulary

Schema = dict[str, Any]
"""A JSON Schema, or a part of one, as it is written in JSON."""

DATE_PATTERN = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
"""The days that policies can speak of, from 1900 to 2199, but for the length of months."""

_ABOUT = re.compile(r"(x-)?(title|description)(-[a-z]{2})?")
_CONTROL = "\\u0000-\\u001f\\u007f-\\u009f"
_NOT_BLANK = f"^[^{_CONTROL}]*[^\\s{_CONTROL}][^{_CONTROL}]*$"
_NO_BLANK_AROUND = f"^[^\\s{_CONTROL}]([^{_CONTROL}]*[^\\s{_CONTROL}])?$"


def currency_schemas(own: str) -> dict[str, Schema]:
    """What stands beside the facts of a request: in which currency its amounts are, and what that is worth."""
    rate = {
        "type": ["string", "integer"],
        "pattern": rf"^(?=.*[1-9])(0|[1-9][0-9]*)(\.[0-9]{{1,{RATE_DECIMALS_MAX}}}0*)?$",
        "exclusiveMinimum": 0,
        "description": f"What one unit of the currency is worth in {own}; above 0.",
        "examples": ["0.9215"],
    }
    one = {
        "type": "object",
        "properties": {
            "currency": {"type": "string", "enum": sorted(set(MINOR_UNITS) - {own})},
            "date": {"type": "string", "format": "date", "pattern": DATE_PATTERN},
            "rate": rate,
        },
        "required": list(KEYS),
        "additionalProperties": False,
    }
    return {
        "currency": {
            "type": ["string", "null"],
            "enum": [*sorted(MINOR_UNITS), None],
            "description": f"In which all amounts of this request are, by its ISO 4217 code; {own} where it is left "
            "out. Amounts in another one have its decimals, and are refused unless `rates` holds a rate of it.",
        },
        "rates": {
            "type": ["array", "null"],
            "items": one,
            "maxItems": RATES_MAX,
            "description": "What other currencies are worth. The newest that is not of a later day than the decision "
            "counts, unless it is too old.",
        },
    }


def facts_schema(vocabulary: Vocabulary, case: str, *, in_any_currency: bool = False) -> Schema:
    """The facts of one case, as a request carries them: an object per group, `{"order": {…}, "account": {…}}`.

    `case` is the name of a kind of case. A group without required facts may be left out or null. Titles and
    descriptions are in the site's first language, with the others beside them under `x-title-zh`, `x-description-zh`
    and so on. `in_any_currency`: for requests that say in which currency their amounts are, so that an amount may have
    the decimals of any.
    """
    kind = CASE_KINDS[case]
    title = Text(f"Facts of one {kind.title.en}", f"{kind.title.zh}的事实").among(vocabulary.languages)
    groups: dict[str, Schema] = {}
    for group in kind.groups:
        facts = [fact for fact in vocabulary.of_case(case) if fact.group == group]
        groups[group] = _group(vocabulary, group, facts, in_any_currency=in_any_currency)
    return {
        "type": "object",
        **titled(title),
        "description": f"Amounts are in {vocabulary.currency}. What is left out or null counts as missing.",
        "properties": groups,
        "required": [group for group, schema in groups.items() if "required" in schema],
        "additionalProperties": False,
    }


def _group(vocabulary: Vocabulary, group: str, facts: list[Fact], *, in_any_currency: bool) -> Schema:
    required = [local_name(fact) for fact in facts if fact.required]
    of_group = CASE_KINDS[group].title
    title = Text(f"Facts about the {of_group.en}", f"{of_group.zh}的事实").among(vocabulary.languages)
    return {
        "type": "object" if required else ["object", "null"],
        **titled(title),
        "properties": {
            local_name(fact): fact_schema(fact, vocabulary, in_any_currency=in_any_currency) for fact in facts
        },
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def local_name(fact: Fact) -> str:
    """The name of a fact within its group: `amount` of `order.amount`."""
    return fact.name.partition(".")[2]


def fact_schema(fact: Fact, vocabulary: Vocabulary, *, in_any_currency: bool = False) -> Schema:
    """One fact as a request carries it; null is the same as leaving out a fact that isn't required.

    Amounts, rates and numbers are decimal text or integers, never JSON numbers with a point, which lose digits on their
    way. The pattern has as many digits as the fact's bounds, or as amounts of any currency.
    """
    type_ = amounts_in_any(fact.type) if in_any_currency else fact.type
    schema = _nullable(_value(type_), required=fact.required)
    return {**titled(fact.title), **_described(fact, vocabulary), **schema} | {"examples": [fact.example]}


def titled(title: Text, key: str = "title") -> Schema:
    """A title by language: `{"title": …, "x-title-zh": …}`, the first language under the plain key."""
    (_, first), *others = title.by_language
    return {key: first, **{f"x-{key.removeprefix('x-')}-{language}": text for language, text in others}}


def about(schema: Schema) -> Schema:
    """What a schema says to people: titles and descriptions in all languages."""
    return {key: text for key, text in schema.items() if _ABOUT.fullmatch(key)}


def types_of(schema: Schema) -> list[str]:
    """The `type` of a schema as a list, which JSON Schema also writes as one word."""
    types = schema["type"]
    return [types] if isinstance(types, str) else types


def _described(fact: Fact, vocabulary: Vocabulary) -> Schema:
    """The fact's note and what it is counted in, in each language of its title; nothing where there is neither."""
    unit = _unit(fact.type, vocabulary)
    descriptions = {}
    for language in fact.title.languages:
        reader = reader_of(language, vocabulary.languages)
        parts = (each[reader] for each in (fact.note, unit) if each)
        descriptions[language] = ("" if language == "zh" else " ").join(part for part in parts if part)
    return titled(Text.of(descriptions), "description") if any(descriptions.values()) else {}


def _unit(type_: Type, vocabulary: Vocabulary) -> Text | None:
    match type_.kind:
        case Kind.MONEY:
            decimals = f", at most {type_.scale} decimals" if type_.scale else ", without decimals"
            return Text(f"In {vocabulary.currency}{decimals}.", f"单位：{vocabulary.currency}。")
        case Kind.RATE:
            return Text("A share: 0.05 is 5%.", "比率：0.05 即 5%。")
        case Kind.DAYS:
            return Text("In days.", "单位：天。")
        case Kind.MONTHS:
            return Text("In months.", "单位：月。")
        case Kind.DATE if type_.future is Future.REFUSED:
            return Text("Not after the day of the decision.", "不得晚于决策日。")
        case Kind.DATE if type_.future is Future.UNKNOWN:
            return Text("After the day of the decision it counts as missing.", "晚于决策日时视为缺失。")
        case Kind.PERSON:
            return Text("Compared without regard to case, width and blanks.", "比较时不区分大小写、全角半角和空格。")
        case Kind.ENUM if type_.titles:
            return Text.of((language, _members(type_, language)) for language in vocabulary.languages)
        case _:
            return None


def _members(type_: Type, language: str) -> str:
    """The words of an enum with their titles: `open: open account; lc: letter of credit.`"""
    colon, comma, stop = ("：", "；", "。") if language == "zh" else (": ", "; ", ".")
    return comma.join(f"{word}{colon}{title[language]}" for word, title in type_.titles) + stop


def _value(type_: Type) -> Schema:
    match type_.kind:
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            unit = 10**type_.scale
            bounds = {"minimum": -(-type_.low // unit), "maximum": type_.high // unit}
            return {"type": ["string", "integer"], "pattern": _decimal_pattern(type_), **bounds}
        case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            return {"type": "integer", "minimum": type_.low, "maximum": type_.high}
        case Kind.DATE:
            return {"type": "string", "format": "date", "pattern": DATE_PATTERN}
        case Kind.ENUM:
            return {"type": "string", "enum": list(type_.members)}
        case Kind.YES_NO:
            return {"type": "boolean"}
        case Kind.LIST:
            return {"type": "array", "maxItems": type_.high, "items": _record(type_)}
        case Kind.TEXT:
            return {"type": "string", "maxLength": TEXT_LENGTH_MAX, "pattern": _NO_BLANK_AROUND}
        case Kind.PERSON:
            return {"type": "string", "maxLength": TEXT_LENGTH_MAX, "pattern": _NOT_BLANK}


def _record(type_: Type) -> Schema:
    """One record of a list; null is the same as leaving out a value that isn't required."""
    values = {
        field.name: {**_titled(field.title), **_nullable(_value(field.type), required=field.required)}
        for field in type_.fields
    }
    required = [field.name for field in type_.fields if field.required]
    return {
        "type": "object",
        "properties": values,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _titled(title: Text | None) -> Schema:
    return {"title": title.en, "x-title-zh": title.zh} if title else {}


def _nullable(schema: Schema, *, required: bool) -> Schema:
    """The schema of a value that may be null too, unless it is required."""
    if required:
        return schema
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **words, "type": [*types_of(schema), "null"]}


def _decimal_pattern(type_: Type) -> str:
    r"""Decimal text with as many digits as the type's bounds can have, and any zeros behind them.

    An amount of 0 to 250 with cents gives `-?0(\.0{1,38})?` for zero and `(0|[1-9][0-9]{0,2})(\.[0-9]{1,2}0{0,36})?`
    for the rest.
    """
    zeros = rf"(\.0{{1,{DECIMALS_READ}}})?"
    decimals = rf"(\.[0-9]{{1,{type_.scale}}}0{{0,{DECIMALS_READ - type_.scale}}})?" if type_.scale else zeros
    sides = [f"-?0{zeros}"]
    if type_.high > 0:
        sides.append(f"{_whole_pattern(type_.high, type_.scale)}{decimals}")
    if type_.low < 0:
        sides.append(f"-{_whole_pattern(-type_.low, type_.scale)}{decimals}")
    return f"^({'|'.join(sides)})$"


def _whole_pattern(bound: int, scale: int) -> str:
    digits = min(len(str(bound // 10**scale)), 18)
    return f"(0|[1-9][0-9]{{0,{digits - 1}}})"
