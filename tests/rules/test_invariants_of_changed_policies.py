"""The shipped invariants are broken by one edit each: what they say rests on the policies, and a proof sees it."""

from __future__ import annotations

from datetime import date

import pytest

from engine.pipeline import load
from engine.proofs.prove import prove
from engine.proving.smt.settle import ProofVerdict
from tests.support.default_policies import default_folder

pytestmark = pytest.mark.long

DAY = date(2026, 7, 15)
EDITS = {
    "c-gets-60-days": ("terms", "net_days: 30,", "net_days: 60,", "better-grade-never-worse-terms"),
    "insolvency-is-dropped": ("orders", "  insolvency:", "  insolvency-of-nobody:", "insolvent-open-terms-rejected"),
    "one-person-releases-all": ("release", "value: 100000", "value: 900000000", "large-release-needs-two"),
}


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_breaks_the_invariant_that_is_about_it(name: str) -> None:
    file, old, new, invariant = EDITS[name]
    files = dict(default_folder().policies)
    text = files[f"rules/{file}.yaml"].decode()
    assert old in text
    changed = text.replace(old, new, 1)
    if name == "insolvency-is-dropped":
        start = changed.index("insolvency-of-nobody:")
        changed = changed[:start] + changed[start:].replace("then: reject", "then: hold", 1)
    loaded = load({**files, f"rules/{file}.yaml": changed.encode()})
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))

    proof = prove(loaded.engine, invariant, DAY, DAY)

    assert proof.verdict is ProofVerdict.REFUTED
    assert proof.witness
