"""`credence schema`: JSON Schemas of what people write and send, for editors and for callers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.options import RULES, WRITTEN, RulesOption
from api.cli.policy_folder import vocabulary_of
from engine.reading.case_schemas import cases_schema
from engine.reading.exception_schemas import exceptions_schema
from engine.reading.file_schemas import DIALECT, list_schema, policy_schema
from engine.reading.invariant_schemas import invariants_schema
from engine.reading.request_schemas import Schema, currency_schemas, facts_schema
from engine.reading.retention_schemas import retention_schema
from engine.reading.site_schemas import facts_file_schema
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Vocabulary
from files.maps.row_map_schema import row_map_schema
from receivables.history.history_map_schema import history_map_schema


class Subject(StrEnum):
    """What a schema describes."""

    POLICY = "policy"
    FACTS = "facts"
    EXCEPTIONS = "exceptions"
    INVARIANTS = "invariants"
    RETENTION = "retention"
    LIST = "list"
    CASES = "cases"
    MAP = "map"
    HISTORY = "history"
    REQUEST = "request"


def schema(
    *,
    subject: Annotated[
        Subject, typer.Argument(metavar="SUBJECT", help="What the schema describes.", show_default=True)
    ] = Subject.POLICY,
    rules: RulesOption = RULES,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="DIR",
            help="Write all of them to DIR/*.schema.json instead.",
            rich_help_panel=WRITTEN,
        ),
    ] = None,
) -> None:
    """Print a JSON Schema: of policies, facts.yaml, exceptions.yaml, invariants.yaml, lists, policy tests, row maps,
    history maps, or of a request's facts.

    All of them follow facts.yaml under --rules: its languages, and its facts where they speak of facts. Policies with
    mistakes don't matter. Editors find the schema through the first line of a file:
    # yaml-language-server: $schema=../schema/policy.schema.json

    Example:  credence schema cases > cases.schema.json

    Example:  credence schema --write schema

    Exit code: 0 fine, 1 facts.yaml has mistakes, 2 the folder can't be read or written.
    """
    vocabulary = vocabulary_of(rules)
    if write is None:
        print_json(_SCHEMAS[subject](vocabulary))
        return
    try:
        write.mkdir(parents=True, exist_ok=True)
        for name, content in schema_files(vocabulary).items():
            (write / name).write_text(content, encoding="utf-8")
            out().print(Text(str(write / name)))
    except OSError as error:
        refuse(f"`{error.filename}` can't be written: {error.strerror}")


def schema_files(vocabulary: Vocabulary) -> dict[str, str]:
    """Every schema as a file's text, by file name: `policy.schema.json`, `facts.schema.json` and so on. What `--write`
    writes, and what a test holds the folder schema/ against.
    """
    return {
        f"{subject}.schema.json": json.dumps(make(vocabulary), ensure_ascii=False, indent=2) + "\n"
        for subject, make in _SCHEMAS.items()
    }


def _request_schema(vocabulary: Vocabulary) -> Schema:
    """One schema for the bodies of all decisions: any of the case kinds, each under `$defs`."""
    return {
        "$schema": DIALECT,
        "title": "The facts of one case",
        "description": "The body of POST /v1/decisions/{order|invoice|account|portfolio}; one definition a case kind.",
        "anyOf": [{"$ref": f"#/$defs/{case}"} for case in CASE_KINDS],
        "$defs": {case: _body_schema(vocabulary, case) for case in CASE_KINDS},
    }


def _body_schema(vocabulary: Vocabulary, case: str) -> Schema:
    """The facts of a case with what may stand beside them."""
    schema = facts_schema(vocabulary, case, in_any_currency=True)
    as_of = {"type": ["string", "null"], "format": "date", "description": "The day of the decision."}
    return schema | {"properties": {"as_of": as_of, **currency_schemas(vocabulary.currency)} | schema["properties"]}


_SCHEMAS: Mapping[Subject, Callable[[Vocabulary], Schema]] = {
    Subject.POLICY: lambda vocabulary: policy_schema(vocabulary.languages),
    Subject.FACTS: facts_file_schema,
    Subject.EXCEPTIONS: lambda vocabulary: exceptions_schema(vocabulary.languages),
    Subject.INVARIANTS: lambda vocabulary: invariants_schema(vocabulary.languages),
    Subject.RETENTION: lambda vocabulary: retention_schema(tuple(CASE_KINDS), vocabulary.languages),
    Subject.LIST: lambda vocabulary: list_schema(vocabulary.languages),
    Subject.CASES: cases_schema,
    Subject.MAP: row_map_schema,
    Subject.HISTORY: history_map_schema,
    Subject.REQUEST: _request_schema,
}
