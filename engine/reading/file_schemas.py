"""JSON Schema (2020-12) of the files that policy editors write: a policy, a list, and parts that others have too.

They let an editor complete keys and underline what can't be right. `credence check` remains the judge, since much of a
policy (FEEL, names, two places that must agree) is beyond a schema. A test holds the schemas against the readers: they
accept what a reader accepts, and refuse most of its mistakes. The schemas of requests are in `request_schemas`.
"""

from __future__ import annotations

from engine.reading.document import END_MARK
from engine.reading.fields import NAME_LENGTH_MAX, RESERVED, SCALAR_KINDS
from engine.reading.list_parameter import ENTRIES_MAX, LIST, OF
from engine.reading.policy import HitPolicy
from engine.reading.request_schemas import DATE_PATTERN, Schema
from engine.reading.rule_definitions import CONDITIONAL_OUTCOMES
from engine.vocabulary.actions import STANDARD_ACTIONS
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.languages import LANGUAGE_NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of JSON Schema that all of them are written in, for `$schema`."""

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
ID_PATTERN = "^[a-z][a-z0-9_-]*$"
_CHAIN = r"^\s*[a-z][a-z0-9_]*(\s*<=?\s*[a-z][a-z0-9_]*)+\s*$"
TYPE_WORDS = [kind.value for kind in SCALAR_KINDS]

ENDS = f"The file ends with `{END_MARK}` on a line of its own. See docs/policy-language.md."
"""No schema can ask for it: to YAML the mark is no part of what it ends."""

CURRENCY: Schema = {"enum": sorted(MINOR_UNITS), "description": "ISO 4217, such as EUR."}
TEXT = {"$ref": "#/$defs/text"}
_FEEL = {"$ref": "#/$defs/feel"}
NAMES: Schema = {"pattern": NAME_PATTERN, "maxLength": NAME_LENGTH_MAX, "not": {"enum": sorted(RESERVED)}}
_IDS: Schema = {"pattern": ID_PATTERN, "maxLength": NAME_LENGTH_MAX}
_LITERAL: Schema = {"type": ["number", "string", "boolean"], "pattern": r"\S"}
WORDS: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": r"\S"},
    "minItems": 1,
    "uniqueItems": True,
    "description": "An enum's words.",
}
TITLED_WORDS: Schema = {
    "type": "object",
    "propertyNames": {"pattern": r"\S"},
    "minProperties": 1,
    "additionalProperties": {"anyOf": [TEXT, {"type": "null"}]},
    "description": "What readers see for each word: `{word: {en: …, zh: …}}`; nothing for the word itself.",
}
MEMBERS = {"$ref": "#/$defs/members"}
_BOUNDS: Schema = {
    "minimum": {"type": "number", "description": "The least number that may be written; of a rate 0 unless declared."},
    "maximum": {"type": "number", "description": "The greatest; of a rate 1, which is 100%, unless declared."},
}
_NAMED_FORMULA: Schema = {
    "formula": _FEEL,
    "type": {"$ref": "#/$defs/type"},
    "members": MEMBERS,
    **_BOUNDS,
    "title": TEXT,
}
_DATED: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": DATE_PATTERN},
    "additionalProperties": _LITERAL,
    "description": "Values by the date from which each is in force, in ascending order.",
}
_LIST: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": r"\S"},
    "maxItems": ENTRIES_MAX,
    "uniqueItems": True,
    "description": "The entries; none for a list in which nothing is.",
}
_DATED_LISTS: Schema = {**_DATED, "additionalProperties": _LIST}


# --- a policy --------------------------------------------------------------------------------------------------------


def text_schema(languages: tuple[str, ...], *, all_listed: bool = True) -> Schema:
    """A text in these languages; without `all_listed` in some of them. Others may stand beside them, and nobody is
    shown them. Where there is one language, a plain text is in that one."""
    content = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
    texts = {code: {**content, "description": f"The {LANGUAGE_NAMES[code]} text."} for code in languages}
    by_language: Schema = {
        "title": "A text in the site's languages",
        "type": "object",
        **({"required": list(languages)} if all_listed else {"minProperties": 1}),
        "properties": texts,
        "propertyNames": {"pattern": "^[a-z]{2}$"},
        "additionalProperties": content,
    }
    return {"anyOf": [content, by_language]} if len(languages) == 1 else by_language


def policy_schema(languages: tuple[str, ...]) -> Schema:
    """The schema of a policy file, `rules/*.yaml`, whose texts are in these languages. It names no facts."""
    return {
        "$schema": DIALECT,
        "title": "A credit policy",
        "description": "Conditions and formulas are FEEL. " + ENDS,
        **record(
            {
                "policy": {"type": "string", **NAMES, "description": "The name other policies use, `name.value`."},
                "title": TEXT,
                "decides": {"enum": list(CASE_KINDS), "description": "The kind of case this policy speaks about."},
                "parameters": {**_named("parameter"), "description": "Dated constants, such as limits and tolerances."},
                "values": {**_named("value"), "description": "Named formulas."},
                "scorecard": {"$ref": "#/$defs/scorecard"},
                "table": {"$ref": "#/$defs/table"},
                "tables": {**_named("table", _IDS), "description": "Several decision tables by name."},
                "rules": {**_named("rule", _IDS), "description": "Every rule that fires is a reason."},
                "ascending": {
                    "type": "array",
                    "items": {"type": "string", "pattern": _CHAIN},
                    "minItems": 1,
                    "description": "What must ascend, on every date and in every row: `email_days < call_days`.",
                },
            },
            ("policy", "title", "decides"),
        ),
        "anyOf": [{"required": [key]} for key in ("parameters", "values", "scorecard", "table", "tables", "rules")],
        "not": {"required": ["table", "tables"]},
        "allOf": [_of_kind(kind) for kind in CASE_KINDS.values()],
        "$defs": {
            "text": text_schema(languages),
            "feel": {
                "type": ["string", "number", "boolean"],
                "pattern": r"\S",
                "description": "A FEEL expression. Quote it when it holds `: ` or ` #`, or starts with a YAML sign.",
            },
            "tests": _tests(),
            "type": type_schema(),
            "members": {"anyOf": [WORDS, TITLED_WORDS]},
            "parameter": _parameter(),
            "value": _value(),
            "scorecard": _scorecard(),
            "table": _table(),
            "rule": _rule(),
        },
    }


def record(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    """An object with these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _named(definition: str, names: Schema = NAMES) -> Schema:
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


