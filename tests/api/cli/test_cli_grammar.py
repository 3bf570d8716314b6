"""One grammar of all commands: an option means the same wherever it stands, `--help` teaches, and the page follows."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from api.cli.grammar import help_rows, with_blocks
from api.cli.options import FOUND, PANELS, WHO
from api.cli.summary_option import with_summary_by
from scripts.option_tables import DOCUMENT, commands, option_table, with_tables
from tests.support.command_line import HEADING, credence, desk
from tests.support.steps import long_after

COMMANDS = commands()

OTHER_TYPE = {
    ("--rules", "backtest"): "it takes two folders, to compare them",
    ("--out", "portfolio"): "the older name of --report",
    ("--out", "backtest"): "the older name of --report",
    ("--out", "simulate"): "as of `backtest`",
    ("--decisions", "simulate"): "it says which, not how many",
    **{
        (option, f"journal {command}"): "it takes times too, of records"
        for option in ("--from", "--until")
        for command in ("search", "export", "replay")
    },
    **{
        (option, f"audit {command}"): "it takes times too, of records"
        for option in ("--from", "--until")
        for command in ("sample", "check-sample", "completeness")
    },
    ("--lang", "audit case"): "a page is in one of two languages, and never in the site's",
}
OTHER_HELP = {
    **OTHER_TYPE,
    ("--as-of", "decide"): "a case may bring its own date",
    **{("--account", command): "it narrows a list" for command in ("holds", "register", "receivables")},
    **{("--on", command): "figures of a past day" for command in ("register", "receivables")},
    ("--as-of", "nearest"): "a case may bring its own date",
    ("--history", "simulate"): "it may stand in the place of --decisions",
    ("--map", "simulate"): "it takes a history map",
    ("--seconds", "diff"): "it counts with --prove alone",
    ("--map", "import"): "it takes an import map",
    ("--rejects", "import"): "rows of all files, and where they stood",
    ("--on", "import"): "the day of a list",
    **{
        ("--reason", f"order {command}"): "it is about an order, whose customer's key seals it"
        for command in ("release", "hold", "reject", "cancel")
    },
    **{("--reason", f"worklist {command}"): "as of an order" for command in ("defer", "skip")},
    ("--as-of", "explain"): "a case may bring its own date",
    ("--as-of", "portfolio"): "it has no default, and says why",
    ("--map", "backtest"): "it takes a history map, the others a row map",
    ("--as-of", "backtest"): "the older name of --parameters-of",
    ("--proofs", "audit sample"): "it writes the plan of the drawing too",
    ("--key", "audit check-sample"): "it must be given",
    ("--save", "journal proof"): "it is the proof that is saved",
    ("--save", "journal checkpoint"): "it is the checkpoint or request that is saved",
    ("--save", "audit case"): "it is a page that is saved",
    **{
        (option, f"journal {command}"): "it narrows a search"
        for option in ("--case", "--rule")
        for command in ("search", "export", "replay")
    },
}
"""Options whose type or help differs from that of the other commands, each with its reason."""


def _options() -> dict[str, list[tuple[str, Any]]]:
    """By name, the commands that have it, each with typer's object of it."""
    by_name: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    for command, of_command in COMMANDS.items():
        for parameter in of_command.params:
            if parameter.param_type_name == "option":
                for name in (*parameter.opts, *parameter.secondary_opts):
                    by_name[name].append((command, parameter))
    return by_name


OPTIONS = _options()
SHARED = sorted(name for name, uses in OPTIONS.items() if len(uses) > 1)


def _type(option: Any) -> tuple[object, ...]:
    return option.type_descriptor.annotation, option.is_flag, option.multiple, option.metavar


@pytest.mark.parametrize("name", SHARED)
def test_an_option_has_one_type_and_one_help_in_all_commands(name: str) -> None:
    types = {_type(option) for command, option in OPTIONS[name] if (name, command) not in OTHER_TYPE}
    helps = {option.help for command, option in OPTIONS[name] if (name, command) not in OTHER_HELP}

    assert len(types) <= 1, types
    assert len(helps) <= 1, helps


