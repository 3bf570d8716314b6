"""What `decide-file` and `batch` share: one file decided, whatever decides it, and what is printed of it afterwards.

FileRun, what was typed  →prepare→  Prepared, checked  →decided by one of the engines→  FileCounts  →print_counts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.input_files import known_encoding, one_character, rates_read, row_map_read
from api.cli.options import CountOptions, FileEngine, FileOptions, RejectsOptions, TextFileOptions, as_of_day, case_kind
from api.cli.policy_folder import engine_of
from api.cli.summary_tables import print_table, table_as_json
from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import Rates
from engine.vocabulary.vocabulary import Fact
from files.batch.summary import Summary
from files.input_refused import InputRefused
from files.joined_lists import JoinedList, list_file, read_list_file
from files.maps.row_map import RowMap
from files.rejects import without_empty_rejects

_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRun:
    """What somebody typed after `decide-file` or `batch`."""

    engine: FileEngine
    """What decides."""

    what: FileOptions
    """Files, policies and the place of the decisions."""

    rejected: RejectsOptions
    """Where rows with faults go."""

    text: TextFileOptions
    """How text files are read."""

    counts: CountOptions
    """What is printed."""

    @property
    def rejects(self) -> str:
        """The path of the rejects: the one given, or a name behind that of the decisions."""
        suffix = "parquet" if self.engine is FileEngine.SPARK else "csv"
        return self.rejected.rejects or f"{self.what.out_file}.rejects.{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the options stand for, read and checked."""

    policies: Engine
    """The policies, compiled."""

    case: str
    """The case kind."""

    row_map: RowMap | None
    """Which column holds which fact; None: they are named alike."""

    as_of: date
    """The day for which is decided."""

    rates: Rates
    """What other currencies are worth in that of the policies."""
    lists: tuple[JoinedList, ...] = ()
    """Facts that are lists, from files of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """What came of a file. Rows = decided + rejected, always."""

    case: str
    """The case kind, whose outcomes are counted."""

    rows: int
    """Rows read, without heading and blank lines."""

    decided: int
    """Rows that became decisions."""

    rejected: int
    """Rows with faults."""

    outcomes: Mapping[str, int]
    """Rows by outcome; empty where nobody asked and they were not counted."""

    rules: Mapping[str, tuple[int, int]]
    """By rule, the rows for which it fired, and those for which it could not be told; empty as `outcomes`."""

    tables: Sequence[Summary] = ()
    """The tables of `--summary-by`."""


def prepare(run: FileRun) -> Prepared:
    """Reads policies and map; ends the command where they have mistakes or don't fit each other.

    The map says the case kind; without a map `--case` does. Both may be given where they agree.
    """
    case = case_kind(run.what.case) if run.what.case else None
    policies = engine_of(run.what.rules)
    row_map = row_map_read(run.what.map_file, policies.vocabulary, case) if run.what.map_file else None
    if case is None and row_map is None:
        refuse(f"what is decided? Give --map, or --case {'|'.join(CASE_KINDS)}")
    kind = row_map.case if row_map else str(case)
    lists = _lists(run, policies.vocabulary.of_case(kind), row_map)
    as_of, rates = as_of_day(run.what.as_of, policies), rates_read(run.what.rates, policies)
    return Prepared(policies=policies, case=kind, row_map=row_map, as_of=as_of, lists=lists, rates=rates)


def _lists(run: FileRun, facts: Sequence[Fact], row_map: RowMap | None) -> tuple[JoinedList, ...]:
    """The records of each `--list`; ends the command where one can't be used, or the map reads one that isn't given."""
    given: dict[str, Path] = {}
    for word in run.what.lists or ():
        name, sign, path = word.partition("=")
        if not sign or not path:
            refuse(f"--list takes a fact and a file, such as account.open_items=open_items.csv, not `{word}`")
        if name in given:
            refuse(f"--list gives `{name}` twice")
        given[name] = Path(path)
    for mapped in row_map.lists if row_map else ():
        if mapped.name not in given:
            refuse(f"the map reads `{mapped.name}` from a file of its own; give --list {mapped.name}=FILE")
    encoding, delimiter = known_encoding(run.text.encoding), one_character(run.text.delimiter)
    try:
        return tuple(
            read_list_file(list_file(name, path, facts, row_map), encoding=encoding, delimiter=delimiter)
            for name, path in given.items()
        )
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"`{error.filename}`: {error.strerror}")


def print_counts(run: FileRun, counts: FileCounts) -> None:
    """Prints the answer: as JSON, or the tables asked for; then ends the command with 1 where rows were rejected.

    As JSON: `{"rows": 4, "decided": 3, "rejected": 1, "out": "o.ndjson", "rejects": "o.ndjson.rejects.csv"}`, with
    `outcomes` and `rules` under `--summary` and `tables` under `--summary-by`; `rejects` is null where there is no such
    file.
    """
    rejects: str | None = run.rejects
    if run.engine is not FileEngine.SPARK:  # whose files may be those of a cluster
        is_named = run.rejected.rejects is not None
        rejects = str(without_empty_rejects(Path(run.rejects), counts.rejected, is_named=is_named) or "") or None
    if counts.rejected:
        err().print(Text(f"the rejects and their faults are in {rejects}"))
    if run.counts.as_json:
        print_json(_as_json(run, counts, rejects))
    else:
        if run.counts.summary:
            _print_summary(counts)
        for table in counts.tables:
            print_table(table)
    if counts.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def print_unseen_keys(names: Sequence[str]) -> None:
    """A note for each key that the map reads and that no row of an NDJSON file has: it may be misspelled."""
    for name in names:
        err().print(Text(f"note: no row has the key `{name}` that the map reads", "yellow"))


def print_unread_columns(names: Sequence[str]) -> None:
    """A note on columns that hold no fact."""
    if names:
        first = ", ".join(f"`{name}`" for name in names[:_NAMES_SHOWN])
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        err().print(Text(f"note: no fact is named {first}{more}; not read", "yellow"))


def _as_json(run: FileRun, counts: FileCounts, rejects: str | None) -> dict[str, object]:
    """What `--json` prints; outcomes the most severe first, those without rows too."""
    answer: dict[str, object] = {
        "rows": counts.rows,
        "decided": counts.decided,
        "rejected": counts.rejected,
        "out": run.what.out_file,
        "rejects": rejects,
    }
    if run.counts.summary:
        ladder = CASE_KINDS[counts.case].ladder
        answer["outcomes"] = {outcome: counts.outcomes.get(outcome, 0) for outcome in reversed(ladder)}
        answer["rules"] = {
            rule: {"fired": fired, "undetermined": not_told} for rule, (fired, not_told) in counts.rules.items()
        }
    if counts.tables:
        answer["tables"] = [table_as_json(table) for table in counts.tables]
    return answer


def _print_summary(counts: FileCounts) -> None:
    """Two tables: rows and share by outcome, the most severe first, and rows fired and undetermined by rule."""
    outcomes = Table("outcome", "rows", "share", box=box.SIMPLE)
    for outcome in reversed(CASE_KINDS[counts.case].ladder):
        count = counts.outcomes.get(outcome, 0)
        outcomes.add_row(outcome, f"{count:,}", f"{count / max(counts.decided, 1):.1%}")
    by_rule = Table("rule", "fired", "undetermined", box=box.SIMPLE)
    for rule, (fired, undetermined) in counts.rules.items():
        by_rule.add_row(Text(rule), f"{fired:,}", f"{undetermined:,}")
    for table in (outcomes, by_rule):
        for column in table.columns[1:]:
            column.justify = "right"
        out().print(table)
