"""The OpenAPI document: made for those who generate clients from it, and following the vocabulary in force.

Everything that a client's author will see has a short name of its own: `decide_order`, `OrderRequest`, `OrderFacts`,
`OrderDecision`, `OrderOutcome`, `Problem`. Names come from the words that policies and requests use, never from a
title, so that a client stays the same when somebody rewords one. What is sent is closed: an unknown member is refused.
What is answered is open: later releases may add members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.http.access_answers import AddPersonRequest, ChangePersonRequest, CreateKeyRequest, RevokeKeyRequest
from api.http.access_table import NO_ROLE, ROWS, Right
from api.http.account_requests import ACCOUNT_REQUESTS
from api.http.answers import ActivateRequest, CheckRequest, Problem
from api.http.audit_answers import CompletenessRequest
from api.http.collection_requests import COLLECTION_REQUESTS
from api.http.condition_kinds import condition_kinds
from api.http.erasure_answers import ErasureRequest
from api.http.ledger_answers import SubmitOrderRequest
from api.http.log_answers import AddCosignatureRequest
from api.http.order_answers import (
    ChangeOrderRequest,
    DeliverOrderRequest,
    EndOrderRequest,
    PreviewOrdersRequest,
    ReleaseOrderRequest,
    ReleaseOrdersRequest,
    StopOrderRequest,
    UndeliverOrderRequest,
)
from api.http.problems import EDGE_STATUSES, problems
from api.http.proposal_answers import PROPOSAL_REQUESTS
from api.http.retries import LENGTH_MAX, REPLAYED, SENT_AGAIN
from api.http.webhook_answers import AddWebhookRequest, ChangeWebhookRequest, RotateWebhookRequest, SendAgainRequest
from engine.pipeline import Engine
from engine.reading.request_schemas import currency_schemas, facts_schema, local_name, titled
from engine.vocabulary.actions import STANDARD_ACTIONS
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.languages import LANGUAGE_NAMES, OWN_LANGUAGES
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind, Vocabulary, unit_of
from ledger.policies.in_force import Policies

Schema = dict[str, Any]

_LADDER = "From the mildest to the most severe; the most severe one that a rule gives is the decision's."

_AS_OF: Schema = {
    "type": ["string", "null"],
    "format": "date",
    "pattern": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
    "examples": ["2026-07-01"],
}
_AS_OF_TITLE = Text("Date of the decision", "决策日期")

_ANSWERED = {
    **dict.fromkeys(Kind, "string"),
    **dict.fromkeys((Kind.INTEGER, Kind.DAYS, Kind.MONTHS), "integer"),
    Kind.YES_NO: "boolean",
}
"""The JSON type in which answers have a value of each kind: decimals and dates are text."""

_SENT: tuple[type[BaseModel], ...] = (
    SubmitOrderRequest,
    ChangeOrderRequest,
    ReleaseOrderRequest,
    ReleaseOrdersRequest,
    StopOrderRequest,
    EndOrderRequest,
    DeliverOrderRequest,
    UndeliverOrderRequest,
    PreviewOrdersRequest,
    *ACCOUNT_REQUESTS,
    *COLLECTION_REQUESTS,
    CheckRequest,
    ActivateRequest,
    *PROPOSAL_REQUESTS,
    AddPersonRequest,
    ErasureRequest,
    ChangePersonRequest,
    CreateKeyRequest,
    RevokeKeyRequest,
    AddCosignatureRequest,
    AddWebhookRequest,
    ChangeWebhookRequest,
    RotateWebhookRequest,
    SendAgainRequest,
    CompletenessRequest,
)
"""What is sent, beside the bodies of case kinds: these alone stay closed."""


_DECISIONS_IN = {
    "OrderAnswerShape": "order",
    "ReleaseAnswerShape": "order",
    "OrderDetailsShape": "order",
    "JudgedLimitShape": "limit",
    "GradeAnswerShape": "account",
    "ReversedAnswerShape": "account",
    "WriteOffAnswerShape": "invoice",
    "DisputeAnswerShape": "invoice",
    "PromiseAnswerShape": "invoice",
    "PaymentPlanAnswerShape": "invoice",
    "ItemFactAnswerShape": "invoice",
    "WorklistEntryAnswerShape": "invoice",
    "InvoiceDetailsShape": "invoice",
}
"""Of which kind the decision is that an answer of the ledger has."""


_OPEN = frozenset((row.method, row.path) for row in ROWS if row.rights.get(NO_ROLE) not in (None, Right.SETTING))
"""What is answered without a key, whatever is set."""

_KEY: Schema = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of credence (`crk_…`), or a token of a configured OIDC issuer. A service started with "
    "--insecure-local asks for none.",
}


_IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The caller's own word for this request, such as a UUID. Sent again with the same word, the same "
    "request is done once, and answered by the same status and bytes.",
    "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": LENGTH_MAX},
}
_REPLAYED: Schema = {
    "description": "`true` where this was answered before, to the same Idempotency-Key.",
    "schema": {"type": "string", "const": "true"},
}


def follow_vocabulary(app: FastAPI, policies: Policies) -> None:
    """Replaces the app's document by one that is made anew whenever another engine is in force.

    Made at the first request for it, not with the change: a document takes tens of milliseconds, and most changes of a
    policy come and go without anybody reading it.
    """
    made_for: Engine | None = None
    document: Schema | None = None

    def openapi() -> Schema:
        nonlocal made_for, document
        engine = policies.in_force.engine if policies.in_force else None
        if document is None or engine is not made_for:
            document, made_for = openapi_document(app, engine), engine
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI's documentation gives


def operation_id(route: APIRoute) -> str:
    """The route's name: short, and FastAPI warns where two are alike."""
    return route.name


