"""Hard orders and accounts from a credit desk, decided by the default policies as a good desk would.

The cases come with what a good desk does, in words; the table below says it in rules: which fire, what is asked for,
what a value has to be. Where we decide otherwise than the words, `instead` says why. The files lie beside the working
tree, not in it; where they don't, kinds of the same cases are in rules/cases (customers.yaml, cover.yaml, release.yaml,
standing.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pytest
import yaml

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from tests.support.paths import ROOT

FOLDER = ROOT.parent / "shared" / "cases" / "desk"


@dataclass(frozen=True, kw_only=True)
class Good:
    """What a good desk's decision has."""

    outcome: str
    """`refused` where the facts themselves are."""
    fires: tuple[str, ...] = ()
    results: Mapping[str, object] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    """Part of the English text of a reason."""
    instead: str = ""
    """Why we decide otherwise than the words beside the case."""


def _named(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Rules without a policy are those of `orders`."""
    return tuple(rule if "." in rule else f"orders.{rule}" for rule in rules)


def _held(*rules: str, **more: Any) -> Good:
    return Good(outcome="hold", fires=_named(rules), **more)


def _passes(*rules: str, **more: Any) -> Good:
    return Good(outcome="approve", fires=_named(rules), **more)


def _conditional(*rules: str, **more: Any) -> Good:
    return Good(outcome="approve_with_conditions", fires=_named(rules), **more)


def _account(outcome: str, *rules: str, **more: Any) -> Good:
    return Good(outcome=outcome, fires=rules, **more)


GOOD: Mapping[str, Good] = {
    "O01": _passes("insurance-wanted"),
    "O02": _passes("insurance-wanted"),
    "O03": _passes("insurance-wanted", "cover.insurance-ends"),
    "O04": _passes(),
    "O05": _passes(),
    "O06": _passes(),
    "O07": _passes(),
    "O08": _passes(),
    "O09": _passes(),
    "O10": _conditional(
        "cover.letter-ends",
        conditions={"deposit": "2400.00", "security": "5600.00"},
        says="documents can be presented until 2026-09-21",
        instead="A letter that counts nothing mustn't be worse than none: without one the customer may go against "
        "deposit and security, so it may here.",
    ),
    "O11": _held("over-limit", "cover.guarantee-ends"),
    "O12": _held("over-limit", "cover.insurance-ends"),
    "O13": _conditional(
        "security-missing",
        "cover.insurance-ends",
        conditions={"security": "5600.00"},
        instead="Ended cover mustn't be worse than none. Not the whole 15,600: the 10,000 delivered stay insured.",
    ),
    "O14": _passes(),
    "O15": _passes(
        instead="`deposits_held` now says that it is without this order's own deposit, so both count; a ledger that "
        "follows the note can't count one twice.",
    ),
    "O16": _conditional(conditions={"deposit": "2400.00", "security": "15600.00"}),
    "O17": _held("prepayment-only"),
    "O18": _held("limit-suspended", says="suspends the limit of EUR 40,000.00"),
    "O19": _passes(),
    "O20": _held("new-customer", says="EUR 6,000.00"),
    "O21": _passes(),
    "O22": _passes(),
    "O23": _passes(results={"orders.group_after": "74000.00"}),
    "O24": _held("defaulted", results={"grading.grade": "E"}),
    "O25": _held("terms-longer", "negative-equity", results={"grading.grade": "D"}),
    "O26": _held("legal-action", results={"grading.grade": "D"}),
    "O27": _held("chronic-lateness", results={"grading.grade": "D"}),
    "O28": _passes(),
    "O29": _held("insurer-refused", says="gives no cover"),
    "O30": _passes("insurer-warns"),
    "O31": _held("over-limit", results={"release.authority": "controller"}),
    "O32": _held("over-limit", "dunning-level", results={"release.authority": "cfo"}),
    "O33": _held("single-order"),
    "O34": _held("over-limit", instead="Debatable, it says. An authority that grows by 5% is one nobody gave."),
    "O35": _passes("insolvent-pays-first"),
    "O36": Good(outcome="reject", fires=("orders.insolvency",)),
    "O37": _held("assessment-outdated", says="today it no longer suffices: the review cycle of grade D is 1 month"),
    "O38": Good(outcome="reject", fires=("orders.account-closed",)),
    "O39": _held("over-limit", results={"orders.order_limit": "60000.00"}),
    "O40": _held("limit-expired"),
    "O41": Good(outcome="reject", fires=("orders.country-closed",), instead="No desk may open an embargo."),
    "O42": _passes(),
    "O43": _held(
        "over-limit",
        instead="Retention money is a delivery schedule; until there is one, all of the order counts at once.",
    ),
    "O44": _held("oldest-overdue"),
    "O45": _passes(),
    "O46": _passes(),
    "O47": _passes(),
    "O48": _passes(),
    "O49": Good(outcome="refused"),
    "O50": _passes(results={"cover.due_date": "2026-08-14"}),
    "O51": _held("over-limit"),
    "O52": _held("seriously-late"),
    "O53": _conditional("prepaid-with-terms", conditions={"prepayment": "8000.00"}),
    "O54": _passes(),
    "O55": _conditional(conditions={"deposit": "300.00", "security": "700.00"}),
    "A01": _account("review", "standing.seriously-late"),
    "A01o": _held("seriously-late"),
    "A02": _account("review", "standing.promises"),
    "A02o": _held("broken-promises"),
    "A03": _account("review", "standing.overdue"),
    "A03o": _held("oldest-overdue"),
    "A04": _account("restrict", "standing.blocked"),
    "A05": _account("review", "standing.closed", says="EUR 90,000.00 is still open"),
    "A06": _account("restrict", "standing.chronic-lateness", results={"grading.grade": "D"}),
    "A07": _account("restrict", "grading.defaulted", results={"grading.grade": "E", "limits.proposed_limit": "0.00"}),
    "A08": _account("review", "grading.negative-equity", results={"grading.grade": "D"}),
    "A09": _account("review", "standing.insurer-refused"),
    "A10": _account("watch", "monitoring.insured-in-part", says="EUR 70,000.00 is uninsured"),
    "A11": _account(
        "watch", "monitoring.temporary-limit-ending", says="EUR 40,000.00 of the exposure of EUR 100,000.00"
    ),
    "A12": _account("review", "standing.legal-action", results={"grading.grade": "D"}),
    "A13": _account("good_standing", "limits.room-to-raise", results={"limits.proposed_limit": "12000.00"}),
    "A14": _account("good_standing", results={"limits.proposed_limit": "6000.00"}),
    "A15": _account("review", "standing.without-sales"),
    "A16": _account("review", "grading.never-assessed"),
    "A17": _account("restrict", "grading.insolvent", says="with this grade the limit isn't raised"),
    "A18": _account("review", "monitoring.paying-slower"),
    "A19": _account("restrict", "standing.chronic-lateness"),
    "A20": _account("watch", "monitoring.limit-nearly-used", says="86.4% of the limit"),
    "A21": _account("good_standing"),
    "A22": Good(outcome="refused"),
    "A23": _account("restrict", "standing.blocked"),
    "A24": _account("review", "standing.concentration"),
    "A24o": _held("concentration"),
    "A25": _account("review", "standing.disputes", "standing.dunning"),
    "A26": _account("review", "limits.limit-expired"),
    "A27": _account("review", "monitoring.group-over-limit"),
    "A28": _account("good_standing"),
}


@cache
def _cases() -> Mapping[str, tuple[str, dict[str, dict[str, object]], date]]:
    """By number: kind, facts and day, as far as the files are there."""
    found = {}
    for name in ("orders", "accounts"):
        path = FOLDER / f"{name}.yaml"
        document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {"tests": {}}
        for title, test in document["tests"].items():
            used = [test["use"]] if isinstance(test["use"], str) else test["use"]
            facts: dict[str, dict[str, object]] = {}
            for part in (*(document["fixtures"][fixture] for fixture in used), test.get("facts", {})):
                for group, values in part.items():
                    facts.setdefault(group, {}).update(values)
            given = {group: {k: v for k, v in values.items() if v is not None} for group, values in facts.items()}
            kind, day = test.get("case", document["case_kind"]), test.get("as_of", document["as_of"])
            found[title.split("-")[0]] = (kind, given, date.fromisoformat(day))
    return found


@pytest.mark.parametrize("number", _cases())
def test_a_hard_case_is_decided_as_a_good_desk_would(number: str, default_engine: Engine) -> None:
    kind, facts, day = _cases()[number]
    good = GOOD[number]
    try:
        decided = default_engine.decide(kind, facts, day, number)
    except FactsRefused:
        assert good.outcome == "refused"
        return

    assert decided.outcome == good.outcome
    assert set(good.fires) <= {reason.rule for reason in decided.reasons}
    assert dict(decided.conditions) == good.conditions
    for name, value in good.results.items():
        policy, _, result = name.partition(".")
        assert decided.results[policy][result] == value, name
    assert good.says in " ".join(
        reason.text.en + (reason.remedy.en if reason.remedy else "") for reason in decided.reasons
    )


def test_every_case_of_the_files_has_its_line() -> None:
    assert not _cases() or set(_cases()) == set(GOOD)
    assert sum(bool(good.instead) for good in GOOD.values()) <= 6
