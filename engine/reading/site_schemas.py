"""JSON Schema (2020-12) of a site's `facts.yaml`. Its parts that policies have too are in `file_schemas`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.reading.fields import FACT_GROUPS, NAME_LENGTH_MAX, RESERVED
from engine.reading.file_schemas import (
    CURRENCY,
    DIALECT,
    ENDS,
    MEMBERS,
    NAMES,
    TEXT,
    TITLED_WORDS,
    WORDS,
    record,
    text_schema,
    type_schema,
)
from engine.reading.request_schemas import Schema
from engine.reading.vocabulary_file import SITE_KEYS_REQUIRED
from engine.vocabulary.actions import STANDARD_ACTIONS
from engine.vocabulary.days import UTC_NAME
from engine.vocabulary.languages import LANGUAGE_NAMES, LANGUAGES_MAX, OWN_LANGUAGES
from engine.vocabulary.vocabulary import (
    OWN_WORDS,
    RATE_DAYS_MAX,
    RATE_DAYS_USUAL,
    RECORDS_MAX,
    RECORDS_USUAL,
    Future,
    Kind,
    Vocabulary,
)


def facts_file_schema(vocabulary: Vocabulary) -> Schema:
    """The schema of a site's `rules/facts.yaml`: currency, languages, list of policies, facts of its own, and titles of
    what is in `vocabulary`."""
    bound = {"type": ["number", "string"], "description": "Inclusive."}
    fact = _own_fact(bound)
    listed = _listed_fact(bound)
    is_list = {"properties": {"type": {"const": Kind.LIST.value}}, "required": ["type"]}
    reserved = "|".join(sorted(word for word in RESERVED))
    names = f"^({'|'.join(FACT_GROUPS)})\\.(?!({reserved})$)[a-z][a-z0-9_]*$"
    return {
        "$schema": DIALECT,
        "title": "A site's facts",
        "description": "Currency, languages, time zone, list of policies, facts and titles of the site's own. " + ENDS,
        **record(
            {
                "currency": CURRENCY,
                "languages": {
                    "type": "array",
                    "items": {"enum": sorted(LANGUAGE_NAMES)},
                    "minItems": 1,
                    "maxItems": LANGUAGES_MAX,
                    "uniqueItems": True,
                    "default": list(OWN_LANGUAGES),
                    "description": "Of all texts, by ISO 639-1 code; readers of other languages get the first.",
                },
                "site": _site(),
                "policies": {
                    "type": "array",
                    "items": {"type": "string", **NAMES},
                    "minItems": 1,
                    "uniqueItems": True,
                    "description": "Every policy of this folder by its name; one that is missing is a mistake.",
                },
                "facts": {
                    "type": "object",
                    "propertyNames": {"pattern": names, "maxLength": NAME_LENGTH_MAX},
                    "additionalProperties": {"if": is_list, "then": listed, "else": _of_the_site(fact)},
                },
                "actions": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {**NAMES, "not": {"enum": sorted({*RESERVED, *STANDARD_ACTIONS})}},
                    "additionalProperties": TEXT,
                    "description": "What the site's rules may ask people to do beyond the standard actions, by word.",
                },
                "titles": _site_titles(vocabulary),
            },
            SITE_KEYS_REQUIRED,
        ),
        "$defs": {
            "text": text_schema(vocabulary.languages),
            "title": text_schema(vocabulary.languages, all_listed=False),
            "type": type_schema(),
            "members": {"anyOf": [WORDS, TITLED_WORDS]},
        },
    }


def _site_titles(vocabulary: Vocabulary) -> Schema:
    """What a site calls things. Its own facts may be among them, which a schema made before them doesn't name."""
    enums = {name: fact.type.members for name, fact in vocabulary.facts.items() if fact.type.kind is Kind.ENUM}
    members = {"type": "object", "properties": {name: _titled(words) for name, words in enums.items()}}
    return {
        "description": "What readers see, where the site calls it otherwise; names stay. Some languages are enough.",
        **record(
            {
                "outcomes": {**_titled(vocabulary.outcome_titles), "additionalProperties": False},
                "facts": _titled(vocabulary.facts),
                "members": {**members, "minProperties": 1, "description": "Of facts that are enums."},
                "actions": _titled(vocabulary.actions),
                "words": {**_titled(OWN_WORDS), "additionalProperties": False},
            }
        ),
    }


