"""`credence journal show`: one record with all that it rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import WRITTEN, JournalOption, JsonOption
from api.cli.record_options import RecordArgument

if TYPE_CHECKING:
    from ledger.journal.journal import Journal
    from ledger.journal.opened_records import GoneRecord, OpenedRecord, PolicySet

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FOLDER",
        help="Write the request, the answer and the policies as they stood into this new folder.",
        rich_help_panel=WRITTEN,
    ),
]


def show(
    *, record: RecordArgument, journal: JournalOption = None, to: FolderOption = None, as_json: JsonOption = False
) -> None:
    """Show a record of the journal: when, who, what was asked and answered, by which policies.

    Whoever may read the journal's files and its keys may run it; nothing is changed, and the service may go on. With
    --to the request as it was received, the answer as it was sent and the policies as they stood are written to a
    folder, in which `credence explain` gives the grounds again.

    Example:  credence journal show 01a20069-767e-7289-841e-0c1e0d8f48ea --to grounds

    Exit code: 0 shown, 2 the journal has no such record, or it can't be read.
    """
    from ledger.journal.journal import Journal
    from ledger.journal.opened_records import GoneRecord
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    settings = journal_settings(journal)
    kept = Journal(settings.journal, places=settings.key_places)
    try:
        found = _found(kept, record)
        policies = kept.find_policy_set(found.header.policy) if found and found.header.policy else None
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{settings.journal}`: {error}")
    finally:
        kept.close()
    if isinstance(found, GoneRecord):
        _print_gone(found, as_json=as_json)
        if to is not None:
            refuse(f"{found.why}; there is nothing to write")
        return
    if found is None:
        refuse(f"the journal `{settings.journal}` has no record `{record}`; give a decision's id or a record's number")
    if to is not None:
        _write(to, found, policies)
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found, to)


def _found(journal: Journal, called: str) -> OpenedRecord | GoneRecord | None:
    from ledger.journal.opened_records import BodyGone

    try:
        return journal.record_called(called)
    except BodyGone as gone:
        return gone.record


def _print_gone(record: GoneRecord, *, as_json: bool) -> None:
    """What the header says, and why there is no more."""
    header = json.loads(record.header.canonical_text())
    if as_json:
        print_json({**header, "gone": {"how": record.how, "by": record.by}})
        return
    for name, text in header.items():
        if text != "":
            out().print(Text(f"{name:<11} {text}"), soft_wrap=True)
    out().print(Text(f"{record.how:<11} {record.why}"), soft_wrap=True)


def _as_json(record: OpenedRecord) -> Mapping[str, object]:
    """The header's fields, and the documents of the body: JSON where they are JSON, else text."""
    return {
        **json.loads(record.header.canonical_text()),
        "actor": record.actor,
        "request_id": record.request_id,
        **{name: _read(text) for name, text in _documents(record).items()},
    }


def _read(text: str) -> object:
    """Why something was refused is a sentence."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _documents(record: OpenedRecord) -> dict[str, str]:
    """What was asked and answered; of all else, whom or what it is about, and what was done, set or refused. Empty
    where there is none."""
    from ledger.search.record_contents import contents_of
    from ledger.store.trouble import FileTrouble

    try:
        contents = contents_of(record)
    except FileTrouble as error:
        refuse(str(error))
    subject = contents.subject if contents.decision is None else None
    found = {"request": contents.request, "answer": contents.answer, "subject": subject, "act": contents.act}
    return {name: text for name, text in found.items() if text is not None}


def _print(record: OpenedRecord, to: Path | None) -> None:
    header = record.header
    lines = [("record", str(header.seq)), ("kind", str(header.kind)), ("id", header.id), ("recorded", header.at)]
    lines += [("by", record.actor)]
    lines += [("case", header.case), ("outcome", header.outcome), ("request id", record.request_id)]
    lines += [("policies", header.policy), ("engine", header.engine)]
    documents = _documents(record)
    lines += [(name, text) for name, text in documents.items() if name != "answer"]
    for name, text in lines:
        if text:
            out().print(Text(f"{name:<11} {text}"), soft_wrap=True)
    if to is not None:
        out().print(Text(f"written to {to}"))
        if "answer" in documents:
            as_of = json.loads(documents["answer"])["as_of"]
            out().print(Text(f"grounds: cd {to} && {_explained(header.case, as_of)}"), soft_wrap=True)


def _explained(case: str, as_of: str) -> str:
    return f"credence explain request.json --rules rules --case {case} --as-of {as_of}"


def _write(folder: Path, record: OpenedRecord, policies: PolicySet | None) -> None:
    """Into a folder that is new or holds nothing."""
    documents = {
        f"{name}.json" if isinstance(_read(text), dict) else f"{name}.txt": text
        for name, text in _documents(record).items()
    }
    files = {**documents, **(policies.files if policies else {})}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            refuse(f"`{folder}` is not empty; nothing was written; give a new folder")
        for name, text in files.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                refuse(f"the journal names a file of its policies `{name}`, which lies outside of `{folder}`")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"`{folder}` can't be written: {error.strerror}")