@pytest.mark.parametrize(("name", "command"), OTHER_HELP)
def test_each_exception_is_one(name: str, command: str) -> None:
    others = [option.help for other, option in OPTIONS[name] if (name, other) not in OTHER_HELP]
    [own] = [option.help for other, option in OPTIONS[name] if other == command]

    assert own not in others


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_a_sentence_an_example_exit_codes_and_groups(name: str) -> None:
    command = COMMANDS[name]
    first = command.help.split("\n\n")[0]

    assert first[:1].isupper(), first
    assert first.endswith("."), first
    assert f"Example:  credence {name}" in command.help
    assert "Exit code: 0 " in command.help
    for group, option, text in help_rows(command, typer.Context(command)):
        assert group in ("Arguments", *PANELS) or "--help" in option, option
        assert text, option


def test_the_list_of_commands_cuts_no_sentence_off() -> None:
    shown = credence("--help").stdout

    assert "..." not in shown.partition("Commands:")[2]
    for group in ("people", "keys"):
        of_group = credence(group, "--help").stdout
        assert "..." not in of_group.partition("Commands:")[2]
        names = [name.split()[1] for name in COMMANDS if name.startswith(f"{group} ")]
        assert all(f"\n  {name} " in of_group for name in names)
    assert all(f"\n  {name.split()[0]} " in shown for name in COMMANDS)


def test_help_shows_the_groups() -> None:
    shown = credence("decide-file", "--help").stdout

    groups = [line for line in shown.splitlines() if line.rstrip(":") in PANELS]
    assert groups == [f"{group}:" for group in PANELS if group not in (WHO, FOUND)]
    assert f"\n{WHO}:\n" in credence("people", "add", "--help").stdout
    assert "[default: local[*]]" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_on_the_page(name: str) -> None:
    """`python scripts/option_tables.py` writes the tables anew, each between two marks that its section has."""
    document = DOCUMENT.read_text(encoding="utf-8")

    assert f"<!-- options of {name} -->\n{option_table(COMMANDS[name])}<!-- end -->\n" in document
    assert f"[`credence {name}" in document


def test_the_tables_are_written_between_their_marks_and_nothing_else_changes() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    emptied = document.replace(option_table(COMMANDS["check"]), "old\n")

    assert emptied != document
    assert with_tables(emptied) == document


def test_a_command_without_marks_is_no_table_less_but_an_error() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")

    for command in COMMANDS:
        for other in ("", f"<!-- options of {command}s -->\n", f"<!-- options of {command} -->\n<!-- end -->\n" * 2):
            with pytest.raises(ValueError, match=f"'{command}'"):
                with_tables(document.replace(f"<!-- options of {command} -->\n", other))


# --- blocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A block of two options."""

    width: Annotated[int, typer.Option("--width", help="How wide.")]
    height: Annotated[int, typer.Option("--height", help="How high.")] = 3


def test_a_block_is_its_options_and_comes_as_one_object() -> None:
    shapes: list[tuple[Shape, str]] = []

    def draw(shape: Shape, colour: Annotated[str, typer.Option("--colour")] = "red") -> None:
        """Draw a shape."""
        shapes.append((shape, colour))

    app = typer.Typer()
    app.command()(with_blocks(draw))

    assert CliRunner().invoke(app, ["--width", "2", "--colour", "blue"]).exit_code == 0
    assert shapes == [(Shape(width=2, height=3), "blue")]
    assert "--width" in CliRunner().invoke(app, []).stderr, "a field without a default is required"


