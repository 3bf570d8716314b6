"""Every option that more than one command has, defined once: its name, type, metavar and help.

An option means the same wherever it stands. `--rules` is always the folder of the policies, `--out` what is decided,
`--rejects` where rows with faults go, `--summary` a flag. Options that go together are an *option block*, a dataclass
that a command takes as one parameter; `api.cli.grammar.with_blocks` makes single options of it for typer.

Options of one command only stand in that command's module, in one of the groups of `PANELS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import err, refuse
from engine.diagnostics.wording import did_you_mean
from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.languages import LANGUAGE_NAMES, language_meant
from engine.vocabulary.vocabulary import DATE

DECIDED = "What is decided"
WHO = "Whom it is about"
POLICIES = "The policies"
FOUND = "What is looked for"
READ = "Files that are read"
WRITTEN = "Files that are written"
PRINTED = "What is printed"
RUNNING = "How it runs"
PANELS = (DECIDED, WHO, FOUND, READ, POLICIES, WRITTEN, PRINTED, RUNNING)
"""The groups of options in `--help`, in their order there."""

RULES = Path("rules")
"""The folder of the policies where none is given."""

DAY_FORMATS = ["%Y-%m-%d"]
"""How dates are written on the command line: ISO 8601, as in policies."""


class FileEngine(StrEnum):
    """What decides the rows of files. All of them give the same decisions."""

    PYTHON = "python"
    """Row by row through the service's own code: every text, any encoding; thousands of rows a second."""

    DUCKDB = "duckdb"
    """The policies as one SQL query, in this process: millions of rows, without the texts."""

    SPARK = "spark"
    """The same query on a cluster."""


# --- single options --------------------------------------------------------------------------------------------------

YesOption = Annotated[
    bool,
    typer.Option("--yes", help="Do it; without it the command only shows what it would do.", rich_help_panel=RUNNING),
]
_KINDS = ", ".join(CASE_KINDS)
_DAY = "Day for which is decided: its parameters are in force, and days overdue count up to it."

CASE_OPTION = typer.Option(
    "--case",
    metavar="KIND",
    help=f"Kind of case: {_KINDS}. Needed where neither a case nor a map says it.",
    rich_help_panel=DECIDED,
)
CaseOption = Annotated[str | None, CASE_OPTION]
DayOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=DAY_FORMATS,
        metavar="DATE",
        help=f"{_DAY} Default: today at the site.",
        rich_help_panel=DECIDED,
    ),
]
CaseDayOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=DAY_FORMATS,
        metavar="DATE",
        help=f"{_DAY} Default: the date in the case, else today at the site.",
        rich_help_panel=DECIDED,
    ),
]
_RULES_HELP = "Folder of the policies."
RulesOption = Annotated[
    Path, typer.Option("--rules", metavar="DIR", help=_RULES_HELP, show_default=True, rich_help_panel=POLICIES)
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help=_RULES_HELP, show_default=str(RULES), rich_help_panel=POLICIES),
]
FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="DIR",
        help="Folder of the policies, with policy tests in cases/ and maps in maps/; the same as --rules.",
        show_default=str(RULES),
    ),
]
ROW_MAP_OPTION = typer.Option(
    "--map",
    metavar="FILE",
    help="Row map: which column holds which fact (it begins with `map:`).",
    rich_help_panel=READ,
)
RowMapOption = Annotated[Path, ROW_MAP_OPTION]
RatesOption = Annotated[
    Path | None,
    typer.Option(
        "--rates",
        metavar="FILE",
        help="Exchange rates for amounts in other currencies: CSV with the columns currency, date and rate.",
        rich_help_panel=READ,
    ),
]
EncodingOption = Annotated[
    str,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Encoding of CSV and NDJSON files, such as gb18030 or cp1252.",
        show_default=True,
        rich_help_panel=READ,
    ),
]
DelimiterOption = Annotated[
    str,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="What separates the cells of CSV files; \\t for a tab.",
        show_default=True,
        rich_help_panel=READ,
    ),
]
OutOption = Annotated[
    str,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where the decisions go: .ndjson or .jsonl; with --engine duckdb or spark also .parquet and .csv.",
        rich_help_panel=WRITTEN,
    ),
]
RejectsOption = Annotated[
    str | None,
    typer.Option(
        "--rejects",
        metavar="FILE",
        help="Where rows with faults go. Default: the name of the decisions or of the report with .rejects.csv behind "
        "it, on Spark .rejects.parquet.",
        rich_help_panel=WRITTEN,
    ),
]
SpreadsheetOption = Annotated[
    bool,
    typer.Option(
        "--spreadsheet",
        help="CSV outputs are for a spreadsheet: text that begins like a formula (= + - @) gets a ' before it.",
        rich_help_panel=WRITTEN,
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        "--out",
        metavar="FILE",
        help="Write the report as one HTML file, which opens offline and prints, instead of as text. --out is its "
        "older name.",
        rich_help_panel=WRITTEN,
    ),
]
JournalOption = Annotated[
    str | None,
    typer.Option(
        "--journal",
        metavar="PLACE",
        help="The journal: an SQLite file, or postgresql://user@host/database.",
        show_default="var/credence.db",
        rich_help_panel=WRITTEN,
    ),
]
TrustOption = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        help="A trust policy (C2SP tlog-policy): the journal's key, the witnesses, and how many of them it takes.",
        rich_help_panel=READ,
    ),
]
WitnessNotesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--witness-notes",
        metavar="PLACE",
        help="What a witness keeps: its state, or a folder of copies of it; with --trust. Repeat it for several.",
        rich_help_panel=READ,
    ),
]
MirrorOption = Annotated[
    Path | None,
    typer.Option(
        "--mirror",
        metavar="FILE",
        help="A witness's mirror: the hash of each record, 32 bytes each.",
        rich_help_panel=READ,
    ),
]
SaveOption = Annotated[
    Path | None,
    typer.Option(
        "--save", metavar="FILE", help="Write it to this new file instead of printing it.", rich_help_panel=WRITTEN
    ),
]

JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the result as JSON instead of as text; texts of policies come in all languages.",
        rich_help_panel=PRINTED,
    ),
]


def _known_language(written: str | None) -> str | None:
    if written is None or written in LANGUAGE_NAMES:
        return written
    meant = language_meant(written)
    hint = f"did you mean `{meant}`?" if meant else "write its code in ISO 639-1, such as `en` or `zh`"
    raise typer.BadParameter(f"`{written}` is not a language ({hint})")


LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="LANGUAGE",
        callback=_known_language,
        help="Language of the text, such as en or zh. Default: the first under `languages` in facts.yaml, or en.",
        rich_help_panel=PRINTED,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", help="No progress bar and no counts; faults and notes are printed still.", rich_help_panel=PRINTED
    ),
]
EngineOption = Annotated[
    FileEngine,
    typer.Option(
        "--engine",
        help="What decides: python row by row, with every text; duckdb or spark by one SQL query, millions of rows.",
        show_default=True,
        rich_help_panel=RUNNING,
    ),
]

# --- blocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOptions:
    """Which case `decide` and `explain` are about, and by which policies."""

    file: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help='JSON or YAML file, or - for stdin: {"case": "order", "as_of": "2026-07-01", "order": {…}, "account": '
            "{…}}. A cases file works too, with --test.",
        ),
    ]
    """The file's name, or `-` for standard input."""

    case: CaseOption = None
    """The case kind; None: the file says it."""

    test: Annotated[
        str | None,
        typer.Option("--test", metavar="NAME", help="A test of the cases file CASE.", rich_help_panel=DECIDED),
    ] = None
    """The test whose facts are the case, where the file holds policy tests."""

    as_of: CaseDayOption = None
    """The day for which is decided; None: the file says it, or it is today."""

    rates: RatesOption = None
    """What other currencies are worth; None: only what the case itself says."""

    rules: RulesOption = RULES
    """The folder of the policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """How an answer is printed."""

    language: LanguageOption = None
    """The language of text, by code; None: the site's first. JSON holds all."""

    as_json: JsonOption = False
    """JSON instead of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFileOptions:
    """How text files are read. `api.cli.input_files` says what the values may be."""

    encoding: EncodingOption = "utf-8"
    """The name of an encoding, as Python knows it."""

    delimiter: DelimiterOption = ","
    r"""One character, or `\t`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectsOptions:
    """Where the rows go that can't be used."""

    rejects: RejectsOption = None
    """A file's path; None: a name behind that of the output."""

    spreadsheet: SpreadsheetOption = False
    """Whether cells that begin like a formula are marked in the CSV files that are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What `decide-file` and `batch` decide, by which policies, and where the decisions go."""

    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="CSV or NDJSON, one file. With --engine duckdb or spark also Parquet, several files, and globs in "
            "quotes; with duckdb Arrow, too.",
        ),
    ]
    """Paths or globs; for Spark, paths of the cluster's storage."""

    out_file: OutOption
    """The path of the decisions; for Spark, of a new folder in the cluster's storage."""

    map_file: Annotated[Path | None, ROW_MAP_OPTION] = None
    """The row map; None: NDJSON rows are requests as they stand, and columns are named like facts."""

    case: CaseOption = None
    """The case kind; None: the map's."""

    as_of: DayOption = None
    """The day for which is decided; None: today."""

    rates: RatesOption = None
    """What other currencies are worth; None: rows in another one are rejected."""

    rules: RulesOption = RULES
    """The folder of the policies."""

    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--list",
            metavar="FACT=FILE",
            help="A fact that is a list from a file of its own, one record a row: account.open_items=open_items.csv. "
            "Repeat it for more (--engine python or duckdb).",
            rich_help_panel=READ,
        ),
    ] = None
    """Each a fact's name, `=`, and a path."""

    results: Annotated[
        bool,
        typer.Option(
            "--results/--no-results",
            help="Write every value, or only outcome, conditions and rules (--engine duckdb or spark).",
            rich_help_panel=WRITTEN,
        ),
    ] = True
    """Whether decisions hold each value of the policies."""

    master: Annotated[
        str | None,
        typer.Option(
            "--master",
            metavar="URL",
            help="Spark's master, such as spark://host:7077 (--engine spark).",
            show_default="local[*]",
            rich_help_panel=RUNNING,
        ),
    ] = None
    """The cluster; None: Spark in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOptions:
    """What `decide-file` and `batch` print of what they decided."""

    summary: Annotated[
        bool,
        typer.Option(
            "--summary",
            help="Print how many rows have each outcome, and for how many each rule fired or could not be told.",
            rich_help_panel=PRINTED,
        ),
    ] = False
    """Whether outcomes and rules are counted."""

    summary_by: Annotated[
        list[str] | None,
        typer.Option(
            "--summary-by",
            metavar="NAMES",
            help="Print a table grouped by these, with commas: outcome, reason, results (terms.net_days), facts. "
            "Repeat it for more tables (--engine python).",
            rich_help_panel=PRINTED,
        ),
    ] = None
    """The names that each table is grouped by, as they are typed."""

    total: Annotated[
        list[str] | None,
        typer.Option(
            "--total",
            metavar="FACT",
            help="Fact to add up in the tables of --summary-by; yes/no facts are counted (--engine python).",
            rich_help_panel=PRINTED,
        ),
    ] = None
    """The facts that each table has a column for."""

    as_json: JsonOption = False
    """Counts and tables as JSON instead of as text."""

    quiet: QuietOption = False
    """No progress bar, no counts on standard error."""


# --- values ----------------------------------------------------------------------------------------------------------


def case_kind(word: str) -> str:
    """The word, where it is a case kind; ends the command otherwise."""
    if word not in CASE_KINDS:
        refuse(f"`{word}` is not a case kind ({did_you_mean(word, CASE_KINDS)})")
    return word


def asked_language(written: str | None, engine: Engine) -> str | None:
    """The language that `--lang` asks for; None where it doesn't. Says what is shown instead where these policies have
    no texts in it."""
    listed = engine.vocabulary.languages
    if written is not None and written not in listed:
        name, shown = LANGUAGE_NAMES[written], LANGUAGE_NAMES[listed[0]]
        err().print(f"the policies have no texts in {name}, so they are shown in {shown} (`languages` in facts.yaml)")
    return written


def as_of_day(moment: datetime | None, engine: Engine) -> date:
    """The day that `--as-of` gives; today at the site of these policies where it isn't given."""
    return engine.day_at(datetime.now(UTC)) if moment is None else day_of(moment)


def day_of(moment: datetime) -> date:
    """The day that an option gives; ends the command where policies can't speak of it."""
    day = moment.date()
    if not DATE.low <= day_number(day) <= DATE.high:
        refuse(f"--as-of {day} is outside of what policies can speak about, 1900 to 2199")
    return day
