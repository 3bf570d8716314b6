"""As test_contract.py: with requests at every boundary that the document says, and more that are generated."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.api.http.test_contract import is_answered_as_documented, of_everybody, schema_with

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:Skipped test cases with unsupported payload media types"),  # of imports
]

assert of_everybody  # the fixture `keyed`


@schema_with(boundaries=True).parametrize()
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_requests_at_every_boundary_are_answered_as_documented(
    case: schemathesis.Case[Any], keyed: httpx2.Client
) -> None:
    is_answered_as_documented(case, keyed)
