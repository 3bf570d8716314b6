"""The case that `credence decide` and `credence explain` are about: from a file, stdin and options."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from api.cli.terminal import Language, engine_of, refuse
from engine.diagnostics.wording import did_you_mean
from engine.pipeline import Engine
from engine.reading.document import BYTES_MAX
from engine.vocabulary.binding import Fault
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import DATE
from files.batch.decide_file import stable_id
from files.bounded_files import read_named
from files.case_file import read_case
from files.input_refused import InputRefused

FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help='JSON or YAML file, or - for stdin: {"case": "order", "as_of": "2026-07-01", "order": {…}, "account": '
        "{…}}. A cases file works too, with --test.",
    ),
]
CaseOption = Annotated[str | None, typer.Option("--case", help=f"Case kind: {', '.join(CASE_KINDS)}.")]
TestOption = Annotated[str | None, typer.Option("--test", metavar="NAME", help="A test of the cases file CASE.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Date of the decision; default: the file's, else today."
    ),
]
RulesOption = Annotated[Path, typer.Option("--rules", metavar="DIR", help="Folder of the policies.")]
LanguageOption = Annotated[Language, typer.Option("--lang", help="Language of the texts.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, in both languages.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    engine: Engine
    case: str
    facts: Mapping[str, object]
    as_of: date
    id: str


def chosen(file: str, case: str | None, test: str | None, as_of: datetime | None, rules: Path) -> Chosen:
    """Ends the command where there is no case to decide."""
    engine = engine_of(rules)
    content, name = _content(file)
    try:
        found = read_case(content, name, engine.vocabulary, test)
    except InputRefused as refused:
        refuse(str(refused))
    kind = case_kind(case) if case else found.case
    if kind is None:
        refuse(f"{name} doesn't say what kind of case it is; add `case`, or give --case {'|'.join(CASE_KINDS)}")
    when = day_of(as_of) if as_of else found.as_of or today()
    id_ = stable_id(kind, when.isoformat(), engine.version, repr(sorted(found.facts.items())))
    return Chosen(engine, kind, found.facts, when, id_)


def case_kind(word: str) -> str:
    if word not in CASE_KINDS:
        refuse(f"`{word}` is not a case kind ({did_you_mean(word, CASE_KINDS)})")
    return word


def today() -> date:
    """In this machine's time zone: the user's own day."""
    return datetime.now().astimezone().date()


def day_of(moment: datetime) -> date:
    day = moment.date()
    if not DATE.low <= day_number(day) <= DATE.high:
        refuse(f"--as-of {day} is outside of what policies can speak about, 1900 to 2199")
    return day


def refuse_facts(faults: tuple[Fault, ...]) -> NoReturn:
    lines = "\n".join(f"  {fault}" for fault in faults)
    refuse(f"the facts can't be decided on:\n{lines}")


def _content(file: str) -> tuple[bytes, str]:
    name = "stdin" if file == "-" else file
    try:
        content = sys.stdin.buffer.read(BYTES_MAX + 1) if file == "-" else read_named(Path(file))
    except OSError as error:
        refuse(f"`{file}` can't be read: {error.strerror}")
    if len(content) > BYTES_MAX:
        refuse(f"`{name}` has more than {BYTES_MAX} bytes, too many for a case; `credence batch` takes tables")
    return content, name
