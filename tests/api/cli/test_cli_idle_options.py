"""No option is read and then does nothing: every option of every command changes what comes of it, or is refused.

Each command is run on a small example, alone and beside each option that changes the form of its answer; then once more
with each of its options. What is printed and written must differ. The options come from the commands themselves, so a
new one must have a value here.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli.idle_options import IDLE
from scripts.option_tables import commands
from tests.api.cli.test_cli_backtest import MAP as HISTORY_MAP
from tests.api.cli.test_cli_backtest import ORDERS as BACKTESTED
from tests.api.cli.test_cli_backtest import ROWS as HISTORY
from tests.api.cli.test_cli_portfolio import HEADING as ITEM_HEADING
from tests.api.cli.test_cli_portfolio import MAP as ITEM_MAP
from tests.api.cli.test_cli_portfolio import ROWS as ITEMS
from tests.support.command_line import CASES, DUNNING, FACTS, HEADING, MAP, ORDERS, credence, desk
from tests.support.paths import RULES
from tests.support.policy_files import ended, facts_file
from tests.support.steps import one_in

pytestmark = pytest.mark.slow

SITE_FACT = "facts: {account.colour: {type: text, title: {en: Colour, zh: 颜色}}}\n...\n"
ORDER = {"order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}
ROWS = "1,Müller,12,7/31/2026,Yes,\n2,C-2,-,7/31/2026,Yes,\n=A1,C-2,x,6/30/2026,Yes,\n"

EXAMPLES: dict[str, list[str]] = {
    "init": ["new"],
    "check": [],
    "test": [],
    "decide": ["case.json"],
    "explain": ["case.json"],
    "decide-file": ["=in.csv", "--map", "rules/maps/erp.yaml", "--out", "o.ndjson"],
    "batch": ["=in.csv", "--map", "rules/maps/erp.yaml", "--out", "o.ndjson"],
    "sql": ["--case", "order"],
    "portfolio": ["items.csv", "--map", "items.yaml", "--as-of", "2026-06-30", "--rules", "default"],
    "backtest": ["--history", "past.csv", "--map", "past.yaml", "--rules", "past"],
    "schema": ["cases"],
}
"""What to type after each command; the files are those of `_home`."""

ASKING = ("policies", "people", "keys", "webhooks", "erase", "journal", "audit", "witness")

NOT_RUN = {
    "config": "shows the settings of `serve`, as tests/api/test_setting_origins.py tries",
    **dict.fromkeys(
        ("prove", "dead"), "a solver's seconds for each option; tests/api/cli/test_cli_prove.py tries each"
    ),
    **dict.fromkeys(
        ("diff", "simulate", "nearest"),
        "compare sets or search; test_cli_diff.py, test_cli_simulate.py and test_cli_nearest.py try them",
    ),
    "serve": "runs until it is stopped; its options are the service's settings, which tests/api/test_settings.py tries",
    "activate": "asks a running service, as tests/api/http/test_pending.py does",
    **dict.fromkeys(
        (
            *("import", "ledger verify", "account show", "account assess", "holds", "day"),
            *(f"worklist {each}" for each in ("list", "done", "promise", "dispute", "defer", "skip")),
            *("invoice show", "invoice plan"),
            *(f"order {each}" for each in ("show", "release", "hold", "reject", "cancel", "recheck", "deliver")),
        ),
        "ask a running service, as docs/first-day.md does",
    ),
    **dict.fromkeys(
        ("register", "receivables"), "ask a running service, as tests/api/http/test_money_routes.py does with each"
    ),
    **dict.fromkeys(
        (f"audit {each}" for each in ("releases", "limits", "exceptions")),
        "read a journal, as tests/ledger/audit/test_credit_acts.py does",
    ),
    **dict.fromkeys(
        ("backup", "restore"), "copy a journal, as tests/api/cli/test_cli_backup.py does with each of their options"
    ),
    **dict.fromkeys(
        (name for name in commands() if name.partition(" ")[0] in ASKING),
        "asks a running service or its journal, as tests/api/http/test_people_routes.py, test_first_key.py, "
        "tests/ledger/take_over, tests/api/cli/test_cli_audit.py and test_cli_witness.py do",
    ),
}

VALUES: dict[str, str | None] = {
    "DIR": "other",
    "CASE": "cases.yaml",
    "FILE": "more.csv",
    "SUBJECT": "map",
    "--as-of": "2026-07-02",
    "--case": "account",
    "--currency": "JPY",
    "--delimiter": ";",
    "--dialect": "spark",
    "--encoding": "utf-16",
    "--engine": "duckdb",
    "--from": "2024-02-01",
    "--history": "past2.csv",
    "--industry": "software",
    "--json": None,
    "--junit": "results.xml",
    "--lang": "zh",
    "--list": "account.open_items=open.csv",
    "--map": "other/maps/erp.yaml",
    "--master": "local[1]",
    "--min-coverage": "100",
    "--no-results": None,
    "--opening": "2026-01-01",
    "--out": "p.ndjson",
    "--parameters-of": "2026-07-02",
    "--quiet": None,
    "--rates": "rates.csv",
    "--rejects": "faulty.csv",
    "--report": "page.html",
    "--rule": "orders.insolvent",
    "--rules": "other",
    "--spreadsheet": None,
    "--strict": None,
    "--summary": None,
    "--summary-by": "outcome",
    "--test": "small-order-passes",
    "--total": "invoice.open_amount",
    "--until": "2024-02-01",
    "--write": "schemas",
}
"""A value of each option that is not its default; None for flags."""

OTHERWISE = {
    ("batch", "--engine"): "python",
    ("backtest", "--map"): "past2.yaml",
    ("portfolio", "--map"): "items2.yaml",
    ("portfolio", "--out"): "page.html",
    ("backtest", "--out"): "page.html",
    ("init", "DIR"): "newer",
    ("portfolio", "FILE"): "items2.csv",
}
"""Values where a command needs another one than the others."""

SWITCHES = ("--json", "--report", "--write", "--engine", "--summary")
"""Options that change the form of the answer, and may leave others without work."""

ALONE = {("batch", "--engine"): "its other engine is that of decide-file, and refused"}
"""Switches that leave nothing to look at."""

WITHOUT_EFFECT = {
    ("portfolio", "--quiet"): "the progress bar shows on a terminal only",
    ("backtest", "--quiet"): "the progress bar shows on a terminal only",
    ("decide-file", "--results"): "the default; its opposite is tried",
    ("batch", "--results"): "the default; its opposite is tried",
    ("backtest", "--parameters-of"): "these policies have the same parameters on all days",
    ("backtest", "--as-of"): "the older name of --parameters-of",
    ("check", "--strict"): "these policies have no warnings; test_cli_check.py has some",
    ("check", "--as-of"): "the same",
    **{
        (command, "--rates"): "the examples' amounts are in the policies' currency; test_rates.py converts some"
        for command in ("decide", "explain", "decide-file", "batch", "portfolio")
    },
}
"""Options that change nothing in these examples, each with the reason."""


def _example(command: str, switch: str | None = None) -> list[str]:
    """What to type, with a switch; `schema --write` takes no subject."""
    words = [] if switch == "--write" else EXAMPLES[command]
    return _with(command, words, switch) if switch else words


def _names(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield parameter.metavar
        else:
            yield from (*parameter.opts, *parameter.secondary_opts)


OPTIONS = [(command, name) for command, of_command in commands().items() for name in _names(of_command)]
TRIED = [
    (command, name) for command, name in OPTIONS if command not in NOT_RUN and (command, name) not in WITHOUT_EFFECT
]
SAME = {frozenset(parameter.opts) for of_command in commands().values() for parameter in of_command.params}
BESIDE = [
    (command, switch, name)
    for command, name in TRIED
    for switch in SWITCHES
    if (command, switch) in TRIED
    and (command, switch) not in ALONE
    and not any({switch, name} <= names for names in SAME)
]


def _word(command: str, option: str) -> list[str]:
    value = OTHERWISE.get((command, option), VALUES[option])
    if not option.startswith("--"):
        return [str(value)]
    return [option] if value is None else [option, value]


def _with(command: str, words: list[str], option: str) -> list[str]:
    """The words with an option; an argument, or an option that is given already, is replaced."""
    word = _word(command, option)
    if option in words:
        at = words.index(option)
        return [*words[:at], *word, *words[at + 2 :]]
    if not option.startswith("--") and words and not words[0].startswith("--"):
        return [*word, *words[1:]]
    return [*words, *word]


def _home(folder: Path) -> None:
    """The files of all examples, twice where an option names a file: the second differs in what it says."""
    desk(folder / "rules")
    other = desk(folder / "other")
    files = {
        "other/facts.yaml": FACTS.replace("...\n", SITE_FACT),
        "other/orders.yaml": ORDERS.replace("10000", "20000"),
        "other/dunning.yaml": DUNNING.replace("999999999", "9"),
        "other/cases/orders.yaml": CASES.replace("12000", "22000"),
        "other/maps/erp.yaml": MAP.replace("No}", "Customer}"),
        "case.json": json.dumps(ORDER),
        "cases.yaml": CASES,
        "=in.csv": HEADING + ROWS,
        "more.csv": HEADING + ROWS[:27],
        "open.csv": "account.id,kind,amount\n" + "".join(f"{row.split(',')[1]},invoice,x\n" for row in ROWS.split()),
        "rates.csv": "currency,date,rate\nUSD,2026-06-30,0.92\n",
        "items.csv": ITEM_HEADING + ITEMS + "=1,C-9,Köln,,,,,,,,\n",
        "items2.csv": ITEM_HEADING + ITEMS[:59],
        "items.yaml": ended(ITEM_MAP),
        "items2.yaml": ended(ITEM_MAP.replace("Open}", "Amount}")),
        "past.csv": HISTORY + "=1,Köln,2024-01-05,2024-02-04,,x\n",
        "past2.csv": HISTORY[:80] + "\n",
        "past.yaml": ended(HISTORY_MAP),
        "past2.yaml": ended(HISTORY_MAP.replace("paid", "due")),
        "past/facts.yaml": facts_file([BACKTESTED]),
        "past/orders.yaml": ended(BACKTESTED),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    assert other.is_dir()
    (folder / "default").symlink_to(RULES)


_PACE = re.compile(r"\d[\d.]* s\b|[\d,]+ rows/s|time=\"[\d.]+\"|\"seconds\": [\d.e-]+")


Outcome = tuple[int, str, str, dict[str, bytes]]
"""Exit code, what is printed on standard output and on standard error, and the files written by name."""


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str | None], Outcome]:
    """What an example gives, alone or beside a switch; each is run once."""

    @functools.cache
    def without(command: str, switch: str | None) -> Outcome:
        outcome = _outcome(tmp_path_factory.mktemp("without"), command, _example(command, switch))
        assert outcome[0] != 2, outcome[2]
        return outcome

    return without


def _outcome(folder: Path, command: str, words: list[str]) -> Outcome:
    """What a command gives in a folder of its own, but for how long it took."""
    _home(folder)
    before = set(_files(folder))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        result = credence(command, *words)
    assert result.exit_code in (0, 1, 2), result.output
    written = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder) if path not in before}
    return result.exit_code, _PACE.sub("…", result.stdout), _PACE.sub("…", result.stderr), written


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def test_every_option_has_a_value_and_every_reason_an_option() -> None:
    assert {name for command, name in TRIED} <= set(VALUES)
    assert {*WITHOUT_EFFECT, *OTHERWISE} <= set(OPTIONS)
    assert {*EXAMPLES, *NOT_RUN} == set(commands())
    tried = {(command, idle.option) for idle in IDLE for command in idle.commands if command not in NOT_RUN}
    assert tried <= set(TRIED)


@pytest.mark.parametrize(("command", "option"), one_in(3, TRIED))
def test_an_option_changes_something_or_is_refused(
    command: str, option: str, tmp_path: Path, without: Callable[[str, str | None], Outcome]
) -> None:
    assert _outcome(tmp_path, command, _with(command, _example(command), option)) != without(command, None)


@pytest.mark.parametrize(("command", "switch", "option"), one_in(8, BESIDE))
def test_beside_a_switch_it_does_too(
    command: str, switch: str, option: str, tmp_path: Path, without: Callable[[str, str | None], Outcome]
) -> None:
    words = _with(command, _example(command, switch), option)

    assert _outcome(tmp_path, command, words) != without(command, switch)