def body_of(name: str) -> Schema:
    """The `requestBody` of an operation that takes the component of this name."""
    return {"required": True, "content": {"application/json": {"schema": _ref(name)}}}


def openapi_document(app: FastAPI, engine: Engine | None) -> Schema:
    """The document for the policies in force. Without any, any object is a case's body.

    FastAPI writes what it knows of the routes; the rest is done to that document, in this order: problems and their
    parts become components; answers are opened, since a closed one would break clients when it grows; the bodies of
    what is sent, which stay closed, are added; each kind of case gets schemas of its own; every operation gets the
    problems that any request may meet; titles go, after which generators would name classes; and `…Shape` loses its
    ending, which only tells our models from the engine's nouns.
    """
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        license_info=app.license_info,
        routes=app.routes,
    )
    components: Schema = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components |= problem.pop("$defs", {}) | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    for schema in components.values():
        schema.pop("additionalProperties", None)
    for model in _SENT:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        components |= schema.pop("$defs", {}) | {model.__name__: schema}
    components["TextShape"] |= _in_languages(engine.vocabulary.languages if engine else OWN_LANGUAGES)
    for kind in CASE_KINDS.values():
        _describe_case(document, components, kind, engine)
    components["ActionName"] = _action_name(engine)
    requested = components["RequestedActionShape"]
    requested["properties"] |= {"action": _ref("ActionName")}
    _name_decisions(components)
    if engine:
        components["PutRatesRequest"]["properties"]["rates"]["items"] = _ref("ExchangeRate")
    del components["DecisionShape"], components["ReasonShape"]
    for (path, method), operation in _operations(document):
        answers = {str(status): response for status, response in problems(*EDGE_STATUSES).items()}
        if (method.upper(), path) not in _OPEN:
            operation["security"] = [{"key": []}]
            answers |= {str(status): response for status, response in problems(401).items()}
        if "{" in path:  # and what stands there may be no name at all
            answers |= {str(status): response for status, response in problems(404).items()}
        if method in {each.lower() for each in SENT_AGAIN}:
            _describe_retries(operation)
            answers |= {str(status): response for status, response in problems(409).items()}
        operation["responses"] = dict(sorted((answers | operation["responses"]).items()))
    document["components"]["securitySchemes"] = {"key": _KEY}
    _without_titles(document)
    return _renamed(document, {name: name.removesuffix("Shape") for name in components})


def _describe_retries(operation: Schema) -> None:
    """What every operation takes that may change something, so that it can be sent again."""
    operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response.setdefault("headers", {})[REPLAYED] = _REPLAYED


def _in_languages(listed: tuple[str, ...]) -> Schema:
    """What the document says of a text: the languages that every text in force has, and those that some have."""
    in_all = [code for code in listed if code in OWN_LANGUAGES]
    some = dict.fromkeys((*listed, *([] if in_all else OWN_LANGUAGES[:1])))
    properties = {code: {"type": "string", "description": f"{LANGUAGE_NAMES[code]}."} for code in some}
    return {"properties": properties} | ({"required": in_all} if in_all else {})


