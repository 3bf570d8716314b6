"""`credence simulate`: what a change of policies would do to cases that were really there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.diff import known_cases
from api.cli.options import (
    READ,
    CaseOption,
    DayOption,
    JournalOption,
    JsonOption,
    LanguageOption,
    QuietOption,
    ReportOption,
    as_of_day,
    asked_language,
    case_kind,
)
from api.cli.policy_sides import OtherSideArgument, PolicySide, SideArgument, policy_side
from api.cli.progress import progress_bar
from api.cli.record_options import journal_to_read
from api.cli.report_files import write_page
from api.cli.simulated_history import HistoryOptions, simulated_history
from engine.proofs.category import KnownCase
from engine.vocabulary.strict_json import JsonRefused, read_json_object
from files.case_file import read_case
from files.input_refused import InputRefused
from ledger.policies.rules_folder import RulesFolder, tests_in
from receivables.report.html_page import html
from receivables.report.parts import Report
from receivables.report.terminal_text import print_report
from receivables.simulation.simulate import SimulatedCase, Simulation, json_of, simulate
from receivables.simulation.simulation_report import report_of_simulation

if TYPE_CHECKING:
    from ledger.search.record_filter import RecordFilter
    from ledger.search.record_search import FoundRecord

_LAST = re.compile(r"last:([1-9][0-9]{0,8})")
_SINCE = re.compile(r"since:(.+)")
_FROM_JOURNAL = ("last:", "since:")

LINE_BYTES_MAX = 1 << 20
"""Of one case in a file."""

DecisionsOption = Annotated[
    str | None,
    typer.Option(
        "--decisions",
        metavar="WHICH",
        help="Cases to decide again: last:2000 or since:2026-07-01 of the journal; a file with one case a line "
        "(NDJSON, as requests); or a folder of policy tests. Default: the policy tests of AFTER.",
        rich_help_panel=READ,
    ),
]


def simulate_command(
    *,
    before: SideArgument,
    after: OtherSideArgument = "rules",
    decisions: DecisionsOption = None,
    history: HistoryOptions,
    case: CaseOption = None,
    as_of: DayOption = None,
    journal: JournalOption = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Decide cases that were there by two policy sets: what changes, and how much money.

    An order that was decided several times counts once, by its last decision. What only a missing fact decides
    otherwise is told apart. With --history past orders are joined with how they were paid.

    Example:  credence simulate @in-force rules --decisions last:2000 --journal var/credence.db

    Exit code: 0 done, 1 some cases could not be read, 2 a set, a file or the journal can't be read.
    """
    if decisions is not None and history.history is not None:
        refuse("--decisions and --history are both given; each is a simulation of its own")
    first, second = policy_side(before, journal), policy_side(after, journal)
    if first.engine.vocabulary.currency != second.engine.vocabulary.currency:
        refuse("the two policy sets keep their amounts in different currencies; they can't be compared")
    today = as_of_day(as_of, second.engine)
    asked = asked_language(language, second.engine)
    if history.history is not None:
        names = (first.name, second.name if second.name != first.name else f"{second.name} (2)")
        engines = dict(zip(names, (first.engine, second.engine), strict=True))
        found = simulated_history(history, engines, today, asked, quiet=quiet)
        _show(found.report, found.as_json, report, as_json=as_json)
        unread = found.rows.rejected
    else:
        source = _Cases(first, second, case_kind(case) if case else None, today, journal)
        with progress_bar(quiet=quiet) as show:
            show("simulating", None)
            done: Simulation = simulate(first.engine, second.engine, source.chosen(decisions))
        unread = source.unread
        sides = ((first.name, first.engine), (second.name, second.engine))
        page = report_of_simulation(done, sides, unread, asked)
        _show(page, {**json_of(done), "unread": unread}, report, as_json=as_json)
        for line in source.said:
            err().print(line, markup=False)
    if unread:
        raise typer.Exit(FOUND_PROBLEMS)


def _show(page: Report, data: object, path: Path | None, *, as_json: bool) -> None:
    if path is not None:
        write_page(path, html(page))
    if as_json:
        print_json(data)
    elif path is None:
        print_report(out(), page)


