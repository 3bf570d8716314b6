"""Hard invoices from a collector's desk, decided by the default policies as a good desk would.

The invoices come with what a good desk does, in words; the table below says it in rules: which must fire, which must
not, and what a value has to be. Where we decide otherwise than the words, the reason stands beside it. The file lies
beside the working tree, not in it; where it doesn't, kinds of the same cases are in rules/cases (collections.yaml,
recovery.yaml, receivables.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from tests.support.paths import ROOT

FILE = ROOT.parent / "shared" / "cases" / "desk" / "invoices.yaml"
STEPS = frozenset(
    f"collections.{name}" for name in ("email", "call", "formal-letter", "visit", "lawyer-letter", "agency")
)


@dataclass(frozen=True, kw_only=True)
class Good:
    """What a good desk's decision has."""

    outcome: str
    fires: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    results: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    """Part of the English text of the reasons."""


DUNNING = STEPS | {"collections.too-small-to-visit", "collections.too-small-for-lawyer", "collections.remind"}
ASSIGNABLE = frozenset({"financing.assignable"})

GOOD: Mapping[str, Good] = {
    "I01": Good(outcome="review", fires=("recovery.insolvency",), silent=DUNNING | {"concessions.late-interest"}),
    "I02": Good(outcome="review", fires=("recovery.insolvency", "insurance.insolvency"), silent=DUNNING),
    "I03": Good(outcome="review", fires=("insurance.claim-late",), says="2026-05-29) has passed"),
    "I04": Good(outcome="review", fires=("insurance.notice-late",), says="2026-06-19) has passed"),
    "I05": Good(outcome="no_action", fires=("collections.first-step-later",), says="was due on 2026-07-13"),
    # the visit that is due goes on, and the call tells the customer that the promise isn't accepted
    "I06": Good(outcome="visit", fires=("collections.promise-too-late",), silent=frozenset({"collections.promised"})),
    "I07": Good(outcome="review", fires=("collections.promises-used-up", "collections.visit")),
    "I08": Good(outcome="no_action", fires=("collections.payable-today",), silent=DUNNING, says="until 2026-07-13"),
    "I09": Good(outcome="wait", fires=("collections.week-end",), silent=DUNNING, says="2026-07-13"),
    "I10": Good(outcome="no_action", fires=("collections.credits-cover-it",)),
    # 8 points above the reference rate on 11,900, 20 days of June, 15 of July; 0.05% a day is China's, not the EU's
    "I11": Good(outcome="visit", fires=("concessions.late-interest",), results={"concessions.late_interest": "117.05"}),
    "I12": Good(outcome="review", fires=("collections.dispute-late",)),
    "I13": Good(outcome="review", fires=("collections.plan-broken", "collections.visit"), says="plan has ended"),
    "I14": Good(outcome="review", fires=("concessions.insurer-consent",)),
    "I15": Good(outcome="review", fires=("concessions.insurer-consent", "concessions.settlement-offered")),
    "I16": Good(outcome="visit", fires=("concessions.settlement-covers-debt",), results={"concessions.waived": "0.00"}),
    "I17": Good(outcome="review", fires=("insurance.collection",), silent=frozenset({"collections.agency"})),
    "I18": Good(outcome="no_action", fires=("financing.assignable",), results={"financing.advance": "90.00"}),
    "I19": Good(outcome="review", fires=("financing.debtor-excluded",), silent=ASSIGNABLE),
    "I20": Good(outcome="no_action", fires=("financing.debtor-excluded", "financing.cross-aged"), silent=ASSIGNABLE),
    "I21": Good(outcome="no_action", fires=("financing.assignable",), results={"financing.advance": "10200.00"}),
    "I22": Good(outcome="no_action", fires=("financing.credit-period",), silent=ASSIGNABLE),
    "I23": Good(outcome="no_action", results={"provisions.loss_rate": "0.05", "provisions.allowance": "600.00"}),
    "I24": Good(outcome="no_action", results={"provisions.loss_rate": "0.3", "provisions.allowance": "3600.00"}),
    "I25": Good(
        outcome="review",
        fires=("recovery.draw-guarantee", "collections.visit"),
        results={"provisions.covered": "12000.00", "provisions.at_risk": "0.00"},
    ),
    "I26": Good(
        outcome="visit",
        results={"concessions.late_interest": "118.03", "concessions.late_charges": "158.03"},
        says="10.26% a year on average",
    ),
    "I27": Good(outcome="visit", fires=("collections.no-contact-on-record",), silent=frozenset({"collections.agency"})),
    "I28": Good(outcome="no_action", silent=DUNNING),
    "I29": Good(outcome="remind", fires=("collections.remind",), says="is due on 2026-07-15"),
    # the claim is a year late, so that the cover can't be relied on: the insurer is called, and nothing is written off
    "I30": Good(
        outcome="review",
        fires=("provisions.claim-before-write-off", "insurance.claim-late"),
        silent=frozenset({"provisions.write-off", "provisions.write-off-after-last-step"}),
        results={"provisions.at_risk": "12000.00"},
    ),
    "I31": Good(outcome="review", fires=("recovery.claim-lapses",), says="2026-12-31"),
    "I32": Good(outcome="review", fires=("collections.country",)),
    "I33": Good(outcome="no_action", fires=("collections.credit-balance",)),
    # nobody has recorded a contact: the house's own letter comes before an agency; with level 5 the agency has it
    "I34": Good(outcome="formal_letter", fires=("collections.no-contact-on-record",)),
    "I35": Good(outcome="write_off", fires=("provisions.write-off-residual",)),
    "I36": Good(outcome="review", fires=("insurance.unknown",)),
    "I37": Good(
        outcome="review",
        fires=("collections.promise-beyond-insurer", "insurance.notice"),
        silent=frozenset({"collections.promised"}),
    ),
    "I38": Good(outcome="no_action", fires=("concessions.early-discount",)),
    # no contact is on record, so one letter goes out; with level 5 it is proposed to bundle or write off
    "I39": Good(
        outcome="formal_letter",
        fires=("collections.no-contact-on-record",),
        silent=frozenset({"collections.agency", "collections.lawyer-letter"}),
    ),
    "I40": Good(outcome="review", fires=("insurance.claim-disputed",), says="until the dispute is decided"),
}