def _describe_case(document: Schema, components: Schema, kind: CaseKind, engine: Engine | None) -> None:
    """`OrderRequest` of `OrderFacts` and `AccountFacts`, answered by an `OrderDecision` with an `OrderOutcome`,
    `OrderReason`s and, for kinds that have any, `OrderConditions`."""
    name = _class_name(kind.name)
    request: Schema = request_schema(engine.vocabulary, kind.name) if engine else {"type": "object"}
    for group, facts in request.get("properties", {}).items():
        if group in CASE_KINDS:
            request["properties"][group] = _taken_out(components, f"{_class_name(group)}Facts", facts)
            _take_parts_out(components, group, facts)
    if engine:
        _take_currencies_out(components, request["properties"])
    components[f"{name}Request"] = request
    components[f"{name}Outcome"] = {"type": "string", "enum": list(kind.ladder), "description": _LADDER}
    reason = components["ReasonShape"]
    components[f"{name}Reason"] = reason | {
        "properties": reason["properties"] | {"outcome": _ref(f"{name}Outcome")},
    }
    decision = dict(components["DecisionShape"])
    decision["properties"] = decision["properties"] | {
        "reasons": {"type": "array", "items": _ref(f"{name}Reason")},
        "case": {"type": "string", "const": kind.name},
        "outcome": _ref(f"{name}Outcome"),
    }
    if engine and kind.conditional_outcomes:
        components[f"{name}Conditions"] = _conditions(engine, kind)
        decision["properties"] |= {"conditions": _ref(f"{name}Conditions")}
    components[f"{name}Decision"] = decision
    operation = document["paths"][f"/v1/decisions/{kind.name}"]["post"]
    operation["requestBody"] = body_of(f"{name}Request")
    if engine:
        operation["requestBody"]["content"]["application/json"]["example"] = smallest_request(
            engine.vocabulary, kind.name
        )
    operation["responses"]["201"]["content"]["application/json"]["schema"] = _ref(f"{name}Decision")
    recorded = document["paths"]["/v1/decisions/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    recorded["schema"] = {"anyOf": [_ref(f"{_class_name(each)}Decision") for each in CASE_KINDS]}


def _name_decisions(components: Schema) -> None:
    """The ledger's answers have decisions of one kind, and holds the reasons of orders: each under its own name."""
    for answer, kind in _DECISIONS_IN.items():
        decision = components[answer]["properties"]["decision"]
        if "anyOf" in decision:
            decision["anyOf"][0] = _ref(f"{_class_name(kind)}Decision")
        else:
            components[answer]["properties"]["decision"] = _ref(f"{_class_name(kind)}Decision")
    components["HoldShape"]["properties"]["reasons"]["items"] = _ref("OrderReason")


def _conditions(engine: Engine, kind: CaseKind) -> Schema:
    """What the rules can ask for, each with title, type and unit.

        "deposit": {"type": ["string", "null"], "x-title": "Deposit before delivery", "x-unit": "EUR", …}

    None is required: a decision has those of the rules that fired. Open as all answers: a decision that was recorded
    under other policies may have conditions that today's don't.
    """
    properties: dict[str, Schema] = {}
    for condition in condition_kinds(engine, kind.name):
        unit = unit_of(condition.type, engine.vocabulary.currency)
        about: Schema = {"description": _measured(condition.type.kind, unit), "x-unit": unit}
        if condition.title:
            about |= titled(condition.title, "x-title")
        properties[condition.name] = {"type": [_ANSWERED[condition.type.kind], "null"], **about}
        if condition.type.kind is Kind.DATE:
            properties[condition.name]["format"] = "date"
    about_all = "What has to be brought before the case passes, by name; only what this case needs is there."
    return {"type": "object", "description": about_all, "properties": properties}


def _action_name(engine: Engine | None) -> Schema:
    """The words of the policies in force with their titles. No enum: a site may declare more, and a decision that was
    recorded under other policies may have others."""
    actions = engine.vocabulary.actions if engine else STANDARD_ACTIONS
    titles = {word: title.as_json() for word, title in actions.items()}
    about = f"What is to be done: one of {', '.join(f'`{word}`' for word in actions)} under the policies in force."
    return {"type": "string", "description": about, "examples": list(actions), "x-titles": titles}


def _measured(kind: Kind, unit: str | None) -> str:
    """What stands behind a condition's title: `` `money`, in EUR. ``"""
    return f"`{kind.value}`, in {unit}." if unit else f"`{kind.value}`."


def request_schema(vocabulary: Vocabulary, case: str) -> Schema:
    """The exact schema of the body that decides such a case: the date and the currency, then the facts by group.

        {"as_of": …, "currency": …, "rates": …, "order": {…}, "account": {…}}

    It is the JSON Schema that `credence schema` prints, with the titles of facts put aside and what only requests have.
    """
    schema = dict(facts_schema(vocabulary, case, in_any_currency=True))
    schema.pop("$schema", None)
    schema.pop("$id", None)
    title = titled(_AS_OF_TITLE.among(vocabulary.languages), "x-title")
    as_of = _AS_OF | title | {"description": f"Today in {vocabulary.timezone} where it is left out."}
    beside = {"as_of": as_of} | currency_schemas(vocabulary.currency)
    schema["properties"] = beside | schema["properties"]
    aside: Schema = _with_titles_aside(schema)
    return aside


def smallest_request(vocabulary: Vocabulary, case: str) -> Schema:
    """The least that such a case is decided on: its required facts, each with its example.

    For an order `{"order": {"id": "SO-10", "amount": "12500.00"}, "account": {"id": "C-17"}}`. What the answer lists as
    missing is what to send next.
    """
    request: Schema = {}
    for fact in vocabulary.of_case(case):
        if fact.required:
            request.setdefault(fact.group, {})[local_name(fact)] = fact.example
    return request


def _with_titles_aside(node: Any) -> Any:
    """Titles of facts are for people and stand under `x-title`: generators would name classes by them."""
    if isinstance(node, dict):
        moved = {"x-title" if key == "title" and isinstance(value, str) else key: value for key, value in node.items()}
        return {key: _with_titles_aside(value) for key, value in moved.items()}
    return [_with_titles_aside(each) for each in node] if isinstance(node, list) else node


def _taken_out(components: Schema, name: str, schema: Schema) -> Schema:
    """The schema under a name of its own, and what stands in its place: a reference, or for a group that may be null a
    choice between that and null."""
    components[name] = {**schema, "type": "object"}
    return {"anyOf": [_ref(name), {"type": "null"}]} if "null" in schema["type"] else _ref(name)


def _take_parts_out(components: Schema, group: str, facts: Schema) -> None:
    """`account.status` is an `AccountStatus`, and a record of `account.open_items` an `AccountOpenItemsRecord`; a
    generator would call them by the title or by their place."""
    for key, fact in facts.get("properties", {}).items():
        if "items" in fact:
            record: Schema = fact["items"] | {"description": f"One record of the fact `{group}.{key}`."}
            _take_parts_out(components, f"{group}.{key}", record)
            name = _class_name(f"{group}.{key}_record")
            components[name] = record
            facts["properties"][key] = {**fact, "items": _ref(name)}
        if "enum" in fact:
            name = _class_name(f"{group}.{key}")
            words = [word for word in fact["enum"] if word is not None]
            components[name] = {"type": "string", "enum": words, "description": f"Words of the fact `{group}.{key}`."}
            is_optional = len(words) < len(fact["enum"])
            about = {key: value for key, value in fact.items() if key not in ("enum", "type")}
            facts["properties"][key] = {"anyOf": [_ref(name), *([{"type": "null"}] if is_optional else [])], **about}


def _take_currencies_out(components: Schema, properties: Schema) -> None:
    """A request's `currency` is a `CurrencyCode`, and `rates` holds `ExchangeRate`s of an `OtherCurrency`."""
    currency, rates = properties["currency"], properties["rates"]
    codes = [code for code in currency["enum"] if code is not None]
    components["CurrencyCode"] = {"type": "string", "enum": codes, "description": "A code of ISO 4217."}
    properties["currency"] = {
        "anyOf": [_ref("CurrencyCode"), {"type": "null"}],
        "description": currency["description"],
    }
    rate = rates["items"]
    about = "A code of ISO 4217 that is not the policies' own."
    components["OtherCurrency"] = rate["properties"]["currency"] | {"description": about}
    of_rate = rate["properties"] | {"currency": _ref("OtherCurrency")}
    about = "What one unit of another currency was worth on a day."
    components["ExchangeRate"] = rate | {"properties": of_rate, "description": about}
    properties["rates"] = rates | {"items": _ref("ExchangeRate")}


def _class_name(word: str) -> str:
    """`payment_days` is `PaymentDays`, and `account.open_items` `AccountOpenItems`."""
    return "".join(part.capitalize() for part in word.replace(".", "_").split("_"))


def _ref(name: str) -> Schema:
    """A reference to the component of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _operations(document: Schema) -> Iterator[tuple[tuple[str, str], Schema]]:
    """Each with its path and method."""
    for path, methods in document["paths"].items():
        yield from (((path, method), operation) for method, operation in methods.items())


def _without_titles(node: object) -> None:
    """Generators name classes by titles, and ours are made from the names of fields."""
    if isinstance(node, dict):
        title = node.get("title")
        if isinstance(title, str) and ("type" in node or "anyOf" in node or "$ref" in node or "properties" in node):
            del node["title"]
        for member in node.values():
            _without_titles(member)
    elif isinstance(node, list):
        for member in node:
            _without_titles(member)


def _renamed(document: Schema, names: Mapping[str, str]) -> Schema:
    """Components under their new names, and every reference to them: `{"TextShape": "Text"}` makes
    `#/components/schemas/Text` of `#/components/schemas/TextShape`, wherever that stands.
    """
    places = {f"#/components/schemas/{old}": f"#/components/schemas/{new}" for old, new in names.items()}

    def follow(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                key: places.get(member, member) if key == "$ref" else follow(member) for key, member in node.items()
            }
        return [follow(member) for member in node] if isinstance(node, list) else node

    if len({names.get(name, name) for name in document["components"]["schemas"]}) < len(
        document["components"]["schemas"]
    ):
        raise ValueError("two components would have one name")
    renamed: Schema = follow(document)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas.items()}
    return renamed
