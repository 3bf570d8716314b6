"""`credence import`: files of another system into the ledger of a running service."""

from __future__ import annotations

import csv
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO
from urllib.parse import urlencode

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_diagnostics, print_json, refuse
from api.cli.input_files import known_encoding, one_character, refuse_idle_text_options
from api.cli.options import READ, RUNNING, WRITTEN, JsonOption, QuietOption, RulesOption, TextFileOptions
from api.cli.progress import ShowProgress, progress_bar
from api.cli.running_service import ServiceOptions

if TYPE_CHECKING:
    from ledger.imports.file_rows import RowReader
    from ledger.imports.import_map import ImportMap

KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="What the rows are: accounts, figures, limits, securities, groups, open-orders, invoices, open-items, "
        "payments or rates.",
    ),
]
FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="CSV, NDJSON or Parquet; several are imported one by one.")
]
ImportMapOption = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="FILE",
        help="Import map (YAML): which column of the file is which. Default: the headings are the columns' names.",
        rich_help_panel=READ,
    ),
]
CompleteOption = Annotated[
    bool,
    typer.Option(
        "--complete",
        help="Of open-items: the file holds everything that is open; what it lacks was paid by --on.",
        rich_help_panel=RUNNING,
    ),
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="DATE", help="The day of a list of open items. Default: today.", rich_help_panel=RUNNING
    ),
]
UpdateOption = Annotated[
    bool,
    typer.Option(
        "--update", help="Take rows that are there with other content; without it they are rejected.",
        rich_help_panel=RUNNING,
    ),
]  # fmt: skip
ReallyOption = Annotated[
    bool,
    typer.Option(
        "--really", help="Settle what a complete list lacks even where that is more than 30% of what is open.",
        rich_help_panel=RUNNING,
    ),
]  # fmt: skip
CheckOption = Annotated[
    bool,
    typer.Option(
        "--check", help="Read the files and say what can't be read; the ledger is not asked.", rich_help_panel=RUNNING
    ),
]
RejectsOption = Annotated[
    str | None,
    typer.Option(
        "--rejects", metavar="FILE", help="Write the rows that were not taken here, with what is wrong: CSV.",
        rich_help_panel=WRITTEN,
    ),
]  # fmt: skip

_COUNTS = ("new", "same", "changed", "rejected", "settled")
_WAIT_SECONDS = 0.3

_PLAIN = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}

_SHOWN_MAX = 20


def import_files(
    *,
    kind: KindArgument,
    files: FilesArgument,
    map_file: ImportMapOption = None,
    text: TextFileOptions,
    rules: RulesOption = Path("rules"),
    complete: CompleteOption = False,
    on: OnOption = None,
    update: UpdateOption = False,
    really: ReallyOption = False,
    check: CheckOption = False,
    rejects: RejectsOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Import files of another system: accounts, their figures and limits, invoices, payments, open orders, rates.

    Rows that are there already count as same, rows with other content are rejected unless --update takes them, and what
    can't be taken goes to --rejects with its line and every fault; the rest is in. The same file again goes on where it
    stopped. It needs a key with the role booking or desk.

    Example:  credence import open-items nightly.csv --complete --on 2026-07-01 --rejects rejects.csv

    Exit code: 0 all rows are in, 1 at least one is not, or the list was refused, 2 a file or the service can't be used.
    """
    word = _kind(kind)
    refuse_idle_text_options(text, files)
    options = {"update": update, "complete": complete, "really": really, "check": check}
    query = urlencode({name: "true" for name, given in options.items() if given} | ({"on": on} if on else {}))
    runs, faults = [], list[tuple[str, str, str]]()
    with progress_bar(quiet=quiet) as show:
        for path in files:
            run, rejected = _import(word, path, _HowToRead(map_file, text, rules), query, service, show)
            runs.append({"file": str(path), **run})
            faults += [(str(path), *each) for each in rejected]
    if rejects is not None:
        _write_rejects(Path(rejects), faults)
    if as_json:
        print_json(runs[0] if len(runs) == 1 else runs)
    else:
        _print(runs, faults, shown=rejects is None)
    if any(run["rejected"] or run["state"] == "refused" for run in runs):
        raise typer.Exit(FOUND_PROBLEMS)


def _kind(word: str) -> str:
    from engine.diagnostics.wording import did_you_mean
    from ledger.imports.import_kinds import ImportWord

    if word not in tuple(ImportWord):
        hint = did_you_mean(word, tuple(ImportWord)) or f"choose one of {', '.join(ImportWord)}"
        refuse(f"`{word}` is no kind of import; {hint}")
    return word


@dataclass(frozen=True, slots=True)
class _HowToRead:
    """How files are read before they are sent."""

    map_file: Path | None
    text: TextFileOptions
    rules: Path

    def is_sent_as_it_is(self, path: Path) -> bool:
        """Whether the service can read it."""
        return self.map_file is None and self.text == TextFileOptions() and path.suffix.lower() in _PLAIN


def _import(
    word: str, path: Path, reading: _HowToRead, query: str, service: ServiceOptions, show: ShowProgress
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What has come of a file, and the rows that were not taken: where they stand, and why."""
    from files.input_refused import InputRefused

    try:
        if reading.is_sent_as_it_is(path):
            with path.open("rb") as file:
                return _send(word, file, _PLAIN[path.suffix.lower()], query, service, show)
        with tempfile.TemporaryFile() as file:
            unread = _as_ndjson(path, _map(word, reading.map_file, reading.rules), reading.text, file)
            file.seek(0)
            run, rejected = _send(word, file, "application/x-ndjson", query, service, show)
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"`{path}` can't be read: {error.strerror}")
    run["rows"] += len(unread)
    run["rejected"] += len(unread)
    return run, [*unread, *rejected]