@cache
def _file() -> Mapping[str, Any]:
    """The invoices; none where the file isn't there, as in what is distributed."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8"))) if FILE.exists() else {"tests": {}}


def _decided(engine: Engine, name: str) -> Decision:
    file, case = _file(), _file()["tests"][name]
    facts: dict[str, dict[str, object]] = {}
    for part in (*(file["fixtures"][fixture] for fixture in case["use"]), case.get("facts", {})):
        for group, values in part.items():
            facts.setdefault(group, {}).update(values)
    return engine.decide("invoice", facts, date.fromisoformat(case.get("as_of", file["as_of"])), name)


def test_each_hard_invoice_is_decided_as_a_good_desk_would(default_engine: Engine) -> None:
    assert {name: faults for name in _file()["tests"] if (faults := _faults(name, default_engine))} == {}


def _faults(name: str, engine: Engine) -> list[str]:
    """How the decision differs from what is good."""
    good, decision = GOOD[name[:3]], _decided(engine, name)
    fired = {reason.rule for reason in decision.reasons}
    texts = " ".join(reason.text.en for reason in decision.reasons)
    faults = [f"outcome {decision.outcome}"] if decision.outcome != good.outcome else []
    faults += [f"{rule} is silent" for rule in good.fires if rule not in fired]
    faults += [f"{rule} fires" for rule in sorted(good.silent & fired)]
    faults += [f"no {good.says} in {texts}"] if good.says not in texts else []
    faults += [f"negative: {texts}"] if any(amount.startswith("-") for amount in _amounts(decision)) else []
    said: Any = decision.as_json()["results"]
    for result, expected in good.results.items():
        policy, _, key = result.partition(".")
        if Decimal(said[policy][key]) != Decimal(expected):
            faults.append(f"{result} {said[policy][key]}")
    return faults


def test_every_hard_invoice_has_its_line() -> None:
    names = {name[:3] for name in _file()["tests"]}

    assert names in (set(GOOD), set())


def _amounts(decision: Decision) -> list[str]:
    """What stands behind `EUR` in the texts."""
    texts = [text for reason in decision.reasons for text in (reason.text.en, reason.text.zh)]
    return [word for text in texts for word in text.replace("−", "-").split("EUR ")[1:]]