def _titled(names: Iterable[str]) -> Schema:
    title = {"$ref": "#/$defs/title"}
    return {"type": "object", "properties": dict.fromkeys(names, title), "minProperties": 1}


def _of_the_site(fact: Schema) -> Schema:
    """A fact of the site's own, or words that it adds to a standard enum."""
    more = record({"members": {**MEMBERS, "description": "Words added to a standard enum."}}, ("members",))
    own = {"anyOf": [{"required": ["type"]}, {"required": ["title"]}]}
    return {"if": {"required": ["members"], "not": own}, "then": more, "else": fact}


def _site() -> Schema:
    """What a site says of its days and of the rates that it takes."""
    return record(
        {
            "timezone": {
                "type": "string",
                "default": UTC_NAME,
                "examples": ["Europe/Berlin", "Asia/Shanghai"],
                "description": "Whose days count: its name in the IANA database.",
            },
            "rate_days": {
                "type": "integer",
                "minimum": 0,
                "maximum": RATE_DAYS_MAX,
                "default": RATE_DAYS_USUAL,
                "description": "Days that the rate of another currency may be older than the decision.",
            },
        }
    )


_FUTURE: Schema = {
    "enum": [word.value for word in Future],
    "description": "Of a date that tells of the past: whether one after the day of the decision is refused or counts "
    "as missing. Left out, such a date is like any other.",
}

_FLAGS: Schema = {
    "confidential": {
        "type": "boolean",
        "default": False,
        "description": "Whether it says of a customer what not everybody who enters orders may see.",
    },
    "personal": {"type": "boolean", "default": False, "description": "Whether it names somebody."},
}
"""The journal keeps such a fact as a part of its own."""


def _own_fact(bound: Schema) -> Schema:
    """A fact with single values."""
    return record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": MEMBERS,
            "title": TEXT,
            "note": {**TEXT, "description": "What it means, and what leaving it out means."},
            "required": {"type": "boolean", "default": False},
            "future": _FUTURE,
            "minimum": bound,
            "maximum": bound,
            "total": {
                "type": "boolean",
                "default": False,
                "description": "Of money: it adds up amounts of many customers, and may be larger than one amount.",
            },
            **_FLAGS,
            "example": {"type": ["number", "string", "boolean"], "description": "As it stands in a request."},
        },
        ("type", "title"),
    )


def _listed_fact(bound: Schema) -> Schema:
    """A fact that is a list of records."""
    return record(
        {
            "type": {"const": Kind.LIST.value},
            "of": {
                "description": "What each record holds: `{amount: money, due: date}`.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {**NAMES, "not": {"enum": sorted({*RESERVED, "item"})}},
                "additionalProperties": {"anyOf": [{"$ref": "#/$defs/type"}, _record_value(bound)]},
            },
            "at_most": {
                "type": "integer",
                "minimum": 1,
                "maximum": RECORDS_MAX,
                "default": RECORDS_USUAL,
                "description": "The most records that a case may have.",
            },
            "title": TEXT,
            "note": {**TEXT, "description": "What it means, and what leaving it out means."},
            "required": {"type": "boolean", "default": False},
            **_FLAGS,
            "example": {"type": "array", "description": "As it stands in a request.", "items": {"type": "object"}},
        },
        ("type", "of", "title"),
    )


def _record_value(bound: Schema) -> Schema:
    """A value of a list's records that says more than its type."""
    return record(
        {
            "type": {"$ref": "#/$defs/type"},
            "members": MEMBERS,
            "minimum": bound,
            "maximum": bound,
            "title": TEXT,
            "required": {"type": "boolean", "default": False},
            "future": _FUTURE,
        },
        ("type",),
    )