# --- one word, one meaning -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "test"])
def test_the_policies_may_be_named_in_two_ways(tmp_path: Path, command: str) -> None:
    rules = desk(tmp_path / "rules")
    runs = [credence(command, *words, "--json") for words in ((rules,), ("--rules", rules), (rules, "--rules", rules))]

    assert [run.exit_code for run in runs] == [0, 0, 0]
    if command == "check":
        assert len({run.stdout for run in runs}) == 1
    both = credence(command, rules, "--rules", tmp_path)
    assert (both.exit_code, "is given twice" in both.stderr, "--rules" in both.stderr) == (2, True, True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["--summary", "outcome,reason", "in.csv"], ["--summary-by", "outcome,reason", "in.csv"]),
        (["in.csv", "--summary", "outcome, dunning.step"], ["in.csv", "--summary-by", "outcome, dunning.step"]),
        (["--summary=outcome", "in.csv"], ["--summary-by", "outcome", "in.csv"]),
        (["--summary", "in.csv"], ["--summary", "in.csv"]),
        (["--summary", "books/in"], ["--summary", "books/in"]),
        (["--summary", "orders-*"], ["--summary", "orders-*"]),
        (["in.csv", "--summary"], ["in.csv", "--summary"]),
        (["--summary", "--quiet", "in.csv"], ["--summary", "--quiet", "in.csv"]),
        (["--", "--summary", "outcome"], ["--", "--summary", "outcome"]),
    ],
)
def test_summary_takes_no_names_and_understands_those_who_still_give_them(typed: list[str], meant: list[str]) -> None:
    assert with_summary_by(typed) == meant


def test_what_could_be_a_name_and_a_file_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("outcome").write_text("", encoding="utf-8")

    result = credence("decide-file", "--summary", "outcome", "--out", "o.ndjson")

    assert (result.exit_code, "write --summary-by outcome" in result.stderr) == (2, True)


REQUESTS = [
    {"order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1", "insolvent": True}},
    {"order": {"id": "SO-2", "amount": "900.00"}, "account": {"id": "C-1"}},
    {"order": {"id": "SO-3", "amount": "900.00"}, "account": {"id": "C-1", "insolvent": False}},
    {"order": {"id": "SO-4", "amount": "x"}, "account": {"id": "C-1"}},
]


def _requests(folder: Path) -> tuple[Path, Path]:
    rules, source = desk(folder / "rules"), folder / "in.ndjson"
    source.write_text("".join(json.dumps(request) + "\n" for request in REQUESTS), encoding="utf-8")
    return rules, source


@pytest.mark.parametrize("form", long_after(1, [(("--json",),), ((),)]))
def test_a_summary_is_the_same_whatever_decides(tmp_path: Path, form: tuple[str, ...]) -> None:
    rules, source = _requests(tmp_path)
    common = ("--case", "order", "--rules", rules, "--as-of", "2026-07-01", "--out", tmp_path / "o.ndjson", "--summary")
    runs = [
        credence(*command, source, *common, *form)
        for command in (("decide-file",), ("decide-file", "--engine", "duckdb"), ("batch",))
    ]

    assert [run.exit_code for run in runs] == [1, 1, 1], runs[0].output
    assert len({run.stdout for run in runs}) == 1
    assert all("over-limit" in run.stdout for run in runs)
    for run in runs:
        assert f"the rejects and their faults are in {tmp_path / 'o.ndjson.rejects.csv'}" in run.stderr
    if form:
        counts = json.loads(runs[0].stdout)
        assert (counts["rows"], counts["decided"], counts["rejected"]) == (4, 3, 1)
        assert counts["outcomes"] == {"approve": 2, "approve_with_conditions": 0, "hold": 0, "reject": 1}
        assert counts["rules"]["orders.insolvent"] == {"fired": 1, "undetermined": 1}


def test_batch_is_decide_file_with_another_engine(tmp_path: Path) -> None:
    rules, source = _requests(tmp_path)
    written = []
    for command in (("batch",), ("decide-file", "--engine", "duckdb")):
        options = ("--case", "order", "--rules", rules, "--as-of", "2026-07-01", "--out", tmp_path / "o.csv")
        assert credence(*command, source, *options).exit_code == 1
        written.append([(tmp_path / name).read_bytes() for name in ("o.csv", "o.csv.rejects.csv")])

    assert written[0] == written[1]