class _Cases:
    """Reads the cases that are simulated, and counts those that can't be read."""

    def __init__(
        self, first: PolicySide, second: PolicySide, kind: str | None, today: date, journal: str | None
    ) -> None:
        self.unread = 0
        self.said: list[str] = []
        """What is wrong with the first ones that can't be read."""
        self._sides = (first, second)
        self._kind = kind
        self._today = today
        self._journal = journal

    def chosen(self, which: str | None) -> Iterator[SimulatedCase]:
        """The cases, one after the other. Ends the command where there can be none."""
        found = self._from(which)
        return (each for each in found if self._kind in (None, each.case))

    def _from(self, which: str | None) -> Iterator[SimulatedCase]:
        if which is None:
            known = known_cases(self._sides[1]) or known_cases(self._sides[0])
            if not known:
                refuse("neither set is a folder with policy tests; say what is to be decided: --decisions")
            return map(_of_test, known)
        if which.startswith(_FROM_JOURNAL):
            return self._recorded(which)
        path = Path(which)
        if path.is_dir():
            folder = RulesFolder(path, {}, tests_in(path), {})
            known = known_cases(replace(self._sides[1], folder=folder))
            if not known:
                refuse(f"the folder `{which}` has no policy tests")
            return map(_of_test, known)
        return self._of_file(path)

    # --- a file with one case a line ---

    def _of_file(self, path: Path) -> Iterator[SimulatedCase]:
        vocabulary = self._sides[1].engine.vocabulary
        try:
            with path.open("rb") as file:
                for number, line in enumerate(iter(lambda: file.readline(LINE_BYTES_MAX + 1), b""), 1):
                    if not line.strip():
                        continue
                    if len(line) > LINE_BYTES_MAX:
                        refuse(f"line {number} of `{path}` has more than {LINE_BYTES_MAX} bytes")
                    try:
                        read = read_case(line, f"{path}:{number}", vocabulary, None)
                    except InputRefused as refused:
                        self._unread(str(refused))
                        continue
                    kind = self._kind or read.case
                    if kind is None:
                        self._unread(f"{path}:{number}: nothing says what kind of case it is; give --case")
                        continue
                    body = {**read.facts, "currency": read.currency, "rates": read.rates}
                    yield SimulatedCase(case=kind, as_of=read.as_of or self._today, body=body)
        except OSError as error:
            refuse(f"`{path}` can't be read: {error.strerror or error}")

    def _unread(self, why: str) -> None:
        self.unread += 1
        if len(self.said) < 5:  # the first few say what is wrong
            self.said.append(why)

    # --- the journal ---

    def _recorded(self, which: str) -> Iterator[SimulatedCase]:
        from ledger.search.all_wanted import places_wanted, records_at

        wanted, last = self._wanted(which)
        with journal_to_read(self._journal) as journal:
            places = places_wanted(journal, wanted, None)
            for record in records_at(journal, places[-last:] if last else places):
                case = self._of_record(record)
                if case is not None:
                    yield case

    def _wanted(self, which: str) -> tuple[RecordFilter, int]:
        """The filter, and how many of the newest; 0: all."""
        from ledger.search.filter_words import FilterRefused, read_filter
        from ledger.search.record_search import DECIDED

        words = {} if self._kind is None else {"case": self._kind}
        last = _LAST.fullmatch(which)
        since = _SINCE.fullmatch(which)
        if last is None and since is None:
            refuse(f"`{which}` is not understood; write last:2000 or since:2026-07-01")
        if since is not None:
            words["from"] = since[1]
        try:
            return replace(read_filter(words), kinds=DECIDED), int(last[1]) if last else 0
        except FilterRefused as refused:
            refuse("\n".join(f"{which}: {each.message}" for each in refused.faults))

    def _of_record(self, record: FoundRecord) -> SimulatedCase | None:
        """The case that a record was decided on; None, counted, where its body is gone or can't be read."""
        from ledger.journal.opened_records import OpenedRecord
        from ledger.record.body_parts import BadBody
        from ledger.record.decision_parts import ANSWER, REQUEST

        if not isinstance(record, OpenedRecord):
            self.unread += 1
            return None
        try:
            request, answer = (record.body.document(each) for each in (REQUEST, ANSWER))
            body = read_json_object(request or b"", decimals_as_text=True)
            as_of = date.fromisoformat(str(read_json_object(answer or b"", decimals_as_text=True)["as_of"]))
        except (BadBody, JsonRefused, ValueError, KeyError):
            self._unread(f"record {record.header.seq} holds no decision that can be read")
            return None
        return SimulatedCase(case=record.header.case, as_of=as_of, body=body)


def _of_test(known: KnownCase) -> SimulatedCase:
    """Each policy test is a case of its own, whatever id its order has."""
    return SimulatedCase(case=known.case, as_of=known.as_of, body=known.facts, name=known.name)