def type_schema() -> Schema:
    word = {"enum": TYPE_WORDS}
    return {
        "description": "money, rate (0.05 is 5%), number, integer, days, months, date, enum, text or yes/no.",
        "anyOf": [word, record({"type": word, "members": MEMBERS}, ("type",))],
    }


_FOR: Schema = {**CURRENCY, "description": "Of money: the currency in which the amounts were chosen."}
_COMMON = {"title": TEXT, "note": {**TEXT, "description": "Where the number comes from."}}
_LIST_KEYS = {
    "type": {"const": LIST, "description": "A list of words or days, such as country codes."},
    "of": {"enum": list(OF), "default": OF[0], "description": "What its entries are."},
    "members": MEMBERS,
    **_COMMON,
    "value": {"anyOf": [_LIST, _DATED_LISTS], "description": "The list for always."},
    "values": _DATED_LISTS,
}
_ONE_VALUE = {"oneOf": [{"required": ["value"]}, {"required": ["values"]}]}


def _parameter() -> Schema:
    plain = record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": MEMBERS,
            **_BOUNDS,
            "for": _FOR,
            **_COMMON,
            "value": {"anyOf": [_LITERAL, _DATED], "description": "The value for always."},
            "values": _DATED,
        }
    )
    listed = record(_LIST_KEYS, ("type",))
    return {"anyOf": [_LITERAL, _DATED, _LIST, _DATED_LISTS, plain | _ONE_VALUE, listed | _ONE_VALUE]}


def list_schema(languages: tuple[str, ...]) -> Schema:
    """The schema of a list in a file of its own, `rules/lists/NAME.yaml`, whose texts are in these languages."""
    return {
        "$schema": DIALECT,
        "title": "A list",
        "description": f"Words or days that policies read as `lists.NAME`. {ENDS}",
        **record(_LIST_KEYS),
        **_ONE_VALUE,
        "$defs": {"text": text_schema(languages), "members": {"anyOf": [WORDS, TITLED_WORDS]}},
    }


