"""JSON Schema (2020-12) of the files that policy editors write: a policy, a site's facts, the tests of policies.

They let an editor complete keys and underline what can't be right. `credence check` remains the judge, since much of a
policy (FEEL, names, two places that must agree) is beyond a schema. A test holds the schemas against the readers: they
accept what a reader accepts, and refuse most of its mistakes. The schemas of requests are in `request_schemas`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.reading.document import END_MARK
from engine.reading.fields import FACT_GROUPS, NAME_LENGTH_MAX, RESERVED
from engine.reading.policy import HitPolicy
from engine.reading.request_schemas import DATE_PATTERN, Schema, fact_schema, local_name, types_of
from engine.reading.rule_definitions import CONDITIONAL_OUTCOMES
from engine.reading.vocabulary_file import SITE_KEYS_REQUIRED
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.vocabulary import Fact, Future, Kind, Vocabulary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of JSON Schema that all of them are written in, for `$schema`."""

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
ID_PATTERN = "^[a-z][a-z0-9_-]*$"
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
CURRENCY: Schema = {"enum": sorted(MINOR_UNITS), "description": "ISO 4217, such as EUR."}
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


# --- a policy --------------------------------------------------------------------------------------------------------


def policy_schema() -> Schema:
    """The schema of a policy file, `rules/*.yaml`. The same for every site, since it names no facts."""
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
    """An object with these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _named(definition: str, names: Schema = _NAMES) -> Schema:
    """An object whose keys the author chooses, each holding what `$defs` calls `definition`."""
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": names,
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
    }


def _tests() -> Schema:
    """A cell of a table or a band: what YAML can hold there. Whether it is FEEL no schema can say."""
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
    """What holds for rules of policies that decide `kind`: its outcomes, its cautious outcome, conditions for orders
    alone.
    """
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


# --- a site's facts --------------------------------------------------------------------------------------------------


def facts_file_schema() -> Schema:
    """The schema of a site's `rules/facts.yaml`: currency, list of policies, and facts of its own."""
    bound = {"type": ["number", "string"], "description": "Inclusive."}
    fact = _record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": _MEMBERS,
            "title": _TEXT,
            "note": {**_TEXT, "description": "What it means, and what leaving it out means."},
            "required": {"type": "boolean", "default": False},
            "future": {
                "enum": [word.value for word in Future],
                "description": "Of a date that tells of the past: whether one after the day of the decision is refused "
                "or counts as missing. Left out, such a date is like any other.",
            },
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
                "currency": CURRENCY,
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


# --- policy tests ----------------------------------------------------------------------------------------------------


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
            "test": _policy_test(date_),
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
    types = {*types_of(schema), "null"}
    if "string" in types and not fact.type.kind.is_text:
        types.add("number")
    kept: Mapping[str, Any] = {
        key: schema[key]
        for key in ("title", "x-title-zh", "description", "x-description-zh", "examples")
        if key in schema
    }
    members = {"enum": [*fact.type.members, None]} if fact.type.kind is Kind.ENUM else {}
    return {**kept, "type": sorted(types - {"integer"} if "number" in types else types), **members}


def _policy_test(date_: Schema) -> Schema:
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
    """Which outcomes tests of a case kind can expect."""
    outcome = {"properties": {"expect": {"properties": {"outcome": {"enum": list(ladder)}}}}}
    return {
        "if": {"properties": {"case_kind": {"const": case_kind}}, "required": ["case_kind"]},
        "then": {"properties": {"tests": {"additionalProperties": outcome}}},
    }
