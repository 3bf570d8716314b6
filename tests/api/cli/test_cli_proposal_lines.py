"""What an approver reads of a proposal's findings."""

from __future__ import annotations

from api.cli.proposal_lines import proposal_lines
from ledger.policies.findings import Findings

FOUND = Findings(
    version="new",
    tests_passed=1,
    words=("orders.limit: 10,000 → 9,000",),
    categories={"order": "looser", "invoice": "both", "account": "same", "limit": "same"},
    flips=("order: hold → approve: 4 of 121 policy tests, 101000.02 EUR",),
)


def test_each_kind_of_case_has_its_words_and_only_what_was_proved_says_so() -> None:
    lines = [str(line).strip() for line in proposal_lines(_shown(FOUND))]
    assert "outcomes of order: looser only (proved)" in lines
    assert "outcomes of invoice: may be stricter and looser" in lines
    assert "outcomes of account, limit: the same (proved)" in lines
    assert FOUND.flips[0] in lines


def _shown(found: Findings) -> dict[str, object]:
    return {
        "number": 2,
        "state": "proposed",
        "title": "Limit 9,000",
        "why": "Careful.",
        "author": "e.lang",
        "approvals": [],
        "approvals_needed": 1,
        "effective": None,
        "base_moved": False,
        "name": None,
        "version": "new",
        "base": "old",
        "digest": "d1",
        "acknowledged": {},
        "findings": {**found.as_json(), "items": dict(found.items)},
        "edits": [],
    }
