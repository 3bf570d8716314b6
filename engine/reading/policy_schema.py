"""JSON Schema (2020-12) of the files a policy editor writes: a policy and a site's facts. Part of `schema`."""

from __future__ import annotations

from typing import Any

from engine.reading.document import END_MARK
from engine.reading.fields import FACT_GROUPS, NAME_LENGTH_MAX, RESERVED
from engine.reading.policy import HitPolicy
from engine.reading.rule_definitions import CONDITIONAL_OUTCOMES
from engine.reading.vocabulary_file import SITE_KEYS_REQUIRED
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.vocabulary import Kind

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME_PATTERN = "^[a-z][a-z0-9_]*$"
ID_PATTERN = "^[a-z][a-z0-9_-]*$"
DATE_PATTERN = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
TYPE_WORDS = [kind.value for kind in Kind]

ENDS = f"The file ends with `{END_MARK}` on a line of its own. See docs/policy-language.md."
"""No schema can ask for it: to YAML the mark is no part of what it ends."""

BILINGUAL: Schema = {
    "title": "A text in both languages",
    "type": "object",
    "required": ["en", "zh"],
    "additionalProperties": False,
    "properties": {
        "en": {"type": ["string", "number", "boolean"], "pattern": r"\S", "description": "The English text."},
        "zh": {"type": ["string", "number", "boolean"], "pattern": r"\S", "description": "The Chinese text, 中文."},
    },
}
_TEXT = {"$ref": "#/$defs/text"}
_FEEL = {"$ref": "#/$defs/feel"}
_NAMES: Schema = {"pattern": NAME_PATTERN, "maxLength": NAME_LENGTH_MAX, "not": {"enum": sorted(RESERVED)}}
_IDS: Schema = {"pattern": ID_PATTERN, "maxLength": NAME_LENGTH_MAX}
_LITERAL: Schema = {"type": ["number", "string", "boolean"], "pattern": r"\S"}
_WORDS: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": r"\S"},
    "minItems": 1,
    "uniqueItems": True,
    "description": "An enum's words.",
}
_TITLED_WORDS: Schema = {
    "type": "object",
    "propertyNames": {"pattern": r"\S"},
    "minProperties": 1,
    "additionalProperties": {"anyOf": [_TEXT, {"type": "null"}]},
    "description": "What readers see for each word: `{word: {en: …, zh: …}}`; nothing for the word itself.",
}
_MEMBERS = {"$ref": "#/$defs/members"}
_DATED: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": DATE_PATTERN},
    "additionalProperties": _LITERAL,
    "description": "Values by the date from which each is in force, in ascending order.",
}


def policy_schema() -> Schema:
    """Of a policy file, `rules/*.yaml`."""
    return {
        "$schema": DIALECT,
        "title": "A credit policy",
        "description": "Conditions and formulas are FEEL. " + ENDS,
        **_record(
            {
                "policy": {"type": "string", **_NAMES, "description": "The name other policies use, `name.value`."},
                "title": _TEXT,
                "decides": {"enum": list(CASE_KINDS), "description": "The kind of case this policy speaks about."},
                "parameters": {**_named("parameter"), "description": "Dated constants, such as limits and tolerances."},
                "values": {**_named("value"), "description": "Named formulas."},
                "scorecard": {"$ref": "#/$defs/scorecard"},
                "table": {"$ref": "#/$defs/table"},
                "tables": {**_named("table", _IDS), "description": "Several decision tables by name."},
                "rules": {**_named("rule", _IDS), "description": "Every rule that fires is a reason."},
            },
            ("policy", "title", "decides"),
        ),
        "anyOf": [{"required": [key]} for key in ("parameters", "values", "scorecard", "table", "tables", "rules")],
        "not": {"required": ["table", "tables"]},
        "allOf": [_of_kind(kind) for kind in CASE_KINDS.values()],
        "$defs": {
            "text": BILINGUAL,
            "feel": {
                "type": ["string", "number", "boolean"],
                "pattern": r"\S",
                "description": "A FEEL expression. Quote it when it holds `: ` or ` #`, or starts with a YAML sign.",
            },
            "tests": _tests(),
            "type": _type(),
            "members": {"anyOf": [_WORDS, _TITLED_WORDS]},
            "parameter": _parameter(),
            "value": _value(),
            "scorecard": _scorecard(),
            "table": _table(),
            "rule": _rule(),
        },
    }


def _record(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def _named(definition: str, names: Schema = _NAMES) -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": names,
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
    }


def _tests() -> Schema:
    test = {"type": ["string", "number", "boolean", "null"], "pattern": r"\S"}
    return {
        "description": 'A FEEL unary test: "> 30", "[8..15]", a plain value, null for missing, `-` for any; or a list.',
        "anyOf": [test, {"type": "array", "items": test, "minItems": 1}],
    }


def _type() -> Schema:
    word = {"enum": TYPE_WORDS}
    return {
        "description": "money, rate (0.05 is 5%), number, integer, days, months, date, enum, text or yes/no.",
        "anyOf": [word, _record({"type": word, "members": _MEMBERS}, ("type",))],
    }


def _parameter() -> Schema:
    long = _record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": _MEMBERS,
            "title": _TEXT,
            "note": {**_TEXT, "description": "Where the number comes from."},
            "value": {"anyOf": [_LITERAL, _DATED], "description": "The value for always."},
            "values": _DATED,
        }
    )
    return {"anyOf": [_LITERAL, _DATED, long | {"oneOf": [{"required": ["value"]}, {"required": ["values"]}]}]}


