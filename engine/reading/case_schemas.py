"""JSON Schema (2020-12) of files of policy tests, which speak of a site's facts. Beside `file_schemas`."""

from __future__ import annotations

from engine.reading.cases import ACTION_KEYS
from engine.reading.file_schemas import CURRENCY, DIALECT, ID_PATTERN, record, text_schema
from engine.reading.request_schemas import (
    DATE_PATTERN,
    Schema,
    about,
    currency_schemas,
    fact_schema,
    local_name,
    types_of,
)
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary


def cases_schema(vocabulary: Vocabulary) -> Schema:
    """The schema of a file of policy tests, `rules/cases/*.yaml`, with the facts of `vocabulary` by their groups.

    Facts are those of every kind of case: which of them a file may use depends on its `case_kind`, which the reader
    checks. The outcomes of a kind are checked here.
    """
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
            **_money(vocabulary.currency),
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
            "text": text_schema(vocabulary.languages),
            "facts": _case_facts(vocabulary),
            "test": _policy_test(date_, vocabulary.currency),
            "expect": _expect(),
            "result": {"type": ["string", "number", "boolean", "null", "array"]},
        },
        "allOf": [_ladder_of(kind.name, kind.ladder) for kind in CASE_KINDS.values()],
    }


def _case_facts(vocabulary: Vocabulary) -> Schema:
    groups: dict[str, dict[str, Schema]] = {}
    for fact in vocabulary.facts.values():
        groups.setdefault(fact.group, {})[local_name(fact)] = _case_fact(fact, vocabulary)
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
    """YAML's plain numbers are welcome where a request carries amounts as text, so only the kind of value is said."""
    schema = fact_schema(fact, vocabulary)
    if fact.type.kind is Kind.LIST:
        return _case_list(schema, fact.type)
    types = {*types_of(schema), "null"}
    if "string" in types and not fact.type.kind.is_text:
        types.add("number")
    kept = about(schema) | {"examples": schema["examples"]}
    members = {"enum": [*fact.type.members, None]} if fact.type.kind is Kind.ENUM else {}
    return {**kept, "type": sorted(types - {"integer"} if "number" in types else types), **members}


def _case_list(schema: Schema, type_: Type) -> Schema:
    value = {"type": ["string", "number", "boolean", "null"]}
    item = record({field.name: value for field in type_.fields}, _required_values(type_))
    return {**schema, "type": ["array", "null"], "items": item}


def _required_values(type_: Type) -> tuple[str, ...]:
    return tuple(field.name for field in type_.fields if field.required)


def _money(own: str) -> dict[str, Schema]:
    """In which currency amounts are, and what others are worth; a rate may stand without quotes."""
    schemas = currency_schemas(own)
    one = schemas["rates"]["items"]
    one["properties"]["rate"]["type"] = ["string", "number"]
    return {
        "currency": {**CURRENCY, "description": schemas["currency"]["description"]},
        "rates": {**schemas["rates"], "type": "array"},
    }


def _policy_test(date_: Schema, own: str) -> Schema:
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
            **_money(own),
            "expect": {"$ref": "#/$defs/expect"},
        },
    }


def _expect() -> Schema:
    ids = {"type": "array", "items": {"type": "string"}}
    result = {"$ref": "#/$defs/result"}
    values = {"type": "object", "additionalProperties": result}
    return {
        "type": "object",
        "required": ["outcome", "reasons"],
        "additionalProperties": False,
        "properties": {
            "outcome": {"enum": sorted({step for kind in CASE_KINDS.values() for step in kind.ladder})},
            "reasons": {**ids, "description": "The ids of exactly the rules that give a reason, in any order."},
            "waived": {**ids, "description": "Of these exactly the rules that an exception waives; none if left out."},
            "undetermined": {**ids, "description": "Exactly what could not be worked out."},
            "results": {**values, "description": "Some of the results, such as `grading.grade: A`."},
            "conditions": {**values, "description": "Exactly the conditions, such as `deposit: 300`."},
            "actions": {
                "type": "object",
                "additionalProperties": {"anyOf": [record(dict.fromkeys(ACTION_KEYS, result)), {"type": "null"}]},
                "description": "What is asked for, by the ids of exactly the rules that ask for it.",
            },
        },
    }


def _ladder_of(case_kind: str, ladder: tuple[str, ...]) -> Schema:
    """Which outcomes tests of a case kind can expect."""
    outcome = {"properties": {"expect": {"properties": {"outcome": {"enum": list(ladder)}}}}}
    return {
        "if": {"properties": {"case_kind": {"const": case_kind}}, "required": ["case_kind"]},
        "then": {"properties": {"tests": {"additionalProperties": outcome}}},
    }
