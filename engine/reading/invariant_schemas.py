"""JSON Schema (2020-12) of a site's invariants, `rules/invariants.yaml`. Beside `file_schemas`."""

from __future__ import annotations

from engine.reading.fields import NAME_LENGTH_MAX
from engine.reading.file_schemas import DIALECT, ENDS, ID_PATTERN, record, text_schema, when_schema
from engine.reading.invariants_file import (
    ANY_CHANGE,
    INVARIANT_KEYS_REQUIRED,
    INVARIANTS_MAX,
)
from engine.reading.request_schemas import Schema
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.invariant_words import CarryWord, ChangeWord, Claim, Level


def invariants_schema(languages: tuple[str, ...]) -> Schema:
    """The schema of a site's `rules/invariants.yaml`, whose texts are in these languages. It names no facts."""
    outcomes = list(dict.fromkeys(outcome for kind in CASE_KINDS.values() for outcome in kind.ladder))
    condition = when_schema()
    then = {
        "anyOf": [
            {"enum": list(Claim), "description": "What is said of the outcomes of several cases."},
            record({"outcome": {"enum": outcomes}}, ("outcome",)),
            record({"holds": condition}, ("holds",)),
        ],
        "description": "What holds of these cases: the least severe outcome, a condition, or how outcomes compare.",
    }
    change = {
        "anyOf": [
            {"const": ANY_CHANGE, "description": "Two cases with nothing in common."},
            {"type": "object", "minProperties": 1, "additionalProperties": {"enum": list(ChangeWord)}},
        ],
        "description": "What differs between two cases, by the fact's full name; all else is the same.",
    }
    carried = {"type": "object", "minProperties": 1, "additionalProperties": {"enum": list(CarryWord)}}
    split = record(
        {"amount": {"type": "string", "description": "The amount in two parts."}, "carried": carried}, ("amount",)
    )
    invariant = record(
        {
            "title": {"$ref": "#/$defs/text"},
            "why": {"$ref": "#/$defs/text"},
            "level": {
                "enum": list(Level),
                "description": "must: nothing is put into force without it. goal: reported.",
            },
            "case": {"enum": list(CASE_KINDS), "description": "Of which kind of case it speaks."},
            "given": {**condition, "description": "Of which cases it speaks: FEEL, names are full names."},
            "change": change,
            "split": split,
            "then": then,
        },
        INVARIANT_KEYS_REQUIRED,
    )
    return {
        "$schema": DIALECT,
        "title": "A site's invariants",
        "description": "What must hold of every case that could exist, by the invariant's id. " + ENDS,
        "type": "object",
        "minProperties": 1,
        "maxProperties": INVARIANTS_MAX,
        "propertyNames": {"pattern": ID_PATTERN, "maxLength": NAME_LENGTH_MAX},
        "additionalProperties": invariant,
        "$defs": {"text": text_schema(languages)},
    }
