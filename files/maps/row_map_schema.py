"""JSON Schema (2020-12) of a row map, `rules/maps/*.yaml`, so that an editor completes and underlines."""

from __future__ import annotations

from engine.reading.file_schemas import BILINGUAL, DIALECT, ID_PATTERN, NAME_PATTERN, TYPE_WORDS
from engine.reading.request_schemas import Schema, fact_schema
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Vocabulary

_HEADING: Schema = {"type": ["string", "number"], "description": "The column's heading, or the key of NDJSON rows."}
DATE_FORMAT: Schema = {
    "type": "string",
    "description": "How dates are written: d or dd, M or MM, and yyyy, such as M/d/yyyy. Default: yyyy-MM-dd.",
}
_VALUES: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "description": 'What each cell stands for, such as {"Yes": true, "No": false}; other cells are rejected.',
}
FROM_COLUMN: Schema = {"column": _HEADING, "format": DATE_FORMAT, "values": _VALUES}
_FORMULA: Schema = {
    "type": ["string", "number", "boolean"],
    "description": "FEEL as in policies, over other mapped facts, row.column and as_of. A missing operand makes the "
    "result missing: `row.settled != null and …` asks first.",
}


def row_map_schema(vocabulary: Vocabulary) -> Schema:
    """The schema for maps to these facts. What formulas read and give is for `read_row_map` to check."""
    facts = {
        name: {
            "title": fact_schema(fact, vocabulary)["title"],
            "oneOf": [{"$ref": "#/$defs/column"}, {"$ref": "#/$defs/formula"}],
        }
        for name, fact in vocabulary.facts.items()
    }
    helper = {**FROM_COLUMN, "type": {"enum": TYPE_WORDS}, "members": {"type": "array", "items": {"type": "string"}}}
    return {
        "$schema": DIALECT,
        "title": "A row map",
        "description": "How columns become facts for `credence decide-file`. The file ends with `...` on a line of its "
        "own. See docs/command-line.md.",
        **record(
            {
                "map": {"type": "string", "pattern": ID_PATTERN, "description": "The map's name."},
                "title": BILINGUAL,
                "case": {"enum": list(CASE_KINDS), "description": "What each row decides."},
                "dates": DATE_FORMAT,
                "facts": {"type": "object", "minProperties": 1, "properties": facts, "additionalProperties": False},
                "columns": {
                    "type": "object",
                    "propertyNames": {"pattern": NAME_PATTERN},
                    "additionalProperties": record(helper, ("column",)),
                    "description": "Columns that formulas read as row.name, without being facts. A column without a "
                    "type is text.",
                },
            },
            ("map", "title", "case", "facts"),
        ),
        "$defs": {
            "column": record(FROM_COLUMN, ("column",)),
            "formula": record({"formula": _FORMULA}, ("formula",)),
        },
    }


def record(properties: Schema, required: tuple[str, ...]) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}
