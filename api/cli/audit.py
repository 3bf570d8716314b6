"""`credence audit`: reports for auditors from a journal, each line with the record that proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, refuse
from api.cli.options import READ, WRITTEN, JournalOption, QuietOption
from api.cli.progress import progress_bar
from api.cli.record_options import RecordArgument, SinceOption, UntilOption, journal_to_read

if TYPE_CHECKING:
    from decimal import Decimal

    from ledger.audit.report_lines import ReportLine
    from ledger.journal.journal import Journal
    from ledger.search.record_filter import RecordFilter

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--save",
        metavar="FILE",
        help="Write the report to this file, CSV where its name ends in .csv, else NDJSON, instead of printing it.",
        rich_help_panel=WRITTEN,
    ),
]
ProofsOption = Annotated[
    Path | None,
    typer.Option(
        "--proofs",
        metavar="FOLDER",
        help="Write the proof of each record that the report names into this new folder, as NUMBER.tlog-proof.",
        rich_help_panel=WRITTEN,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Where a report goes."""

    save: OutOption = None
    """None: to standard output, as NDJSON."""

    proofs: ProofsOption = None
    """A new folder; None: none are written."""


def policy_changes(*, report: ReportOptions, journal: JournalOption = None) -> None:
    """Report which policies took effect when, by whom, and what each change was: files, rules, parameters old → new.

    A line for each time that a policy set took effect, with the number and the leaf of its record. What differs is
    compared as authors wrote it. Where a text isn't kept, or isn't the one that its version stands for, the line says
    that as its finding and nothing else of the change.

    Example:  credence audit policy-changes --save changes.csv --proofs proofs

    Exit code: 0 reported, 1 at least one text is missing or another one, 2 the journal can't be read, or something
    can't be written.
    """
    from ledger.audit import policy_changes as changes

    with journal_to_read(journal) as kept:
        lines = kept.ask(changes.policy_changes)
        write_report(kept, lines, changes.COLUMNS, report)
    if any(line.values["finding"] for line in lines):
        raise typer.Exit(FOUND_PROBLEMS)


def access(*, report: ReportOptions, journal: JournalOption = None) -> None:
    """Report who may what, and which duties conflict in one hand.

    A line for each person and each key: roles, authority, whether it still opens anything, and conflicts, such as
    somebody who writes policies and puts them into force. Its record is the last act that set it.

    Example:  credence audit access --save access.csv

    Exit code: 0 reported, 1 at least one conflict, 2 the journal can't be read, or something can't be written.
    """
    from ledger.audit import access_review as review

    now = datetime.now(UTC)
    with journal_to_read(journal) as kept:
        lines = kept.ask(lambda connection, keys: review.access_review(connection, keys, now))
        write_report(kept, lines, review.COLUMNS, report)
    if any(line.values["conflicts"] for line in lines):
        raise typer.Exit(FOUND_PROBLEMS)


ListArgument = Annotated[Path, typer.Argument(metavar="LIST", help="Order numbers from elsewhere: CSV with a heading.")]
IdColumnOption = Annotated[
    str | None,
    typer.Option(
        "--id-column",
        metavar="NAME",
        help="The list's column with order numbers.",
        show_default="the first",
        rich_help_panel=READ,
    ),
]
AmountColumnOption = Annotated[
    str | None,
    typer.Option(
        "--amount-column",
        metavar="NAME",
        help="The list's column with amounts, which are compared with those decided on.",
        show_default="amounts aren't compared",
        rich_help_panel=READ,
    ),
]


