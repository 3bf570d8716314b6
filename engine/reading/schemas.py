"""JSON Schema (2020-12) of a request's facts and of the files that policy editors write.

A request's schema says all of what binding (binding.py) accepts that a schema can say. The files' schemas let an
editor complete and underline; `credence check` remains the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.reading.policy_schema import BILINGUAL, DATE_PATTERN, DIALECT, ID_PATTERN, facts_file_schema, policy_schema
from engine.vocabulary.binding import TEXT_LENGTH_MAX
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary

Schema = dict[str, Any]

__all__ = ["cases_schema", "fact_schema", "facts_file_schema", "facts_schema", "policy_schema"]

_CONTROL = "\\u0000-\\u001f\\u007f-\\u009f"
_NOT_BLANK = f"^[^{_CONTROL}]*[^\\s{_CONTROL}][^{_CONTROL}]*$"


# --- a request's facts -----------------------------------------------------------------------------------------------


def facts_schema(vocabulary: Vocabulary, case: str) -> Schema:
    """The facts of one case: an object per group, such as `{"order": {…}, "account": {…}}`."""
    kind = CASE_KINDS[case]
    groups: dict[str, Schema] = {}
    for group in kind.groups:
        groups[group] = _group(vocabulary, group, [fact for fact in vocabulary.of_case(case) if fact.group == group])
    return {
        "type": "object",
        "title": f"Facts of one {kind.title.en}",
        "x-title-zh": f"{kind.title.zh}的事实",
        "description": f"Amounts are in {vocabulary.currency}. What is left out or null counts as missing.",
        "properties": groups,
        "required": [group for group, schema in groups.items() if "required" in schema],
        "additionalProperties": False,
    }


def _group(vocabulary: Vocabulary, group: str, facts: list[Fact]) -> Schema:
    required = [_key(fact) for fact in facts if fact.required]
    title = CASE_KINDS[group].title
    return {
        "type": "object" if required else ["object", "null"],
        "title": f"Facts about the {title.en}",
        "x-title-zh": f"{title.zh}的事实",
        "properties": {_key(fact): fact_schema(fact, vocabulary) for fact in facts},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _key(fact: Fact) -> str:
    return fact.name.partition(".")[2]


def fact_schema(fact: Fact, vocabulary: Vocabulary) -> Schema:
    """One fact as a request carries it; null is the same as leaving out a fact that isn't required."""
    schema = _value(fact.type)
    if not fact.required:
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        schema["type"] = [*_listed(schema["type"]), "null"]
    return {"title": fact.title.en, "x-title-zh": fact.title.zh, **_described(fact, vocabulary), **schema} | {
        "examples": [fact.example]
    }


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _described(fact: Fact, vocabulary: Vocabulary) -> Schema:
    unit = _unit(fact.type, vocabulary)
    said = " ".join(part for part in (fact.note.en if fact.note else "", unit[0]) if part)
    said_zh = "".join(part for part in (fact.note.zh if fact.note else "", unit[1]) if part)
    return {"description": said, "x-description-zh": said_zh} if said else {}


def _unit(type_: Type, vocabulary: Vocabulary) -> tuple[str, str]:
    match type_.kind:
        case Kind.MONEY:
            decimals = f", at most {type_.scale} decimals" if type_.scale else ", without decimals"
            return f"In {vocabulary.currency}{decimals}.", f"单位：{vocabulary.currency}。"
        case Kind.RATE:
            return "A share: 0.05 is 5%.", "比率：0.05 即 5%。"
        case Kind.DAYS:
            return "In days.", "单位：天。"
        case Kind.MONTHS:
            return "In months.", "单位：月。"
        case Kind.ENUM if type_.titles:
            en = "; ".join(f"{word}: {title.en}" for word, title in type_.titles)
            zh = "；".join(f"{word}：{title.zh}" for word, title in type_.titles)
            return f"{en}.", f"{zh}。"
        case _:
            return "", ""


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
        case Kind.TEXT:
            return {"type": "string", "maxLength": TEXT_LENGTH_MAX, "pattern": _NOT_BLANK}


def _decimal_pattern(type_: Type) -> str:
    """Decimal text with as many digits as the type's bounds can have."""
    decimals = rf"(\.[0-9]{{1,{type_.scale}}})?" if type_.scale else ""
    zero = rf"-?0(\.0{{1,{type_.scale}}})?" if type_.scale else "-?0"
    sides = [zero]
    if type_.high > 0:
        sides.append(f"{_whole_pattern(type_.high, type_.scale)}{decimals}")
    if type_.low < 0:
        sides.append(f"-{_whole_pattern(-type_.low, type_.scale)}{decimals}")
    return f"^({'|'.join(sides)})$"


