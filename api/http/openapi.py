"""The OpenAPI document: follows the vocabulary in force, so that a site's own facts are in it, also after a reload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.answers import Problem
from engine.pipeline import Engine
from engine.reading.request_schemas import facts_schema
from engine.vocabulary.vocabulary import CASE_KINDS, Vocabulary
from ledger.policies.in_force import Policies

_AS_OF = {
    "type": ["string", "null"],
    "format": "date",
    "pattern": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
    "title": "Date of the decision / 决策日期",
    "description": "Today (UTC) where it is left out.",
    "examples": ["2026-07-01"],
}


def follow_vocabulary(app: FastAPI, policies: Policies) -> None:
    """Replaces the app's document by one that is made anew whenever another engine is in force."""
    made_for: Engine | None = None
    document: dict[str, Any] | None = None

    def openapi() -> dict[str, Any]:
        nonlocal made_for, document
        engine = policies.in_force.engine if policies.in_force else None
        if document is None or engine is not made_for:
            document, made_for = openapi_document(app, engine.vocabulary if engine else None), engine
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI's documentation gives


def openapi_document(app: FastAPI, vocabulary: Vocabulary | None) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components |= problem.pop("$defs", {}) | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    for case in CASE_KINDS:
        operation = document["paths"][f"/v1/decisions/{case}"]["post"]
        schema = request_schema(vocabulary, case) if vocabulary else {"type": "object"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return document


def request_schema(vocabulary: Vocabulary, case: str) -> Mapping[str, Any]:
    """The exact schema of the body that decides such a case."""
    schema = dict(facts_schema(vocabulary, case))
    schema.pop("$schema", None)
    schema.pop("$id", None)
    schema["properties"] = {"as_of": _AS_OF} | schema["properties"]
    return schema
