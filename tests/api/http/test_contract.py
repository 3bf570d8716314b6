"""The OpenAPI document and the service hold each other to their word: generated requests, valid and invalid, for every
operation. No answer is a server error; each has a documented status, type and shape; invalid ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.http.app import create_app
from api.http.openapi import openapi_document
from api.http.policy_routes import NOTHING_TO_CHECK
from api.settings import Settings
from engine.pipeline import load
from ledger.access.roles import Role
from tests.support.keyed_services import asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import FACTS, ORDERS

_engine = load({"rules/facts.yaml": FACTS.encode(), "rules/orders.yaml": ORDERS.encode()}).engine
assert _engine is not None
_document = openapi_document(create_app(Settings(journal=Path("never-started"))), _engine)


def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """To JSON Schema 5.0 is an integer; here it is a floating-point number, and refused on purpose."""
    if isinstance(body, dict):
        return {key: map_body(_, member) for key, member in body.items()}
    if isinstance(body, list):
        return [map_body(_, item) for item in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


def filter_query(_: schemathesis.HookContext, query: Any) -> bool:
    """An empty list leaves nothing in a URL."""
    return not isinstance(query, dict) or all(value not in ([], {}) for value in query.values())


def schema_with(*, boundaries: bool) -> schemathesis.schemas.BaseSchema:
    """Requests at every boundary of every operation are thousands, made when the tests are collected: those are in
    test_contract_at_length.py."""
    phases = {"phases": {"coverage": {"enabled": boundaries}}}
    made = schemathesis.openapi.from_dict(_document, config=schemathesis.Config.from_dict(phases))
    made.hook(map_body)
    made.hook(filter_query)
    return made


UNSAID = {
    "is out of range",  # how large a decimal in text may be is what a JSON Schema can't say
    "this is not a currency",  # which codes there are
    "holds the character U+0000, which can't be kept",
    "has a name with the character U+0000, which can't be kept",  # that a name holds none a schema can't say
    "unknown fact",
    "is an unknown field",  # what facts there are, the policies in force say
    "is not one of the known words",  # and which words they have
    "is missing or no text of 1 to 200 characters",  # the number among an order's facts
    "is given for a review of today",  # which day is today
    "is missing",  # the amount of a limit, but of one that is unlimited
    "the file is empty",  # as one of blanks is
    "holds invisible characters",  # which are too many for a pattern that anybody could read
    NOTHING_TO_CHECK,
    "is missing, so that sent again it would be done twice",  # of a delivery, unless a header is sent
    "goes with discount_rate",  # both or neither
    "is of a debit alone",  # of an invoice nothing is the interest of
}


UNSAID_OF_SOME = (
    "holds a character that nobody sees",
    "holds letters of ",
    "lies after ",
    "has one of ",  # a rate for a day after today
    "has more than ",
    "is another currency than ",
    "is a second rate of ",
    "has too many digits",
    "is out of range once converted",
    "is not a date",
    "is no day",
    "lies in the past",
    "the column `",
    "If-Match is ",  # which versions there are
    "the parameter `complete` is about ",
    "the parameter `from` is `",
    "the parameter `until` is ",
    "says not one thing to do",  # of `/v1/erasures`
)
"""Beginnings of what is said of logins that no pattern can tell from others, of days after that of the decision, and of
what follows from a request's currency and rates: how many decimals its amounts have, and whether they can be
converted; of days that no month has or that are over, of a period that ends
before it begins, and of what stands in a file."""

UNSAID_PROBLEMS = (
    "/problems/access-change-refused",
    "/problems/cosignature-refused",
    "/problems/cursor-unusable",
    "/problems/fact-comes-from-the-ledger",
    "/problems/idempotency-key-reused",
    "/problems/no-rate",
    "/problems/over-allocated",
    "/problems/search-refused",
    "/problems/unknown-invoice",
    "/problems/webhook-refused",
)
"""Of people and keys, of cursors and cosignatures, which nobody can make up, of keys that were sent before, and of
addresses that nothing is sent to."""


@pytest.fixture(scope="module", name="keyed")
def of_everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """Of a person with every role, so that what is answered without the key is seen to be refused."""
    settings = settings_in(tmp_path_factory.mktemp("service"), requests_per_second_max=100_000)
    key = people_with_keys(settings.journal, {"everybody": frozenset(Role)})["everybody"]
    with asking_for_keys(settings) as client:
        client.headers.update(bearer(key))
        yield client


def test_the_document_served_is_the_one_tested_here(keyed: httpx2.Client) -> None:
    assert keyed.get("/openapi.json").json() == _document


@schema_with(boundaries=False).parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_requests_made_from_the_document_are_answered_as_documented(
    case: schemathesis.Case[Any], keyed: httpx2.Client
) -> None:
    is_answered_as_documented(case, keyed)


def is_answered_as_documented(case: schemathesis.Case[Any], keyed: httpx2.Client) -> None:
    """Valid by the schema, a request may be refused only for what `UNSAID` lists, or for what people and keys are."""
    answer = case.call(base_url=str(keyed.base_url), headers={"Authorization": keyed.headers["Authorization"]})
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
    is_refused = answer.status_code == 422 and answer.json()["type"] not in UNSAID_PROBLEMS
    if case.meta is not None and case.meta.generation.mode.is_positive and is_refused:
        said = {fault["message"] for fault in answer.json()["errors"]}
        unsaid = {message for message in said if not message.startswith(UNSAID_OF_SOME)}
        assert {message for message in unsaid if not message.endswith(" is not a currency")} <= UNSAID
