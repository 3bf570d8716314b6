"""`credence journal replay`: recorded decisions made again, and whether they come out as they were answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, PRINTED_MAX, out, print_json, refuse
from api.cli.options import FOUND, READ, JournalOption, JsonOption, QuietOption
from api.cli.progress import ShowProgress, progress_bar
from api.cli.record_options import RecordOptions, journal_to_read

if TYPE_CHECKING:
    from ledger.journal.journal import Journal
    from ledger.replay.replaying import Replayed, Replayer
    from ledger.replay.wheelhouse import Wheelhouse
    from ledger.search.record_filter import RecordFilter
    from ledger.search.record_search import FoundRecord

RecordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="RECORD", help="Decisions, each by its id or by its record's number.", show_default=False),
]
AllOption = Annotated[
    bool,
    typer.Option("--all", help="All decisions, or those that the options want.", rich_help_panel=FOUND),
]
WheelhouseOption = Annotated[
    Path | None,
    typer.Option(
        "--with-engine",
        metavar="WHEELHOUSE",
        help="A folder with wheels of the engines that decided then, and their hashes in SHA256SUMS.",
        rich_help_panel=READ,
    ),
]


def replay(
    *,
    called: RecordsArgument = None,
    every: AllOption = False,
    records: RecordOptions,
    with_engine: WheelhouseOption = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Decide recorded requests again, by the policies, the day and the id of then, and compare the answers.

    Each is `same bytes`; `same decision, other wording`; `DIFFERENT` in its outcome, rules, facts or conditions;
    `erased`; or `needs engine` with the one that decided, where this one can't say. A record whose body is not the one
    recorded is refused. Where this engine gives other bytes and --with-engine has the wheel of the engine that decided,
    that one is asked, in a process of its own. Nothing is written, and the service may go on.

    Example:  credence journal replay --all --from 2026-01-01 --until 2026-12-31

    Exit code: 0 all came out again or are erased, 1 at least one is different, needs another engine or is refused, 2
    there is no such record, an option can't be used, or the journal can't be read.
    """
    from ledger.replay.replaying import Replayer
    from ledger.replay.request_again import AskedAgain
    from ledger.replay.wheelhouse import Wheelhouse
    from ledger.store.trouble import FileTrouble

    wanted = _wanted(called or [], records, every=every)
    with ExitStack() as closing, progress_bar(quiet=quiet) as show, journal_to_read(journal) as kept:
        wheels: Wheelhouse | None = None
        try:
            wheels = None if with_engine is None else Wheelhouse(with_engine)
        except FileTrouble as error:
            refuse(str(error))
        running = AskedAgain()
        closing.callback(running.close)
        if wheels is not None:
            closing.callback(wheels.close)
        found = _named(kept, called or []) if wanted is None else _all(kept, wanted, show)
        counts, listed = _replayed(Replayer(kept.find_policy_set, running, wheels), found, every=every)
    if as_json:
        shown = [_as_json(each) for each in listed]
        print_json({"decisions": counts.total(), "results": dict(counts), "records": shown})
    else:
        _print(counts, listed)
    if not all(_holds(word) for word in counts):
        raise typer.Exit(FOUND_PROBLEMS)


def _wanted(called: list[str], records: RecordOptions, *, every: bool) -> RecordFilter | None:
    """None where records are named. Ends the command where both or neither is given."""
    from dataclasses import replace

    from ledger.search.record_search import DECIDED

    if called and every:
        refuse("records are named, and --all is given; leave one of them out")
    if not called and not every:
        refuse("nothing says which records; name them, or give --all, perhaps with --from and --until")
    if called and (words := records.words()):
        refuse(f"--{next(iter(words)).replace('_', '-')} chooses among all records; name none, and give --all")
    if called:
        return None
    wanted = records.filter()
    if wanted.kinds and not set(wanted.kinds) & set(DECIDED):
        refuse(f"only decisions are decided again, and --kind {records.kind} is none; leave it out")
    return wanted if wanted.kinds else replace(wanted, kinds=DECIDED)


def _named(journal: Journal, called: list[str]) -> Iterator[FoundRecord]:
    """Ends the command where one isn't there, or is no decision, before any is decided again."""
    from ledger.search.all_wanted import record_or_trouble
    from ledger.search.record_search import DECIDED

    records = [(name, record_or_trouble(journal, name)) for name in called]
    for name, found in records:
        if found is None:
            refuse(f"the journal has no record `{name}`; give a decision's id or a record's number")
        if found.header.kind not in DECIDED:
            refuse(f"record {found.header.seq} is no decision, it is of the kind {found.header.kind}; leave it out")
    yield from (found for _, found in records if found is not None)


def _all(journal: Journal, wanted: RecordFilter, show: ShowProgress) -> Iterator[FoundRecord]:
    """The oldest first."""
    from ledger.search.all_wanted import places_wanted, records_at

    places = places_wanted(journal, wanted, None, lambda found: show("finding", None, found))
    for done, record in enumerate(records_at(journal, places), 1):
        yield record
        show("replaying", done / len(places), done, len(places))


def _replayed(replayer: Replayer, found: Iterator[FoundRecord], *, every: bool) -> tuple[Counter[str], list[Replayed]]:
    """How many came to each word; and those to list: of all, the ones that don't hold."""
    counts: Counter[str] = Counter()
    listed: list[Replayed] = []
    for record in found:
        replayed = replayer.replayed(record)
        counts[replayed.group] += 1
        if (not every or not replayed.holds) and len(listed) < PRINTED_MAX:
            listed.append(replayed)
    return counts, listed


def _holds(word: str) -> bool:
    from ledger.replay.replaying import HOLDING

    return word in HOLDING


def _as_json(replayed: Replayed) -> dict[str, object]:
    return {
        "seq": replayed.seq,
        "id": replayed.id,
        "result": replayed.word,
        "why": replayed.why or None,
        "engine_version": replayed.engine or None,
        "replayed_by": replayed.by or None,
    }


def _print(counts: Counter[str], listed: list[Replayed]) -> None:
    for each in listed:
        line = Text(f"record {each.seq:<7} {each.id}  ")
        line.append(each.word, "" if each.holds else "bold red")
        out().print(line.append(f": {each.why}" if each.why else ""), soft_wrap=True)
    failing = sum(count for word, count in counts.items() if not _holds(word))
    if failing > PRINTED_MAX and len(listed) == PRINTED_MAX:
        out().print(Text(f"… and more; the first {PRINTED_MAX:,} are listed"))
    said = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items(), key=lambda each: -each[1]))
    total = counts.total()
    out().print(Text(f"{total:,} decision{'' if total == 1 else 's'}{': ' if said else ''}{said}"), soft_wrap=True)
