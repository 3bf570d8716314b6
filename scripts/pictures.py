"""Draws the pictures of README.md from what credence says today: `python -m scripts.pictures`. A test holds them equal.

`docs/pictures/decision.svg` is a rule of the default policies beside the decision on docs/order.json that it made;
`docs/pictures/portfolio.svg` the main figures and charts of the report on the sample's ledger. Both are plain SVG: no
script, no font and nothing else is fetched.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from api.cli.input_files import row_map_read
from engine.deciding.value_words import ValueWords
from engine.pipeline import Engine, load
from ledger.policies.rules_folder import read_folder
from receivables.portfolio.portfolio_files import PortfolioFileOptions
from receivables.portfolio.portfolio_report import portfolio_report
from receivables.portfolio.run_portfolio import PortfolioRequest, portfolio_of
from receivables.report.parts import Chart, Report, Tiles
from receivables.report.svg import svg
from scripts.sample_ledger import LEDGER

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
RULES = ROOT / "rules"
_AS_OF = date(2026, 6, 30)

_STYLE = """
text { font: 13px system-ui, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1b2430; }
.paper { fill: #fff; stroke: #d5dbe3; } .soft { fill: #5b6776; }
.small { font-size: 12px; } .strong { font-weight: 600; }
.code { font: 11.5px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.badge { fill: #c2453d; } .white { fill: #fff; font-weight: 700; } .large { font-size: 22px; font-weight: 600; }
.mark { stroke: #1b2430; stroke-dasharray: 5 4; } .marked { font-size: 12px; font-style: italic; }
.value { font-size: 12px; } .grid, .rule { stroke: #d5dbe3; } .line { fill: none; stroke-width: 2; }
.tick, .key { font-size: 12px; fill: #5b6776; }
.s0 { fill: #2f6fb5; } .s1 { fill: #e0a030; } .s2 { fill: #c2453d; } .s3 { fill: #6a4c93; } .s4 { fill: #3c9a7b; }
.s5 { fill: #8a8f98; }
.l0 { stroke: #2f6fb5; } .l1 { stroke: #e0a030; } .l2 { stroke: #c2453d; } .l3 { stroke: #6a4c93; }
.l4 { stroke: #3c9a7b; } .l5 { stroke: #8a8f98; }
"""


def pictures() -> dict[str, str]:
    """Every picture by its file's name."""
    engine = _engine()
    return {"decision.svg": _decision(engine), "portfolio.svg": _portfolio(engine)}


def _engine() -> Engine:
    loaded = load(read_folder(RULES, "rules").policies)
    if loaded.engine is None:
        raise SystemExit("\n".join(map(str, loaded.diagnostics)))
    return loaded.engine


def _picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    paper = f'<rect class="paper" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    return "\n".join(
        [frame, f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", paper, *parts, "</svg>", ""]
    )


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'


# --- a decision ------------------------------------------------------------------------------------------------------


def _decision(engine: Engine) -> str:
    facts: dict[str, Any] = json.loads((ROOT / "docs" / "order.json").read_text("utf-8"))
    as_of = date.fromisoformat(facts.pop("as_of"))
    decision = engine.decide("order", facts, as_of, "")
    (reason,) = decision.reasons
    words = ValueWords(engine.ruleset("order", as_of), "en")
    line = int(str(reason.place).split(":")[1])
    order, account = facts["order"], facts["account"]
    asked = f"Order {order['id']} of {account['id']} over EUR {float(order['amount']):,.2f}: may it go out?"
    parts = [
        *_rule_text(line, str(reason.place)),
        _text(520, 40, asked, "strong"),
        '<rect class="badge" x="520" y="56" width="74" height="26" rx="4"/>',
        _text(557, 74, decision.outcome.upper(), "white", "middle"),
        _text(606, 74, f"{reason.rule} · {reason.place}", "soft small"),
        *(_text(520, 110 + 19 * row, text) for row, text in enumerate(_lines(reason.text["en"], 66))),
        _text(520, 160, "To pass", "strong"),
        *(_text(520, 180 + 19 * row, text) for row, text in enumerate(_lines(_remedy(reason.remedy), 66))),
        _text(520, 232, "The numbers it rests on", "strong"),
        *_numbers([(words.title(name), words.variable(name, value)) for name, value in reason.facts]),
    ]
    return _picture(980, 448, f"A rule of the order policy, and the decision it made: {reason.text['en']}", parts)


def _remedy(remedy: Any) -> str:
    return "" if remedy is None else str(remedy["en"])


def _rule_text(line: int, place: str) -> Iterator[str]:
    """The rule as its author wrote it, beside the numbers of its lines."""
    lines = (RULES / "orders.yaml").read_text("utf-8").splitlines()
    end = next(number for number in range(line, len(lines)) if not lines[number].startswith("    "))
    yield _text(24, 40, "The policy, as a credit manager writes it", "strong")
    yield _text(24, 62, place.partition(":")[0], "soft small")
    yield '<line class="rule" x1="500" y1="24" x2="500" y2="424"/>'
    y = 92
    for number in range(line, end + 1):
        for row, part in enumerate(_lines(lines[number - 1], 60, indent=8)):
            if row == 0:
                yield _text(46, y, str(number), "code soft", "end")
            yield _text(56, y, part, "code")
            y += 18


def _lines(text: str, width: int, indent: int = 0) -> list[str]:
    """The text in lines of up to `width` columns, of which Chinese characters take two, broken at blanks if any."""
    lines, line = [], ""
    for word in _words(text):
        if line and _columns(line + word) > width:
            lines.append(line.rstrip())
            line = " " * indent
        line += word
    return [*lines, line]


def _words(text: str) -> Iterator[str]:
    """Words with the blanks behind them; of Chinese, characters."""
    word = ""
    for character in text:
        word += character
        if character == " " or ord(character) > 0x2E80:
            yield word
            word = ""
    yield word


def _columns(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _numbers(pairs: list[tuple[str, str]]) -> Iterator[str]:
    for row, (name, value) in enumerate(pairs):
        y = 254 + 21 * row
        yield _text(520, y, name, "soft")
        yield _text(956, y, value, "", "end")
        yield f'<line class="grid" x1="520" y1="{y + 6}" x2="956" y2="{y + 6}"/>'


# --- a portfolio -----------------------------------------------------------------------------------------------------

_TILES = ("Receivables", "Overdue", "Overdue share", "DSO, days", "Collection effectiveness (CEI)", "Loss allowance")


def _portfolio(engine: Engine) -> str:
    row_map = row_map_read(RULES / "maps" / "open_items.yaml", engine.vocabulary)
    request = PortfolioRequest(
        files=[LEDGER], reading=PortfolioFileOptions(row_map, "utf-8", ","), as_of=_AS_OF, opening=None, industry=None
    )
    report = portfolio_report(portfolio_of(engine, request, lambda *_: None, lambda *_: None), engine, "en")
    return _picture(980, 366, f"{report.title} on {_AS_OF}", [*_tiles(report), *_charts(report)])


def _tiles(report: Report) -> Iterator[str]:
    overview = next(part for section in report.sections for part in section.parts if isinstance(part, Tiles))
    figures = {tile.name: tile.value for tile in overview.tiles}
    yield _text(24, 36, f"Receivables on {_AS_OF:%d %B %Y}", "large")
    for column, name in enumerate(_TILES):
        x = 24 + 158 * column
        yield f'<rect class="paper" x="{x}" y="54" width="146" height="66" rx="6"/>'
        yield _text(x + 12, 76, name.removeprefix("Collection effectiveness ").strip("()"), "soft small")
        yield _text(x + 12, 106, figures[name], "large")


def _charts(report: Report) -> Iterator[str]:
    charts = [part for section in report.sections for part in section.parts if isinstance(part, Chart)]
    for column, chart in enumerate(charts[:2]):
        x = 24 + 476 * column
        yield _text(x, 152, chart.title, "strong")
        yield svg(chart).replace("<svg ", f'<svg x="{x}" y="164" width="456" height="190" ', 1)


def draw() -> None:
    """Writes every picture to its place."""
    PICTURES.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (PICTURES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    draw()
    sys.stdout.write(f"{PICTURES.relative_to(ROOT)}/*.svg written\n")