def _whole_pattern(bound: int, scale: int) -> str:
    digits = min(len(str(bound // 10**scale)), 18)
    return f"(0|[1-9][0-9]{{0,{digits - 1}}})"


# --- policy tests ----------------------------------------------------------------------------------------------------


def cases_schema(vocabulary: Vocabulary) -> Schema:
    """Of a file of policy tests, `rules/cases/*.yaml`."""
    date_ = {"type": "string", "pattern": DATE_PATTERN, "description": "The date of the decision."}
    return {
        "$schema": DIALECT,
        "title": "Policy tests",
        "description": "Cases with the outcome and the reasons that the policies must give; run by `credence test`.",
        "type": "object",
        "required": ["cases", "case_kind", "tests"],
        "additionalProperties": False,
        "properties": {
            "cases": {"type": "string", "pattern": ID_PATTERN, "description": "The name of this suite."},
            "case_kind": {"enum": list(CASE_KINDS), "description": "What each test decides."},
            "as_of": date_,
            "fixtures": {
                "type": "object",
                "description": "Facts that several tests share, by name.",
                "minProperties": 1,
                "propertyNames": {"pattern": ID_PATTERN},
                "additionalProperties": {"$ref": "#/$defs/facts"},
            },
            "tests": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": ID_PATTERN},
                "additionalProperties": {"$ref": "#/$defs/test"},
            },
        },
        "$defs": {
            "text": BILINGUAL,
            "facts": _case_facts(vocabulary),
            "test": _test(date_),
            "expect": _expect(),
            "result": {"type": ["string", "number", "boolean", "null", "array"]},
        },
        "allOf": [_ladder_of(kind.name, kind.ladder) for kind in CASE_KINDS.values()],
    }


def _case_facts(vocabulary: Vocabulary) -> Schema:
    groups: dict[str, dict[str, Schema]] = {}
    for fact in vocabulary.facts.values():
        groups.setdefault(fact.group, {})[_key(fact)] = _case_fact(fact, vocabulary)
    return {
        "type": "object",
        "description": "Facts by group; null stands for a missing fact.",
        "additionalProperties": False,
        "properties": {
            group: {"type": "object", "properties": properties, "additionalProperties": False}
            for group, properties in groups.items()
        },
    }


def _case_fact(fact: Fact, vocabulary: Vocabulary) -> Schema:
    """YAML's plain numbers are welcome where a request carries text, so only the kind of value is said."""
    schema = fact_schema(fact, vocabulary)
    types = {*_listed(schema["type"]), "null"}
    if "string" in types:
        types.add("number")
    kept: Mapping[str, Any] = {
        key: schema[key]
        for key in ("title", "x-title-zh", "description", "x-description-zh", "examples")
        if key in schema
    }
    members = {"enum": [*fact.type.members, None]} if fact.type.kind is Kind.ENUM else {}
    return {**kept, "type": sorted(types - {"integer"} if "number" in types else types), **members}


def _test(date_: Schema) -> Schema:
    fixture = {"type": "string", "pattern": ID_PATTERN}
    return {
        "type": "object",
        "required": ["expect"],
        "additionalProperties": False,
        "properties": {
            "title": {"$ref": "#/$defs/text"},
            "use": {
                "description": "A fixture, or several; later ones override earlier ones.",
                "anyOf": [fixture, {"type": "array", "items": fixture, "minItems": 1}],
            },
            "facts": {"$ref": "#/$defs/facts"},
            "as_of": date_,
            "expect": {"$ref": "#/$defs/expect"},
        },
    }


def _expect() -> Schema:
    ids = {"type": "array", "items": {"type": "string"}}
    values = {"type": "object", "additionalProperties": {"$ref": "#/$defs/result"}}
    return {
        "type": "object",
        "required": ["outcome", "reasons"],
        "additionalProperties": False,
        "properties": {
            "outcome": {"enum": sorted({step for kind in CASE_KINDS.values() for step in kind.ladder})},
            "reasons": {**ids, "description": "The ids of exactly the rules that give a reason, in any order."},
            "undetermined": {**ids, "description": "Exactly what could not be worked out."},
            "results": {**values, "description": "Some of the results, such as `grading.grade: A`."},
            "conditions": {**values, "description": "Exactly the conditions, such as `deposit: 300`."},
        },
    }


def _ladder_of(case_kind: str, ladder: tuple[str, ...]) -> Schema:
    outcome = {"properties": {"expect": {"properties": {"outcome": {"enum": list(ladder)}}}}}
    return {
        "if": {"properties": {"case_kind": {"const": case_kind}}, "required": ["case_kind"]},
        "then": {"properties": {"tests": {"additionalProperties": outcome}}},
    }
