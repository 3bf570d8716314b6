"""docs/invariants.md lists the invariants that ship, each with its level."""

from __future__ import annotations

import re
from datetime import date

from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.default_policies import default_policies
from tests.support.paths import ROOT

ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (must|goal) \| (.*) \| (proved|refuted|undecided so far) \|$", re.MULTILINE)


def test_the_table_lists_every_invariant_and_no_must_that_is_not_proved() -> None:
    rows = ROW.findall((ROOT / "docs" / "invariants.md").read_text(encoding="utf-8"))
    engine = default_policies()
    shipped = {each.id: each for case in CASE_KINDS for each in engine.invariants(case, date(2026, 7, 15))}

    assert {name: (level, title) for name, level, title, _ in rows} == {
        name: (each.level.value, each.title.en) for name, each in shipped.items()
    }
    assert [name for name, level, _, known in rows if level == "must" and known != "proved"] == []