def _value() -> Schema:
    fields = {"formula": _FEEL, "type": {"$ref": "#/$defs/type"}, "members": _MEMBERS, "title": _TEXT}
    return {"anyOf": [_FEEL, _record(fields, ("formula",))]}


def _scorecard() -> Schema:
    bands = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "number"},
        "description": "Points by unary test; the band `null` says what a missing input earns.",
    }
    criterion = _record({"title": _TEXT, "input": _FEEL, "bands": bands}, ("input", "bands"))
    criteria = {"type": "object", "minProperties": 1, "propertyNames": _NAMES, "additionalProperties": criterion}
    total = {"type": "string", **_NAMES, "description": "The name of the sum of all points."}
    return _record({"total": total, "criteria": criteria}, ("total", "criteria"))


def _table() -> Schema:
    output = _record({"type": {"$ref": "#/$defs/type"}, "members": _MEMBERS, "title": _TEXT, "order": _WORDS})
    content = {"type": ["string", "number", "boolean", "null"], "pattern": r"\S"}
    then = {"type": "object", "minProperties": 1, "propertyNames": _NAMES, "additionalProperties": content}
    row = _record(
        {
            "id": {"type": "string", **_IDS},
            "when": {"type": "object", "additionalProperties": {"$ref": "#/$defs/tests"}},
            "then": {**then, "description": "Outputs: a number, a word, or a formula written `= formula`."},
        },
        ("when", "then"),
    )
    outputs = {"type": "object", "minProperties": 1, "propertyNames": _NAMES}
    return _record(
        {
            "hit": {"enum": [hit.value for hit in HitPolicy], "default": "unique", "description": "DMN's hit policy."},
            "outputs": {**outputs, "additionalProperties": {"anyOf": [{"enum": TYPE_WORDS}, output]}},
            "rows": {"type": "array", "items": row, "minItems": 1},
        },
        ("rows",),
    )


def _rule() -> Schema:
    conditions = {"type": "object", "minProperties": 1, "propertyNames": _NAMES, "additionalProperties": _FEEL}
    condition = {"type": ["string", "boolean"], "pattern": r"\S"}
    rule = _record(
        {
            "title": _TEXT,
            "when": {
                "description": "A FEEL condition, or a list of conditions that must all hold.",
                "anyOf": [condition, {"type": "array", "items": condition, "minItems": 1}],
            },
            "then": {"type": "string", "description": "The outcome."},
            "if_missing": {"type": "string", "description": "What follows when the condition can't be worked out."},
            "reason": {**_TEXT, "description": "Why, with the numbers: `{…}` holds FEEL."},
            "remedy": {**_TEXT, "description": "What would make it pass."},
            "conditions": {**conditions, "description": "What the customer must bring, by name."},
        },
        ("when", "then", "reason"),
    )
    return rule | _conditions_need(CONDITIONAL_OUTCOMES)


def _conditions_need(outcomes: tuple[str, ...]) -> Schema:
    return {"dependentSchemas": {"conditions": {"properties": {"then": {"enum": list(outcomes)}}}}}


def _of_kind(kind: CaseKind) -> Schema:
    fields: Schema = {"then": {"enum": list(kind.ladder)}, "if_missing": {"enum": ["ignore", kind.caution]}}
    rule: Schema = {"properties": fields}
    if not kind.conditional_outcomes:
        fields["conditions"] = False
    elif kind.conditional_outcomes != CONDITIONAL_OUTCOMES:
        rule |= _conditions_need(kind.conditional_outcomes)
    return {
        "if": {"properties": {"decides": {"const": kind.name}}, "required": ["decides"]},
        "then": {"properties": {"rules": {"additionalProperties": rule}}},
    }


def facts_file_schema() -> Schema:
    """Of a site's `rules/facts.yaml`."""
    bound = {"type": ["number", "string"], "description": "Inclusive."}
    fact = _record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": _MEMBERS,
            "title": _TEXT,
            "note": {**_TEXT, "description": "What it means, and what leaving it out means."},
            "required": {"type": "boolean", "default": False},
            "minimum": bound,
            "maximum": bound,
            "example": {"type": ["number", "string", "boolean"], "description": "As it stands in a request."},
        },
        ("type", "title"),
    )
    reserved = "|".join(sorted(word for word in RESERVED))
    names = f"^({'|'.join(FACT_GROUPS)})\\.(?!({reserved})$)[a-z][a-z0-9_]*$"
    return {
        "$schema": DIALECT,
        "title": "A site's facts",
        "description": "The currency of all amounts, the list of policies, and facts of the site's own. " + ENDS,
        **_record(
            {
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217, such as EUR."},
                "policies": {
                    "type": "array",
                    "items": {"type": "string", **_NAMES},
                    "minItems": 1,
                    "uniqueItems": True,
                    "description": "Every policy of this folder by its name; one that is missing is a mistake.",
                },
                "facts": {
                    "type": "object",
                    "propertyNames": {"pattern": names, "maxLength": NAME_LENGTH_MAX},
                    "additionalProperties": fact,
                },
            },
            SITE_KEYS_REQUIRED,
        ),
        "$defs": {"text": BILINGUAL, "type": _type(), "members": {"anyOf": [_WORDS, _TITLED_WORDS]}},
    }
