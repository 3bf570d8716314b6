"""`credence journal export`: records written to a folder that proves itself, decisions to a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import WRITTEN, JournalOption, JsonOption, QuietOption
from api.cli.progress import progress_bar
from api.cli.record_options import RecordOptions, journal_to_read

if TYPE_CHECKING:
    from ledger.export.exporting import CheckpointNote, ExportFile, ExportPlan

FolderArgument = Annotated[
    Path | None,
    typer.Argument(metavar="FOLDER", help="A new folder: records, the log's tiles, checkpoint, policies, manifest."),
]
ParquetOption = Annotated[
    Path | None,
    typer.Option(
        "--parquet",
        metavar="FILE",
        help="Write a table of the decisions, a row each, beside the folder or instead of it.",
        rich_help_panel=WRITTEN,
    ),
]
MaskedOption = Annotated[
    bool,
    typer.Option(
        "--masked",
        help="Without what is confidential or personal, nor what is worked out: commitments stand in its place.",
        rich_help_panel=WRITTEN,
    ),
]


def export(
    *,
    folder: FolderArgument = None,
    records: RecordOptions,
    parquet: ParquetOption = None,
    masked: MaskedOption = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write records of the journal to a folder, with all that it takes to prove them elsewhere.

    All records up to the newest checkpoint, or those that the options want. With --parquet decisions become a table for
    analysis. What was exported, by which filter and by whom is a record of the journal; the service may go on. Nothing
    stands at FOLDER or FILE before all of it is written and on record; both are readable by their owner alone.

    Example:  credence journal export audit-2026 --from 2026-01-01 --until 2026-12-31 --parquet decisions.parquet

    Exit code: 0 exported, 2 something is at FOLDER, an option can't be used, or the journal can't be read or written.
    """
    if folder is None and parquet is None:
        refuse("nothing says where to write; give FOLDER, or --parquet with a file, or both")
    from ledger.export.exporting import ExportPlan, PartlyPublished, newest_checkpoint
    from ledger.export.exporting import export as exported
    from ledger.search.record_search import DECIDED

    wanted = records.filter()
    if parquet is not None and wanted.kinds and not set(wanted.kinds) & set(DECIDED):
        refuse(f"--parquet holds decisions, and --kind {records.kind} is none; leave one of them out")
    if folder is None and not wanted.kinds:
        wanted = replace(wanted, kinds=DECIDED)
    plan = ExportPlan(wanted=wanted, words=records.words(), is_masked=masked)
    with journal_to_read(journal) as kept, progress_bar(quiet=quiet) as show, ExitStack() as undone:
        checkpoint = newest_checkpoint(kept)
        try:
            files = _files(undone, plan, checkpoint, _verifier_keys(journal), folder, parquet)

            def show_exported(step: str, done: int, total: int) -> None:
                show(step, done / total if total else None, done, total)

            count = exported(kept, plan, checkpoint.size, files, show_exported)
            undone.pop_all()
        except PartlyPublished as error:
            refuse(f"{error}; give other names and export again")
        except OSError as error:
            refuse(f"`{error.filename or folder or parquet}` can't be written: {error.strerror}; nothing was exported")
    written = [str(each) for each in (folder, parquet) if each is not None]
    if as_json:
        print_json({"records": count, "checkpoint": checkpoint.size, "written": written})
    else:
        shown = f"{count:,} record{'' if count == 1 else 's'} of the first {checkpoint.size:,}"
        out().print(Text(f"{shown} written to {' and '.join(written)}"))


def _files(
    undone: ExitStack, plan: ExportPlan, checkpoint: CheckpointNote, verifier_keys: Sequence[str], *paths: Path | None
) -> list[ExportFile]:
    """What is written to the folder and to the Parquet file. Ends the command where pyarrow is missing."""
    from files.extras import BULK
    from ledger.export.decision_table import DecisionTable
    from ledger.export.export_folder import ExportFolder

    folder, parquet = paths
    files: list[ExportFile] = []
    if folder is not None:
        files.append(ExportFolder(folder, plan, checkpoint, verifier_keys))
        undone.callback(files[-1].discard)
    if parquet is not None:
        try:
            files.append(DecisionTable(parquet, plan))
        except ImportError:
            refuse(f"Parquet files need pyarrow; install it with `{BULK}`")
        undone.callback(files[-1].discard)
    return files


def _verifier_keys(journal: str | None) -> Sequence[str]:
    """The one that signs now first."""
    from ledger.store.secret_files import log_keys

    keys = log_keys(journal_settings(journal).key_places.signing_key, may_make=False)
    return [each.as_text() for each in keys.all]