def completeness(
    *,
    listed: ListArgument,
    id_column: IdColumnOption = None,
    amount_column: AmountColumnOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    report: ReportOptions,
    journal: JournalOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compare a list of orders, such as the ERP's, with what was decided: missing, extra, other amount.

    The list must be of the same period as --from and --until. Of an order that was asked about several times the newest
    decision counts.

    Example:  credence audit completeness orders.csv --amount-column Amount --from 2026-03-01 --until 2026-03-31

    Exit code: 0 all are there, 1 at least one finding, 2 the list, an option or the journal can't be used.
    """
    from ledger.audit import completeness as complete
    from ledger.search.all_wanted import places_wanted, records_at

    wanted = _wanted({"case": "order", "from": since, "until": until})
    orders = _orders(listed, id_column, amount_column)
    with journal_to_read(journal) as kept:
        with progress_bar(quiet=quiet) as show:
            places = places_wanted(kept, wanted, None, lambda found: show("finding", None, found))
            found = complete.completeness(orders, records_at(kept, places))
        records = sorted({each.seq for each in found.findings if each.seq is not None})
        write_report(kept, found.lines(kept), complete.COLUMNS, report, records)
    err().print(Text(found.said()))
    if found.findings:
        raise typer.Exit(FOUND_PROBLEMS)


def _orders(path: Path, id_column: str | None, amount_column: str | None) -> dict[str, Decimal | None]:
    from ledger.audit.completeness import BYTES_MAX, ListRefused, read_orders

    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            refuse(f"`{path}` has more than {BYTES_MAX >> 20} MB; split it by period")
        return read_orders(content.decode(), id_column, amount_column)
    except OSError as error:
        refuse(f"`{path}` can't be read: {error.strerror}")
    except UnicodeError:
        refuse(f"`{path}` is no text in UTF-8; save it as one")
    except ListRefused as error:
        refuse(f"`{path}`: {error}")


def _wanted(words: Mapping[str, str | None]) -> RecordFilter:
    """Decisions by a filter of words. Ends the command where one can't be used."""
    from dataclasses import replace

    from ledger.search.filter_words import FilterRefused, read_filter
    from ledger.search.record_search import DECIDED

    try:
        return replace(read_filter({name: word for name, word in words.items() if word is not None}), kinds=DECIDED)
    except FilterRefused as refused:
        refuse("\n".join(f"--{each.name} {each.message}; {each.hint}" for each in refused.faults))


LanguageOption = Annotated[
    str, typer.Option("--lang", metavar="LANGUAGE", help="Of the page: en or zh.", rich_help_panel=WRITTEN)
]
PageOption = Annotated[
    Path, typer.Option("--save", metavar="FILE", help="Write the page to this file.", rich_help_panel=WRITTEN)
]


def case(
    *,
    record: RecordArgument,
    save: PageOption = Path("case.html"),
    language: LanguageOption = "en",
    journal: JournalOption = None,
) -> None:
    """Write one decision's case file: a page to print, with all that belongs to it.

    Facts, outcome and reasons, the policy text of the day, approvals, and the proof that the record is in the journal.
    The page opens anywhere, fetches nothing and runs no script. It holds the customer's figures.

    Example:  credence audit case 01a20069-767e-7289-841e-0c1e0d8f48ea --save SO-1001.html --lang zh

    Exit code: 0 written, 2 there is no such decision, an option can't be used, or the journal can't be read.
    """
    from ledger.audit.case_page import LANGUAGES, NoCase, case_file
    from ledger.audit.case_sources import case_sources
    from ledger.store.trouble import FileTrouble

    if language not in LANGUAGES:
        refuse(f"--lang `{language}` has no case files; write {' or '.join(LANGUAGES)}")
    with journal_to_read(journal) as kept:
        try:
            sources = case_sources(kept, record)
            if sources is None:
                refuse(f"the journal has no record `{record}`; give a decision's id or a record's number")
            page = case_file(sources, language)
        except NoCase as error:
            refuse(f"{error}; give a decision")
        except FileTrouble as error:
            refuse(str(error))
    save_text(save, (page,))
    err().print(Text(f"the case file is in {save}"))


# --- writing ---------------------------------------------------------------------------------------------------------


def write_report(
    journal: Journal,
    lines: Iterable[ReportLine],
    columns: Iterable[str],
    options: ReportOptions,
    records: Sequence[int] | None = None,
) -> None:
    """Prints or saves the lines, one at a time, and saves the proofs of the records that they name. `records`: those,
    if they are known before the lines are made. Ends the command where that can't be done."""
    from ledger.audit.report_lines import as_csv, as_ndjson

    if options.proofs is not None:
        if records is None:
            lines = list(lines)
            records = sorted({line.header.seq for line in lines if line.header is not None})
        write_proofs(journal, records, options.proofs)
    is_csv = options.save is not None and options.save.suffix.lower() == ".csv"
    texts = as_csv(lines, columns) if is_csv else as_ndjson(lines)
    if options.save is not None:
        save_text(options.save, texts)
        return
    for text in texts:
        out().print(Text(text), end="", soft_wrap=True)


def write_proofs(journal: Journal, records: Iterable[int], folder: Path, size: int | None = None) -> None:
    """A file for each record, all by one checkpoint: that of so many records, or the newest. Ends the
    command where one can't be proved or written."""
    from ledger.audit.proof_files import proofs_of
    from ledger.verify.proving import NotProvedYet

    try:
        folder.mkdir(mode=0o700)
        for seq, text in proofs_of(journal, records, size):
            (folder / f"{seq}.tlog-proof").write_text(text, "utf-8", newline="")
    except FileExistsError:
        refuse(f"`{folder}` is there already; nothing was written; give a new folder")
    except NotProvedYet as error:
        refuse(f"{error}; one is signed each second in which the journal grows, so try again")
    except OSError as error:
        refuse(f"`{folder}` can't be written: {error.strerror}")


def save_text(path: Path, texts: Iterable[str]) -> None:
    """Whole or not at all. Ends the command where it can't be written."""
    from files.whole_files import whole_files

    try:
        with whole_files((path,)) as (file,):
            file.writelines(texts)
    except OSError as error:
        refuse(f"--save `{path}` can't be written: {error.strerror}")
