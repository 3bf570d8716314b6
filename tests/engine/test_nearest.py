"""What would let a case pass: exact, least, confirmed by the engine; on the shipped policies and on odd ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from engine.pipeline import Engine, load
from engine.proofs import nearest_change as module
from engine.proofs.levers import LEVERS, SWITCHES
from engine.proofs.nearest_change import Nearest, NearestState, lever_names, nearest
from tests.support.default_policies import default_policies
from tests.support.paths import ROOT
from tests.support.small_invariants import POLICY, files

Facts = dict[str, dict[str, Any]]


@cache
def _order() -> tuple[str, date]:
    body = json.loads((ROOT / "docs" / "order.json").read_text())
    return json.dumps(body), date.fromisoformat(body["as_of"])


def _facts(**account: object) -> Facts:
    body = json.loads(_order()[0])
    del body["as_of"]
    body["account"] |= account
    return body  # type: ignore[no-any-return]


def _found(facts: Mapping[str, object], *asked: str, engine: Engine | None = None) -> Nearest:
    return nearest(engine or default_policies(), "order", facts, _order()[1], "id", asked)


def _told(found: Nearest) -> dict[str, str]:
    """By switches and levers, what it takes."""
    told = {}
    for change in found.changes:
        names = "+".join([*(each.name for each in change.switches), *(each.name for each in change.levers)])
        amounts = (str(found.written(each.lever, each.amount)) for each in change.amounts)
        told[names] = " ".join(amounts) or change.state.value
    return told


def test_the_order_of_the_docs_lacks_500() -> None:
    """63,500 of at most 60,000 and 5%: 500 too much, or a limit of 63,000.00 / 1.05 = 60,476.19 with rounding."""
    found = _found(_facts())

    assert _told(found) == {
        "payment": "500.00",
        "order": "500.00",
        "deposit": "500.00",
        "guarantee": "500.00",
        "limit": "476.19",
        "period": "impossible",
        "prepayment": "passes",
    }
    assert {str(a.becomes) for c in found.changes for a in c.amounts} >= {"1800000", "6047619"}


def test_of_insurance_at_90_percent_it_takes_more() -> None:
    """500 / 0.9 = 555.555…, of which 90% rounded is 500.00 from 555.55 on."""
    insured = _facts(insured_limit="1000.00", insured_cover="0.90", insured_until="2027-03-31", credit_limit="59142.86")

    assert _told(_found(insured, "insurance")) == {"insurance": "555.55"}


def test_an_assessment_out_of_date_comes_first() -> None:
    """No payment and no smaller order cures it; once it is renewed the usual amounts are enough."""
    told = _told(_found(_facts(assessed_on="2024-02-01")))

    assert told["payment"] == told["order"] == told["guarantee"] == told["limit"] == "impossible"
    assert told["assessment+payment"] == told["assessment+order"] == "500.00"
    assert told["assessment+limit"] == "476.19"


def test_two_levers_where_neither_is_enough() -> None:
    """14,000 are invoiced and overdue, of which 10,000 pass: 4,000 must be paid. The exposure of 142,500 must come down
    to 126,000, and no more than 14,000 can be paid: so 12,500 less are ordered."""
    facts = _facts(
        open_invoices="14000.00", open_orders="110000.00", overdue_amount="14000.00", credit_limit="120000.00"
    )

    assert _told(_found(facts, "payment", "order")) == {
        "payment": "impossible",
        "order": "impossible",
        "payment+order": "4000.00 12500.00",
    }


def test_each_figure_passes_and_a_unit_less_does_not() -> None:
    """For cases of several shapes, whatever is said to pass is decided again here, and what is said to be impossible is
    tried at some amounts."""
    engine, day = default_policies(), _order()[1]
    shapes = (
        _facts(),
        _facts(overdue_amount="14000.00", credit_limit="200000.00"),
        _facts(open_invoices="58000.00", disputed_amount="20000.00"),
        _facts(broken_promises=3),
        _facts(credit_limit="0.00"),
    )
    passing = 0
    for facts in shapes:
        found = _found(facts)
        assert found.decision.outcome == "hold"
        for change in found.changes:
            if change.switches or len(change.levers) != 1 or change.levers[0].name not in ("order", "deposit", "limit"):
                continue
            name = {"order": "order.amount", "deposit": "order.deposit_paid", "limit": "account.credit_limit"}[
                change.levers[0].name
            ]
            sign = -1 if change.levers[0].name == "order" else 1

            def outcome(amount: Decimal, facts: Facts = facts, name: str = name, sign: int = sign) -> str:
                changed = deepcopy(facts)
                group, _, key = name.partition(".")
                was = Decimal(str(changed[group].get(key) or 0))
                changed[group][key] = str(was + sign * amount)
                return engine.decide("order", changed, day, "id").outcome

            if change.state is NearestState.PASSES:
                passing += 1
                amount = Decimal(change.amounts[0].amount).scaleb(-2)
                assert outcome(amount) in ("approve", "approve_with_conditions")
                assert outcome(amount - Decimal("0.01")) in ("hold", "reject")
            else:
                assert change.state is NearestState.IMPOSSIBLE
                tried = {outcome(Decimal(amount)) for amount in ("0.01", "500", "9250", "18000")}
                assert not tried & {"approve", "approve_with_conditions"}
    assert passing >= 6


def test_what_passes_needs_nothing() -> None:
    found = _found(_facts(credit_limit="90000.00"))

    assert (found.passes, found.changes) == (True, ())


def test_more_that_is_worse_again_is_seen() -> None:
    """An order may not be of 400 to 900, nor above 1,000: from 1,500 down, 500 less is the first that passes."""
    odd = POLICY.replace("when: open > most\n", "when: open > most or (open >= 400 and open <= 900)\n")
    engine = load(files(desk=odd)).engine
    assert engine is not None
    facts: Facts = {"order": {"id": "SO-1", "amount": "1500.00"}, "account": {"id": "C-1", "insolvent": False}}

    assert _told(_found(facts, "order", engine=engine)) == {"order": "500.00"}
    facts["order"]["amount"] = "700.00"
    assert _told(_found(facts, "order", engine=engine)) == {"order": "300.01"}


def test_what_the_engine_does_not_confirm_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "first_point", lambda *_: 7)

    found = _found(_facts(), "payment")

    assert _told(found) == {"payment": "undecided"}


def test_levers_have_names_of_their_own_and_kinds_without_any_have_none() -> None:
    assert lever_names("invoice") == ()
    for names in (
        *([lever.name for lever in levers] for levers in LEVERS.values()),
        *([switch.name for switch in switches] for switches in SWITCHES.values()),
    ):
        assert len(names) == len(set(names))
    with pytest.raises(KeyError):
        _found(_facts(), "bribe")
