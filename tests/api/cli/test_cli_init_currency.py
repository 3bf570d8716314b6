"""`credence init --currency`: the default policies with round amounts in another currency, whose tests pass as they do
in euros; and what a site gets that changes its `currency:` alone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from api.starter import write_starter
from api.starter.round_factors import ROUND_FACTORS
from engine.vocabulary.currencies import MINOR_UNITS
from tests.support.command_line import credence


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
@pytest.mark.long
def test_a_site_in_another_currency_checks_and_passes_its_tests(currency: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    written = credence("init", str(site), "--currency", currency)
    assert written.exit_code == 0, written.stderr
    assert f"amounts are those in euros times {ROUND_FACTORS[currency]:f}, in {currency}" in written.stdout
    rules = str(site / "rules")
    checked = credence("check", rules, "--strict")
    assert checked.exit_code == 0, checked.stdout
    tested = credence("test", rules, "--min-coverage", "100")
    assert tested.exit_code == 0, tested.stdout
    own = credence("decide", str(site / "sample" / "order.json"), "--rules", rules)
    assert f"{currency} " in own.stdout and "EUR" not in own.stdout
    items, map_ = str(site / "sample" / "open_items.csv"), str(site / "rules" / "maps" / "open_items.yaml")
    portfolio = credence("portfolio", items, "--map", map_, "--rules", rules, "--as-of", "2026-06-30")
    assert portfolio.exit_code == 0, portfolio.stderr


def test_thresholds_are_round_and_nothing_else_changes(tmp_path: Path) -> None:
    euros, yen = tmp_path / "euros", tmp_path / "yen"
    assert write_starter(euros) == write_starter(yen, "JPY")
    for path in euros.rglob("*.yaml"):
        lines = path.read_text(encoding="utf-8").split("\n")
        others = (yen / path.relative_to(euros)).read_text(encoding="utf-8").split("\n")
        assert len(lines) == len(others)
        for line, other in zip(lines, others, strict=True):
            assert re.sub(r"[0-9.]+|EUR|JPY", "", line) == re.sub(r"[0-9.]+|EUR|JPY", "", other)
    limits = (yen / "rules" / "limits.yaml").read_text(encoding="utf-8")
    assert "single_order_max: 40000000}" in limits and "factor: 1.5" in limits
    assert (yen / "sample" / "open_items.csv").read_text(encoding="utf-8").split("\n")[1].split(",")[5] == "840000"
    assert "for: EUR" not in "".join(path.read_text(encoding="utf-8") for path in yen.rglob("*.yaml"))


@pytest.mark.parametrize("currency", sorted(MINOR_UNITS))
def test_every_currency_has_a_round_factor_that_loses_no_minor_unit(currency: str) -> None:
    factor = ROUND_FACTORS[currency]
    assert factor.normalize().as_tuple().digits in ((1,), (2,), (5,))
    assert (factor * Decimal("0.01") * 10 ** MINOR_UNITS[currency]) % 1 == 0


@pytest.mark.parametrize(
    ("code", "hint"), [("euro", "did you mean `EUR`?"), ("XAU", "write the code"), ("", "ISO 4217")]
)
def test_what_is_no_currency_is_refused(code: str, hint: str, tmp_path: Path) -> None:
    run = credence("init", str(tmp_path / "site"), "--currency", code)
    assert run.exit_code == 2 and hint in run.stderr
    assert not (tmp_path / "site").exists()


@pytest.mark.long
def test_changing_the_currency_alone_warns_once_and_says_which_tests_do_not_run(tmp_path: Path) -> None:
    write_starter(tmp_path / "site")
    rules = tmp_path / "site" / "rules"
    facts = rules / "facts.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("currency: EUR", "currency: JPY"), encoding="utf-8")
    checked = credence("check", str(rules))
    assert checked.exit_code == 0
    assert len(re.findall(r" [A-Z][0-9]{3} ", checked.stdout)) == 1, checked.stdout
    assert "W004" in checked.stdout and "1 warning in 1 file" in checked.stdout
    assert credence("check", str(rules), "--strict").exit_code == 1
    tested = credence("test", str(rules))
    assert tested.exit_code == 1
    count = len(list((rules / "cases").glob("*.yaml")))
    assert f"{count} files of policy tests not run, since they are in another currency than JPY" in tested.stderr
    assert "0 passed, 0 failed" in tested.stdout