def _as_ndjson(path: Path, import_map: ImportMap, text: TextFileOptions, out_file: BinaryIO) -> list[tuple[str, str]]:
    """Rows as the service takes them, each with its line; gives those that can't be read. Raises `InputRefused`."""
    from ledger.imports.file_rows import PLACE, RowReader

    reader = RowReader(import_map)
    unread = []
    for row in _rows(path, reader, text):
        cells, fault = reader.cells(row)
        if fault:
            unread.append((str(row.line), fault))
        else:
            line = json.dumps({**cells, PLACE: str(row.line)}, ensure_ascii=False)
            out_file.write(line.encode() + b"\n")
    return unread


def _rows(path: Path, reader: RowReader, text: TextFileOptions) -> Iterator[Any]:
    from files.columnar import columnar_rows
    from files.formats import format_named
    from files.rows import open_rows

    format_ = format_named(path)
    if format_ is not None and not format_.is_text:
        yield from columnar_rows(path, reader.refuse_heading)
        return
    encoding, delimiter = known_encoding(text.encoding), one_character(text.delimiter)
    with open_rows(path, encoding=encoding, delimiter=delimiter, skip_lines=reader.map.skip_lines) as rows:
        if rows.heading is not None:
            reader.refuse_heading(rows.heading)
        yield from rows


def _map(word: str, map_file: Path | None, rules: Path) -> ImportMap:
    """Ends the command where the map can't be used."""
    from api.cli.policy_folder import vocabulary_of
    from engine.reading.document import read
    from ledger.imports.import_kinds import KINDS, ImportWord
    from ledger.imports.import_map import plain_map, read_import_map

    vocabulary = vocabulary_of(rules)
    if map_file is None:
        return plain_map(KINDS[ImportWord(word)], vocabulary)
    try:
        content = map_file.read_bytes()
    except OSError as error:
        refuse(f"the map `{map_file}` can't be read: {error.strerror}")
    document, mistakes = read(content, str(map_file), end_mark=True)
    found = None
    if document is not None and not mistakes:
        found, mistakes = read_import_map(document, ImportWord(word), vocabulary)
    if found is None:
        print_diagnostics(err(), mistakes, {str(map_file): content})
        raise typer.Exit(2)
    return found


def _send(
    word: str, file: BinaryIO, media_type: str, query: str, service: ServiceOptions, show: ShowProgress
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    run = service.send(f"/v1/import/{word}{'?' + query if query else ''}", file, media_type)
    while run["state"] == "running":
        show(word, None, run["rows"])
        time.sleep(_WAIT_SECONDS)
        run = service.ask(f"/v1/imports/{run['id']}")
    rejected = []
    if run["rejected"]:
        text = b"".join(service.lines(f"/v1/imports/{run['id']}/rejects")).decode()
        rejected = [(place, faults) for place, faults in list(csv.reader(text.splitlines()))[1:]]
    return run, rejected


def _write_rejects(path: Path, faults: Sequence[tuple[str, str, str]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("file", "line", "faults"))
            writer.writerows(faults)
    except OSError as error:
        refuse(f"`{path}` can't be written: {error.strerror}")


def _print(runs: Sequence[dict[str, Any]], faults: Sequence[tuple[str, str, str]], *, shown: bool) -> None:
    for run in runs:
        counted = ", ".join(f"{run[name]:,} {name}" for name in _COUNTS if run[name] or name in ("new", "rejected"))
        state = {"checked": " (nothing was written)", "refused": ": refused"}.get(run["state"], "")
        out().print(Text(f"{run['file']}: {run['rows']:,} rows: {counted}{state}"), soft_wrap=True)
        if run["detail"]:
            err().print(Text.assemble(("credence: ", "bold red"), run["detail"]), soft_wrap=True)
    if shown:
        for path, line, fault in faults[:_SHOWN_MAX]:
            err().print(Text(f"{path}:{line}: {fault}"), soft_wrap=True)
        if len(faults) > _SHOWN_MAX:
            err().print(Text(f"… and {len(faults) - _SHOWN_MAX:,} more; --rejects writes all of them"))
