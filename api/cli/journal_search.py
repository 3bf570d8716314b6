"""`credence journal search`: records found by what is known of them, the newest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from api.cli.console import err, out, print_json, refuse
from api.cli.options import PRINTED, JournalOption, JsonOption
from api.cli.progress import ShowProgress, progress_bar
from api.cli.record_options import RecordOptions, journal_to_read

if TYPE_CHECKING:
    from ledger.journal.journal import Journal
    from ledger.record.record_header import Header
    from ledger.search.record_filter import RecordFilter
    from ledger.search.record_search import Page

LIMIT = 50
_HEADINGS = ("number", "recorded", "what", "outcome", "subject", "account", "by")

LimitOption = Annotated[
    int,
    typer.Option("--limit", metavar="COUNT", help="At most so many, 1 or more.", rich_help_panel=PRINTED),
]
AfterOption = Annotated[
    str | None,
    typer.Option(
        "--after",
        metavar="CURSOR",
        help="Go on with older ones: what the search before printed, with the same options.",
        rich_help_panel=PRINTED,
    ),
]


def search(
    *,
    records: RecordOptions,
    journal: JournalOption = None,
    limit: LimitOption = LIMIT,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find records of the journal by what is known of them, the newest first.

    Whoever may read the journal's files and its keys may run it; nothing is changed, and the service may go on. All
    options that are given must hold. By --account, --subject and --rule a page takes no time however long the journal
    is; --from and --until narrow what else would be looked for record by record. `credence journal show` shows one.

    Example:  credence journal search --account C-17 --outcome hold --from 2026-03-01

    Exit code: 0 searched, whether or not anything was found; 2 an option can't be used, or the journal can't be read.
    """
    from ledger.search.cursors import BadCursor

    wanted = records.filter(*([f"--limit is {limit}; write 1 or more"] if limit < 1 else []))
    with journal_to_read(journal) as kept, progress_bar(quiet=as_json) as show:
        try:
            found, more, reached = _searched(kept, wanted, limit, after, show)
        except BadCursor as error:
            refuse(str(error))
        lines = [_told(kept, header) for header in found]
    if as_json:
        print_json({"records": lines, "next": more, "searched_to": reached})
        return
    _print(lines)
    if more is not None:
        err().print(Text(f"older ones: the same with --after {more}"))


def _searched(
    journal: Journal, wanted: RecordFilter, limit: int, after: str | None, show: ShowProgress
) -> tuple[list[Header], str | None, int]:
    """As many calls as it takes; each looks at so many headers. Raises `BadCursor`."""
    from ledger.search.cursors import read_cursor

    below = None if after is None else journal.ask(lambda _, keys: read_cursor(keys, wanted, after))
    found: list[Header] = []
    while True:
        page = _page(journal, wanted, below, limit - len(found))
        found, below = [*found, *page.records], page.searched_to
        if page.is_last or len(found) == limit:
            return found, None if page.is_last else _cursor(journal, wanted, page.searched_to), page.searched_to
        show("searching backwards", None)


def _page(journal: Journal, wanted: RecordFilter, below: int | None, limit: int) -> Page[Header]:
    from ledger.search.record_search import headers_wanted

    return journal.ask(lambda connection, keys: headers_wanted(connection, keys, wanted, below, limit))


def _cursor(journal: Journal, wanted: RecordFilter, below: int) -> str:
    from ledger.search.cursors import cursor

    return journal.ask(lambda _, keys: cursor(keys, wanted, below))


def _told(journal: Journal, header: Header) -> dict[str, Any]:
    """The header's members, and what the body says of whom it is about; `trouble` where that can't be read."""
    from ledger.journal.opened_records import BodyGone
    from ledger.search.record_contents import contents_of
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    said: dict[str, Any] = json.loads(header.canonical_text())
    try:
        record = journal.record_called(str(header.seq))
        if record is None:
            return said
        contents = contents_of(record)
    except BodyGone as gone:
        return {**said, "gone": {"how": gone.record.how, "by": gone.record.by}}
    except (JournalUnavailable, FileTrouble) as error:
        return {**said, "trouble": str(error)}
    return {
        **said,
        "actor": record.actor,
        "request_id": record.request_id,
        "subject": contents.subject,
        "account": contents.account,
    }


def _print(lines: list[dict[str, Any]]) -> None:
    """A table whose columns are as wide as they need to be."""
    if not lines:
        out().print("nothing found")
        return
    rows = [_HEADINGS, *map(_row, lines)]
    widths = [max(Text(cell).cell_len for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell + " " * (width - Text(cell).cell_len) for cell, width in zip(row, widths, strict=True)]
        cells[0] = " " * (widths[0] - len(row[0])) + row[0]
        out().print(Text("  ".join(cells).rstrip()), soft_wrap=True)
    if troubles := [f"record {line['seq']}: {line['trouble']}" for line in lines if "trouble" in line]:
        err().print(Text("\n".join(troubles)))


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    if gone := line.get("gone"):
        line = {**line, "subject": f"({gone['how']})"}
    named = [line.get(name) or "" for name in ("outcome", "subject", "account", "actor")]
    return (str(line["seq"]), line["at"], line["case"] or line["kind"], *named)
