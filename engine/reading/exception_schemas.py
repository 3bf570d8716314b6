"""JSON Schema (2020-12) of a site's exceptions, `rules/exceptions.yaml`. Beside `file_schemas`."""

from __future__ import annotations

from engine.reading.exceptions_file import EXCEPTION_DAYS_MAX, EXCEPTION_KEYS, EXCEPTIONS_MAX
from engine.reading.fields import NAME_LENGTH_MAX
from engine.reading.file_schemas import DIALECT, ENDS, ID_PATTERN, record, text_schema, when_schema
from engine.reading.request_schemas import DATE_PATTERN, Schema


def exceptions_schema(languages: tuple[str, ...]) -> Schema:
    """The schema of a site's `rules/exceptions.yaml`, whose texts are in these languages. It names no facts and no
    rules."""
    rule = {"type": "string", "pattern": r"\S", "description": "A rule by its id, `policy.rule`."}
    person = {"type": "string", "pattern": r"\S"}
    day = {"type": "string", "pattern": DATE_PATTERN}
    exception = record(
        {
            "waives": {
                "type": "array",
                "items": rule,
                "minItems": 1,
                "uniqueItems": True,
                "description": "The rules that don't count, all about one kind of case.",
            },
            "when": {**when_schema(), "description": "For which cases: FEEL, as in a rule; names are full names."},
            "from": {**day, "description": "The first day on which it holds."},
            "until": {**day, "description": f"The last day, at most {EXCEPTION_DAYS_MAX} days after the first."},
            "by": {**person, "description": "Who asks for it."},
            "approved_by": {**person, "description": "Who approved it: another person."},
            "reason": {
                "anyOf": [{"type": "string", "pattern": r"\S"}, {"$ref": "#/$defs/text"}],
                "description": "Why.",
            },
        },
        EXCEPTION_KEYS,
    )
    return {
        "$schema": DIALECT,
        "title": "A site's exceptions",
        "description": "Rules that don't count for some cases until a day, by the exception's id. " + ENDS,
        "type": "object",
        "minProperties": 1,
        "maxProperties": EXCEPTIONS_MAX,
        "propertyNames": {"pattern": ID_PATTERN, "maxLength": NAME_LENGTH_MAX},
        "additionalProperties": exception,
        "$defs": {"text": text_schema(languages)},
    }
