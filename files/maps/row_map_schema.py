"""JSON Schema (2020-12) of a row map, `rules/maps/*.yaml`, so that an editor completes and underlines."""

from __future__ import annotations

from engine.reading.file_schemas import CURRENCY, DIALECT, ID_PATTERN, NAME_PATTERN, TYPE_WORDS, text_schema
from engine.reading.request_schemas import Schema, fact_schema
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary
from files.maps.map_columns import FIRST_YEARS, PARTS_MAX, SKIP_LINES_MAX
from files.maps.month_names import ENGLISH, LANGUAGES
from files.maps.number_format import DECIMAL_SIGNS, NEGATIVES, THOUSANDS_SIGNS

_HEADING: Schema = {
    "anyOf": [
        {"type": ["string", "number"]},
        {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 2, "maxItems": PARTS_MAX},
    ],
    "description": "The column's heading, or the key of NDJSON rows; a list for an id of several columns, with join.",
}
_DATE_FORMAT: Schema = {"type": "string", "pattern": "y"}
DATE_FORMAT: Schema = {
    "anyOf": [_DATE_FORMAT, {"type": "array", "items": _DATE_FORMAT, "minItems": 1}],
    "description": "How dates are written: d or dd; M or MM, MMM (Jan) or MMMM (January); yyyy or yy; such as "
    "M/d/yyyy. A list where several are, which no text may fit twice. Default: yyyy-MM-dd.",
}
_WORD: Schema = {"type": ["string", "number", "boolean"]}
_WORDS: Schema = {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]}
_NEGATIVE: Schema = {"enum": list(NEGATIVES)}
_SIGNS: Schema = {
    "decimal": {"enum": list(DECIMAL_SIGNS), "description": 'The decimal sign. Default: ".".'},
    "thousands": {
        "enum": list(THOUSANDS_SIGNS),
        "description": "The sign between thousands, which stands where it belongs or not at all; a blank stands for "
        "every kind of blank. Default: none.",
    },
    "negative": {
        "anyOf": [_NEGATIVE, {"type": "array", "items": _NEGATIVE, "minItems": 1}],
        "description": "How negative numbers are written, beside a minus before them: 5.00- or (5.00).",
    },
}
OF_ALL_COLUMNS: Schema = {
    "dates": DATE_FORMAT,
    "two_digit_years_from": {
        "type": "integer",
        "minimum": FIRST_YEARS[0],
        "maximum": FIRST_YEARS[1],
        "description": "The first year that yy stands for: 1950 for 1950 to 2049.",
    },
    "month_names": {
        "enum": list(LANGUAGES),
        "default": ENGLISH,
        "description": "Whose names for months MMM and MMMM stand for: de for 31-Mai-26.",
    },
    "no_date": {**_WORDS, "description": "Cells of date columns that stand for no date, such as 0000-00-00."},
    **_SIGNS,
    "skip_lines": {
        "type": "integer",
        "minimum": 0,
        "maximum": SKIP_LINES_MAX,
        "description": "Lines of a CSV file above its heading that are no part of the table.",
    },
}
_VALUES: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "description": 'What each cell stands for, such as {"Yes": true, "No": false}; other cells are rejected.',
}
FROM_COLUMN: Schema = {
    "column": _HEADING,
    "join": {"type": "string", "maxLength": 1, "description": "The sign between the columns of an id, such as /."},
    "format": DATE_FORMAT,
    **_SIGNS,
    "round": {"type": "boolean", "description": "Round numbers with more decimals than the type has, half to even."},
    "no_value": {**_WORDS, "description": "Cells that stand for a missing value, such as n/a."},
    "values": _VALUES,
}
FORMULA: Schema = {
    "type": ["string", "number", "boolean"],
    "description": "FEEL as in policies, over other mapped facts, row.column and as_of. A missing operand makes the "
    "result missing: `row.settled != null and …` asks first.",
}


TYPED: Schema = {"type": {"enum": TYPE_WORDS}, "members": {"type": "array", "items": {"type": "string"}}}


def row_map_schema(vocabulary: Vocabulary) -> Schema:
    """The schema for maps to these facts. What formulas read and give is for `read_row_map` to check."""
    facts = {
        name: {
            "title": fact_schema(fact, vocabulary)["title"],
            "oneOf": [{"$ref": "#/$defs/column"}, {"$ref": "#/$defs/formula"}, *_apart(fact)],
        }
        for name, fact in vocabulary.facts.items()
    }
    helper = {**FROM_COLUMN, **TYPED}
    return {
        "$schema": DIALECT,
        "title": "A row map",
        "description": "How columns become facts for `credence decide-file`. The file ends with `...` on a line of its "
        "own. See docs/command-line.md.",
        **record(
            {
                "map": {"type": "string", "pattern": ID_PATTERN, "description": "The map's name."},
                "title": text_schema(vocabulary.languages),
                "case": {"enum": list(CASE_KINDS), "description": "What each row decides."},
                "currency": {
                    "anyOf": [
                        CURRENCY,
                        record({"column": {"type": "string", "minLength": 1}, "values": _VALUES}, ("column",)),
                    ],
                    "description": "In which currency the amounts of a row are: a code of ISO 4217, or the column that "
                    "holds one. Default: that of the policies.",
                },
                **OF_ALL_COLUMNS,
                "facts": {"type": "object", "minProperties": 1, "properties": facts, "additionalProperties": False},
                "columns": {
                    "type": "object",
                    "propertyNames": {"pattern": NAME_PATTERN},
                    "additionalProperties": {
                        "oneOf": [record(helper, ("column",)), record({"formula": FORMULA, **TYPED}, ("formula",))]
                    },
                    "description": "Columns that formulas read as row.name, without being facts. A column without a "
                    "type is text. A formula works one out from others.",
                },
            },
            ("map", "title", "case", "facts"),
        ),
        "$defs": {
            "column": record(FROM_COLUMN, ("column",)),
            "formula": record({"formula": FORMULA}, ("formula",)),
        },
    }


def _apart(fact: Fact) -> list[Schema]:
    """Of a list, the shape of an entry about a file of its own."""
    if fact.type.kind is not Kind.LIST:
        return []
    column: Schema = {"anyOf": [_HEADING, {"$ref": "#/$defs/column"}]}
    key = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": column}
    required = tuple(field.name for field in fact.type.fields if field.required)
    of = record({field.name: column for field in fact.type.fields}, required)
    about = (
        "Records in a file of their own, which --list names: the column that says whose each is, and those they have."
    )
    return [{**record({"key": key, "of": of}, ("key", "of")), "description": about}]


def record(properties: Schema, required: tuple[str, ...]) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}
