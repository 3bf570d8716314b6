"""`GET /v1/facts`: what requests may carry and decisions may say, for those who build an interface or fill one in.

The OpenAPI document says the same to programs that are generated once. This route is for those that ask while they run:
a form that shows each field under its title in the user's language, with its unit and its words, and gains a field when
somebody adds a fact to `facts.yaml`; a list of what a decision's `missing` asks for; a screen that names conditions.

It answers for the policies in force, so it may change between two decisions; a decision names facts and conditions by
names that don't change when somebody rewords a title.
"""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI
from pydantic import JsonValue

from api.http.answers import (
    ActionShape,
    CaseKindShape,
    ConditionShape,
    FactShape,
    FactWordShape,
    OutcomeShape,
    RecordValueShape,
    TextShape,
    VocabularyShape,
)
from api.http.condition_kinds import condition_kinds
from api.http.parameters import only_parameters
from api.http.problems import problems
from engine.pipeline import Engine
from engine.vocabulary.binding import json_value
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary, unit_of
from ledger.policies.in_force import Policies


def add_vocabulary_routes(app: FastAPI, policies: Policies) -> None:
    """The one route; it answers for the policy set in force."""

    @app.get(
        "/v1/facts",
        tags=["decisions"],
        summary="What requests may carry",
        dependencies=[only_parameters()],
        responses=problems(422, 503),
    )
    async def get_facts() -> VocabularyShape:
        """Every fact that a request may carry, with title, type, unit and bounds; the outcomes and conditions of each
        kind of case; and what rules may ask people to do."""
        return vocabulary_shape(policies.engine())


def vocabulary_shape(engine: Engine) -> VocabularyShape:
    """As the route answers it, in the order in which facts were declared."""
    vocabulary = engine.vocabulary
    return VocabularyShape(
        currency=vocabulary.currency,
        timezone=vocabulary.timezone,
        languages=list(vocabulary.languages),
        actions=[ActionShape(name=word, title=_text(title)) for word, title in vocabulary.actions.items()],
        case_kinds=[_case_kind(kind, engine) for kind in CASE_KINDS.values()],
        facts=[_fact(fact, vocabulary) for fact in vocabulary.facts.values()],
    )


def _case_kind(kind: CaseKind, engine: Engine) -> CaseKindShape:
    """One kind of case: the groups of facts in its request, its outcomes from the mildest to the most severe, as in the
    ladder that policies are written for, and the conditions that its rules may put under the policies in force.
    """
    outcomes = [OutcomeShape(name=name, title=_text(engine.vocabulary.outcome_titles[name])) for name in kind.ladder]
    conditions = [
        ConditionShape(
            name=condition.name,
            title=_text(condition.title) if condition.title else None,
            type=condition.type.kind.value,
            unit=unit_of(condition.type, engine.vocabulary.currency),
        )
        for condition in condition_kinds(engine, kind.name)
    ]
    return CaseKindShape(
        name=kind.name,
        title=_text(kind.title.among(engine.vocabulary.languages)),
        groups=list(kind.groups),
        outcomes=outcomes,
        conditions=conditions,
    )


def _fact(fact: Fact, vocabulary: Vocabulary) -> FactShape:
    """Bounds are written as a request would carry them, money with its currency's decimals: `"10000000000000.00"`.
    Texts, words and yes/no have none, and only numbers have decimals."""
    type_ = fact.type
    titles = dict(type_.titles)
    is_bounded = type_.kind.is_numeric or type_.kind is Kind.DATE
    return FactShape(
        name=fact.name,
        title=_text(fact.title),
        note=_text(fact.note) if fact.note else None,
        type=type_.kind.value,
        unit=unit_of(type_, vocabulary.currency),
        decimals=type_.scale if type_.kind.is_numeric else None,
        minimum=str(json_value(type_.low, type_)) if is_bounded else None,
        maximum=str(json_value(type_.high, type_)) if is_bounded else None,
        future=type_.future.value if type_.future else None,
        words=[
            FactWordShape(name=word, title=_text(titles[word]) if word in titles else None) for word in type_.members
        ]
        if type_.kind is Kind.ENUM
        else None,
        records=[
            RecordValueShape(
                name=field.name,
                title=_text(field.title) if field.title else None,
                type=field.type.kind.value,
                required=field.required,
                future=field.type.future.value if field.type.future else None,
            )
            for field in type_.fields
        ]
        if type_.kind is Kind.LIST
        else None,
        at_most=type_.high if type_.kind is Kind.LIST else None,
        required=fact.required,
        example=cast("JsonValue", fact.example),
    )


def _text(text: Text) -> TextShape:
    """A text in all its languages, as answers have it."""
    return TextShape.model_validate(text.as_json())
