"""JSON Schema (2020-12) of a site's retention, `rules/retention.yaml`. Beside `file_schemas`."""

from __future__ import annotations

from collections.abc import Collection

from engine.reading.file_schemas import DIALECT, ENDS, record, text_schema
from engine.reading.request_schemas import Schema
from engine.reading.retention_file import RETENTION_KEYS, RETENTION_YEARS_MAX


def retention_schema(cases: Collection[str], languages: tuple[str, ...]) -> Schema:
    """The schema of a site's `rules/retention.yaml`, whose texts are in these languages. `cases`: kinds of case."""
    rule = record(
        {
            "years": {
                "type": "integer",
                "minimum": 1,
                "maximum": RETENTION_YEARS_MAX,
                "description": "Whole years from the day on which something was recorded.",
            },
            "required": {
                "type": "boolean",
                "description": "true: the law wants it kept so long, and an erasure waits; false: the site's choice.",
            },
            "ground": {"$ref": "#/$defs/text", "description": "By which law, or why."},
        },
        RETENTION_KEYS,
    )
    return {
        "$schema": DIALECT,
        "title": "A site's retention",
        "description": "How long decisions are kept, by the kind of case. " + ENDS,
        "type": "object",
        "minProperties": 1,
        "properties": dict.fromkeys(cases, rule),
        "additionalProperties": False,
        "$defs": {"text": text_schema(languages)},
    }