def _value() -> Schema:
    show = {"type": "boolean", "default": False, "description": "Whether decisions list it among their figures."}
    shown: Schema = {"properties": {"show": {"const": True}}, "required": ["show"]}
    long = record(_NAMED_FORMULA | {"show": show}, ("formula",)) | {"if": shown, "then": {"required": ["title"]}}
    return {"anyOf": [_FEEL, long]}


def _scorecard() -> Schema:
    bands = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "number"},
        "description": "Points by unary test; the band `null` says what a missing input earns.",
    }
    criterion = record({"title": TEXT, "input": _FEEL, "bands": bands}, ("input", "bands"))
    criteria = {"type": "object", "minProperties": 1, "propertyNames": NAMES, "additionalProperties": criterion}
    total = {"type": "string", **NAMES, "description": "The name of the sum of all points."}
    return record({"total": total, "criteria": criteria}, ("total", "criteria"))


def _table() -> Schema:
    output = record(
        {"type": {"$ref": "#/$defs/type"}, "members": MEMBERS, **_BOUNDS, "for": _FOR, "title": TEXT, "order": WORDS}
        | {"ascending": {"enum": [True, False, "strictly"], "description": "Whether it ascends from row to row."}}
    )
    content = {"type": ["string", "number", "boolean", "null"], "pattern": r"\S"}
    then = {"type": "object", "minProperties": 1, "propertyNames": NAMES, "additionalProperties": content}
    row = record(
        {
            "id": {"type": "string", **_IDS},
            "when": {"type": "object", "additionalProperties": {"$ref": "#/$defs/tests"}},
            "then": {**then, "description": "Outputs: a number, a word, or a formula written `= formula`."},
        },
        ("when", "then"),
    )
    outputs = {"type": "object", "minProperties": 1, "propertyNames": NAMES}
    return record(
        {
            "hit": {"enum": [hit.value for hit in HitPolicy], "default": "unique", "description": "DMN's hit policy."},
            "outputs": {**outputs, "additionalProperties": {"anyOf": [{"enum": TYPE_WORDS}, output]}},
            "rows": {"type": "array", "items": row, "minItems": 1},
        },
        ("rows",),
    )


def _rule() -> Schema:
    named = {"anyOf": [_FEEL, record(_NAMED_FORMULA, ("formula",))]}
    conditions = {"type": "object", "minProperties": 1, "propertyNames": NAMES, "additionalProperties": named}
    rule = record(
        {
            "title": TEXT,
            "when": when_schema(),
            "then": {"type": "string", "description": "The outcome."},
            "if_missing": {"type": "string", "description": "What follows when the condition can't be worked out."},
            "reason": {**TEXT, "description": "Why, with the numbers: `{…}` holds FEEL."},
            "remedy": {**TEXT, "description": "What would make it pass."},
            "conditions": {**conditions, "description": "What the customer must bring, by name."},
            "action": _action(),
            "waivable": {"type": "boolean", "default": True, "description": "Whether an exception may name the rule."},
        },
        ("when", "then", "reason"),
    )
    return rule | _conditions_need(CONDITIONAL_OUTCOMES)


def _action() -> Schema:
    word = {
        "type": "string",
        **NAMES,
        "examples": list(STANDARD_ACTIONS),
        "description": "One of the standard actions, or of those that `facts.yaml` declares.",
    }
    by = {**_FEEL, "description": "FEEL: the latest date."}
    amount = {**_FEEL, "description": "FEEL: how much it is about, an amount of money."}
    return {
        "description": "What somebody has to do when the rule fires.",
        "anyOf": [word, record({"do": word, "by": by, "amount": amount}, ("do",))],
    }


def when_schema() -> Schema:
    condition = {"type": ["string", "boolean"], "pattern": r"\S"}
    return {
        "description": "A FEEL condition, or a list of conditions that must all hold.",
        "anyOf": [condition, {"type": "array", "items": condition, "minItems": 1}],
    }


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