def test_tables_are_data_too(tmp_path: Path) -> None:
    rules, source = _requests(tmp_path)
    by = ("--summary-by", "outcome", "--total", "order.amount", "--json", "--quiet")
    result = credence("decide-file", source, "--case", "order", "--rules", rules, "--out", tmp_path / "o.ndjson", *by)

    [table] = json.loads(result.stdout)["tables"]
    assert table["by"] == ["outcome"]
    assert {"values": {"outcome": "reject"}, "rows": 1, "totals": {"order.amount": "12000.00"}} in table["groups"]
    assert "rows =" not in result.stderr
    assert "the rejects and their faults are in" in result.stderr


PLAIN_MAP = """\
map: plain
title: {en: Plain, zh: 简单}
case: order
facts:
  order.id: {column: No}
  order.amount: {column: Amount}
  account.id: {column: Customer}
...
"""


def test_the_map_says_the_kind_of_case(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (tmp_path / "map.yaml").write_text(PLAIN_MAP, encoding="utf-8")
    (tmp_path / "in.csv").write_text("No,Customer,Amount\nS1,C1,12000\n", encoding="utf-8")
    common = (tmp_path / "in.csv", "--rules", rules, "--out", tmp_path / "o.ndjson")

    assert credence("batch", *common, "--map", tmp_path / "map.yaml").exit_code == 0
    assert '"outcome":"hold"' in (tmp_path / "o.ndjson").read_text(encoding="utf-8").replace(" ", "")
    neither = credence("batch", *common)
    assert (neither.exit_code, "what is decided? Give --map, or --case" in neither.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("decide-file", ("--no-results",), "give --engine duckdb for --no-results"),
        ("decide-file", ("--master", "local[1]"), "--master is for Spark"),
        ("decide-file", ("--out", "o.parquet"), "row by row the decisions are written as JSON"),
        ("decide-file", ("--out", "o.csv"), "row by row the decisions are written as JSON"),
        ("decide-file", ("more.ndjson",), "row by row one file is decided at a time, not 2"),
        ("batch", ("--summary-by", "outcome"), "--summary-by and --total are for --engine python"),
        ("batch", ("--summary", "outcome"), "--summary-by and --total are for --engine python"),
        ("batch", ("--master", "local[1]"), "--master is for Spark"),
        ("batch", ("--engine", "python"), "`credence decide-file` decides row by row"),
    ],
)
def test_what_one_engine_can_not_do_is_refused_in_words(
    tmp_path: Path, command: str, options: tuple[str, ...], message: str
) -> None:
    rules, source = _requests(tmp_path)
    out = () if "--out" in options else ("--out", tmp_path / "o.ndjson")

    result = credence(command, source, "--case", "order", "--rules", rules, *out, *options)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.ndjson", "rules"]


def test_a_parquet_file_is_refused_row_by_row_with_a_way_out(tmp_path: Path) -> None:
    result = credence("decide-file", tmp_path / "in.parquet", "--case", "order", "--out", tmp_path / "o.ndjson")

    assert (result.exit_code, "only CSV and NDJSON are decided; give --engine duckdb" in result.stderr) == (2, True)


def test_quiet_leaves_what_matters(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (tmp_path / "in.csv").write_text(HEADING + "0001,C-1\n", encoding="utf-8")
    options = ("--map", rules / "maps" / "erp.yaml", "--rules", rules, "--out", tmp_path / "o.ndjson", "--quiet")

    result = credence("decide-file", tmp_path / "in.csv", *options)

    where = tmp_path / "o.ndjson.rejects.csv"
    assert (result.exit_code, result.stderr) == (1, f"the rejects and their faults are in {where}\n")
    with where.open(encoding="utf-8", newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["2"]


def test_a_new_folder_is_described_as_data(tmp_path: Path) -> None:
    found = json.loads(credence("init", tmp_path / "credit", "--json").stdout)

    assert found["folder"] == str(tmp_path / "credit")
    assert {str(path.relative_to(tmp_path / "credit")) for path in (tmp_path / "credit").rglob("*.*")} == set(
        found["files"]
    )
