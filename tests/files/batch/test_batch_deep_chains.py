"""Values that build on one another in a chain too long for a database are a mistake at the check, not a failed
query."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.pipeline import load
from tests.support.command_line import credence
from tests.support.oversized.rules import values_in_a_chain

portability = pytest.importorskip("engine.lowering.sql.portability")
LEVELS_MAX = portability.LEVELS_MAX


@pytest.mark.parametrize(
    ("values", "codes"),
    [(30, []), (LEVELS_MAX, []), (LEVELS_MAX + 1, ["B003"]), (3_000, ["B003"])],
)
def test_a_chain_of_values_may_be_as_long_as_databases_plan(values: int, codes: list[str]) -> None:
    loaded = load({name: text.encode() for name, text in values_in_a_chain(values).items()})
    assert loaded.engine is not None, loaded.diagnostics

    mistakes = portability.portability_mistakes(loaded.engine.rulesets())

    assert [mistake.code for mistake in mistakes] == codes
    lines = values_in_a_chain(values)["p.yaml"].splitlines()
    assert all(lines[mistake.place.line - 1].startswith(f"  v{LEVELS_MAX}:") for mistake in mistakes)


def test_batch_shows_the_value_at_which_the_chain_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name, text in values_in_a_chain(1_200).items():
        (tmp_path / "rules" / name).write_text(text, "utf-8")
    (tmp_path / "in.csv").write_text("order.id,order.amount,account.id\nS,1,C\n")

    fixed = ("--case", "order", "--rules", tmp_path / "rules", "--out", tmp_path / "out.csv")
    result = credence("batch", tmp_path / "in.csv", *fixed)

    assert (result.exit_code, "B003 this policy can't run in bulk: values build on one another" in result.stderr) == (
        1,
        True,
    )
