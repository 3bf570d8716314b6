"""JSON Schema (2020-12) of a history map, `rules/maps/*.yaml` with `history:`, so that an editor completes its keys and
underlines mistakes. `credence schema` writes it; what only `history_map_file` can check, such as a date format, passes
here."""

from __future__ import annotations

from dataclasses import replace

from engine.reading.file_schemas import CURRENCY, DIALECT, ID_PATTERN, NAME_PATTERN, text_schema
from engine.reading.request_schemas import Schema, about, fact_schema, titled
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary
from files.maps.row_map_schema import FORMULA, FROM_COLUMN, OF_ALL_COLUMNS, TYPED, record
from receivables.history.history_map import (
    ACCOUNT_FACTS,
    COLUMNS,
    COLUMNS_REQUIRED,
    DISPUTED_AMOUNT,
    HISTORY,
    ORDER_FACTS,
)
from receivables.history.history_map_file import CASE

_FROM_HISTORY = {*ORDER_FACTS, *ACCOUNT_FACTS} - {DISPUTED_AMOUNT}
"""Facts that no map may assume."""


def history_map_schema(vocabulary: Vocabulary) -> Schema:
    """The schema; `vocabulary` knows the facts that may be assumed, and their values."""
    column = {"oneOf": [{"$ref": "#/$defs/column"}, {"$ref": "#/$defs/formula"}]}
    assumed = {
        fact.name: _assumption(fact, vocabulary) for fact in vocabulary.of_case(CASE) if fact.name not in _FROM_HISTORY
    }
    return {
        "$schema": DIALECT,
        "title": "A history map",
        "description": "What the columns of past invoices mean, for `credence backtest`. The file ends with `...` on a "
        "line of its own. See docs/backtest.md.",
        **record(
            {
                HISTORY: {"type": "string", "pattern": ID_PATTERN, "description": "The map's name."},
                "title": text_schema(vocabulary.languages),
                "currency": CURRENCY,
                **OF_ALL_COLUMNS,
                "helpers": {
                    "type": "object",
                    "propertyNames": {"pattern": NAME_PATTERN},
                    "additionalProperties": record({**FROM_COLUMN, **TYPED}, ("column",)),
                    "description": "Columns that formulas read as row.name. A column without a type is text.",
                },
                "columns": record(dict.fromkeys(COLUMNS, column), COLUMNS_REQUIRED),
                "assume": {
                    "type": "object",
                    "minProperties": 1,
                    "properties": assumed,
                    "additionalProperties": False,
                    "description": "Facts that the history doesn't tell and that are taken to hold for every order.",
                },
            },
            (HISTORY, "title", "currency", "columns"),
        ),
        "$defs": {
            "column": record(FROM_COLUMN, ("column",)),
            "formula": record({"formula": FORMULA}, ("formula",)),
            "because": text_schema(vocabulary.languages),
        },
    }


def _assumption(fact: Fact, vocabulary: Vocabulary) -> Schema:
    """One entry of `assume`. YAML's plain numbers are welcome where a request carries text."""
    in_request = fact_schema(replace(fact, required=True), vocabulary)
    value: Schema = {
        key: in_request[key] for key in ("pattern", "enum", "minimum", "maximum", "maxLength") if key in in_request
    }
    types = in_request["type"]
    if isinstance(types, list):
        types = ["string", "number"]
    value = {"type": types, **value}
    if fact.type.kind is Kind.DATE:
        value = {"anyOf": [{"const": AS_OF, "description": "The day of the order."}, value]}
    keys: Schema = {"value": {**about(in_request), **value}, "because": {"$ref": "#/$defs/because"}}
    return {**titled(fact.title), **record(keys, ("value", "because"))}
