"""Figures in the documents are what the commands print today, or carry the commit that they were measured at."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import credence
from tests.support.paths import ROOT, RULES

DOCS = ROOT / "docs"
SAMPLE = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"
MAPS = RULES / "maps"

needs_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="the sample is not in this repository")


def _document(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["speed.md", "scale.md", "backtest.md", "portfolio.md"])
def test_what_was_measured_carries_its_commit(name: str) -> None:
    assert re.search(r"[Mm]easured at commit `[0-9a-f]{7}`", _document(name)), name


# --- the backtest of IBM's sample ------------------------------------------------------------------------------------

_DAY = r"\d{4}-\d\d-\d\d"
_PERIOD = re.compile(
    rf"^\| [^|]*?(?:until (?P<until>{_DAY})|: (?P<since>{_DAY}) to (?P<last>{_DAY})|from (?P<start>{_DAY})) \|.*$", re.M
)


def _backtest(since: str | None, until: str | None) -> Any:
    window = [*(("--from", since) if since else ()), *(("--until", until) if until else ())]
    options = ("--map", MAPS / "ibm_history.yaml", "--rules", RULES, "--as-of", "2026-11-26")
    result = credence("backtest", "--history", SAMPLE, *options, *window, "--json", "--quiet")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def _percent(share: Decimal | str, decimals: int = 1) -> str:
    return f"{Decimal(share) * 100:.{decimals}f}%"


def _held_share(side: Any) -> Decimal:
    held, passed = (Decimal(side[group]["amount"]) for group in ("held", "passed"))
    return held / (held + passed)


@needs_sample
@pytest.mark.long
def test_the_backtests_table_is_what_the_command_says() -> None:
    rows = list(_PERIOD.finditer(_document("backtest.md")))
    assert len(rows) == 3
    for match in rows:
        (side,) = _backtest(match["since"] or match["start"], match["until"] or match["last"])["policies"]
        late = next(each for each in side["accuracy"] if each["days"] == 15)
        count = side["held"]["orders"] + side["passed"]["orders"]
        held, lift = _percent(_held_share(side)), f"{Decimal(late['lift']):.2f}"
        expected = [f"{count:,}", held, lift, _percent(late["precision"]), _percent(late["recall"])]
        assert [cell.strip() for cell in match[0].split("|")[2:-1]] == expected, match[0]


@needs_sample
def test_what_the_backtest_says_of_the_last_part_is_what_the_command_says() -> None:
    (side,) = _backtest("2013-02-25", None)["policies"]
    late, passed = side["held"]["late"], {each["days"]: each for each in side["passed"]["late"]}
    effect, share = side["effect"], _held_share(side)
    on_time = share * (1 - Decimal(late[0]["amount_rate"]))

    held, late_after = _percent(share), [_percent(group["amount_rate"], 0) for group in late]
    dso = [f"{Decimal(effect[key]):.1f}" for key in ("dso_if_held_refused", "dso")]
    overdue = [_percent(effect[key]) for key in ("overdue_share_without_held", "overdue_share")]
    very_late = late[2]["orders"] + passed[15]["orders"]
    said = " ".join(_document("backtest.md").split())
    for sentence in (
        f"the policies hold {held} of the amount; of that {late_after[0]} came late, "
        f"{late_after[2]} more than 15 days, "
        f"against {_percent(passed[15]['amount_rate'])} of what passed",
        f"DSO would have been {dso[0]} days instead of {dso[1]} and "
        f"the overdue share {overdue[0]} instead of {overdue[1]}",
        f"at the price of {_percent(share, 0)} of the sales ({_percent(on_time, 0)} of the sales were held although",
        f"only {very_late} of the 991 invoices were more than 15 days late",
    ):
        assert sentence in said, sentence


# --- the sample's collections ----------------------------------------------------------------------------------------


@needs_sample
def test_the_summary_of_the_sample_is_what_the_command_prints(tmp_path: Path) -> None:
    shown = _document("ibm-receivables.md")
    command = re.search(r"^credence decide-file (?:.*\\\n)*.*$", shown, re.M)
    assert command
    words = command[0].replace("\\\n", " ").split()
    where = {"ibm_accounts_receivable.csv": SAMPLE, "decisions.ndjson": tmp_path / "decisions.ndjson"}
    where |= {"rejects.csv": tmp_path / "rejects.csv"}
    where |= {"rules/maps/ibm_accounts_receivable.yaml": MAPS / "ibm_accounts_receivable.yaml"}

    result = credence(*(where.get(word, word) for word in words[1:]), "--rules", RULES)

    assert result.exit_code == 0, result.stderr
    said = result.stdout + result.stderr
    for line in ("2466 rows = 2466 decisions + 0 rejects", "no_action 2435, wait 31"):
        assert line in said and line in shown
    tables = [_cells(line) for line in shown.splitlines() if line.startswith("| ") and not line.startswith("|--")]
    printed = [_cells(line) for line in said.splitlines()]
    for row in tables:
        assert row in printed, row


def _cells(line: str) -> list[str]:
    return [cell for cell in re.split(r"[|│\s]+", line) if cell]


# --- the sample's portfolio ------------------------------------------------------------------------------------------


def _money(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"


@needs_sample
def test_the_portfolio_of_the_sample_is_what_the_command_says() -> None:
    options = ("--map", MAPS / "ibm_portfolio.yaml", "--as-of", "2013-06-30", "--opening", "2012-01-01")
    found = json.loads(credence("portfolio", SAMPLE, *options, "--rules", RULES, "--json", "--quiet").stdout)
    shown = [[cell.strip() for cell in line.split("|")[1:-1]] for line in _document("portfolio.md").splitlines()]

    before = None
    for quarter in found["quarters"]:
        dso = Decimal(quarter["dso"])
        change = "–" if before is None else f"{(dso / before - 1) * 100:+.1f}%".replace("-", "−")
        year, month, _ = quarter["to"].split("-")
        money = [
            _money(quarter[key]) for key in ("opening_receivables", "credit_sales", "closing_receivables", "overdue")
        ]
        best, late = (f"{Decimal(quarter[key]):.1f}" for key in ("best_possible_dso", "average_days_delinquent"))
        cei = _percent(quarter["collection_effectiveness"])
        assert [f"{year} Q{int(month) // 3}", *money, f"{dso:.1f}", change, best, late, cei] in shown
        before = dso
    for country in found["overdue"]["country"]:
        amounts = [_money(country["amount"]), _money(country["overdue"])]
        assert [country["key"], str(country["count"]), *amounts, _percent(country["overdue_share"])] in shown
    total, owing = found["receivables"], found["concentration"]
    overdue = f"{_money(total['overdue'])} in {total['overdue_count']} items, {_percent(total['overdue_share'])}"
    for row in (
        ["receivables", f"{_money(total['amount'])} in {total['count']} items"],
        ["overdue", overdue],
        ["disputed", _money(total["disputed"])],
        ["customers who owe", str(owing["customers"])],
        ["top 10", _percent(owing["top_share"])],
    ):
        assert row in [line[:2] for line in shown], row
    all_of_it = [
        "**all**",
        f"**{total['count']}**",
        f"**{_money(total['amount'])}**",
        f"**{_money(found['loss_allowance']['total'])}**",
    ]
    assert all_of_it in [line[3:] for line in shown]
