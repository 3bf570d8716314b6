"""`GET /v1/facts`: what requests may carry and decisions may say, for those who build an interface or fill one in."""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI
from pydantic import JsonValue

from api.http.answers import BilingualText, CaseKindShape, FactShape, FactWordShape, OutcomeShape, VocabularyShape
from api.http.parameters import only_parameters
from api.http.problems import problems
from engine.vocabulary.binding import json_value
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES, CaseKind
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary
from ledger.policies.in_force import Policies

_UNITS = {Kind.RATE: "share", Kind.DAYS: "days", Kind.MONTHS: "months"}


def add_vocabulary_routes(app: FastAPI, policies: Policies) -> None:
    """The one route; it answers for the policy set in force."""

    @app.get("/v1/facts", tags=["decisions"], dependencies=[only_parameters()], responses=problems(422, 503))
    async def get_facts() -> VocabularyShape:
        """Every fact that a request may carry, with title, type, unit and bounds; and the outcomes of each kind of
        case."""
        return vocabulary_shape(policies.engine().vocabulary)


def vocabulary_shape(vocabulary: Vocabulary) -> VocabularyShape:
    """As the route answers it, in the order in which facts were declared."""
    return VocabularyShape(
        currency=vocabulary.currency,
        case_kinds=[_case_kind(kind) for kind in CASE_KINDS.values()],
        facts=[_fact(fact, vocabulary) for fact in vocabulary.facts.values()],
    )


def _case_kind(kind: CaseKind) -> CaseKindShape:
    outcomes = [OutcomeShape(name=name, title=_text(OUTCOME_TITLES[name])) for name in kind.ladder]
    return CaseKindShape(name=kind.name, title=_text(kind.title), groups=list(kind.groups), outcomes=outcomes)


def _fact(fact: Fact, vocabulary: Vocabulary) -> FactShape:
    type_ = fact.type
    titles = dict(type_.titles)
    is_bounded = type_.kind.is_numeric or type_.kind is Kind.DATE
    return FactShape(
        name=fact.name,
        title=_text(fact.title),
        note=_text(fact.note) if fact.note else None,
        type=type_.kind.value,
        unit=vocabulary.currency if type_.kind is Kind.MONEY else _UNITS.get(type_.kind),
        decimals=type_.scale if type_.kind.is_numeric else None,
        minimum=str(json_value(type_.low, type_)) if is_bounded else None,
        maximum=str(json_value(type_.high, type_)) if is_bounded else None,
        future=type_.future.value if type_.future else None,
        words=[
            FactWordShape(name=word, title=_text(titles[word]) if word in titles else None) for word in type_.members
        ]
        if type_.kind is Kind.ENUM
        else None,
        required=fact.required,
        example=cast("JsonValue", fact.example),
    )


def _text(text: Text) -> BilingualText:
    return BilingualText(en=text.en, zh=text.zh)
