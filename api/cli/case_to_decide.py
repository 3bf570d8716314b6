"""The case that `credence decide` and `credence explain` are about: from a file or stdin, and options."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from api.cli.console import refuse
from api.cli.input_files import rates_read
from api.cli.options import CaseOptions, as_of_day, case_kind
from api.cli.policy_folder import engine_of
from engine.pipeline import Engine
from engine.reading.document import BYTES_MAX
from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import Rate, read_rates
from files.batch.decide_file import stable_id
from files.bounded_files import read_named
from files.case_file import CaseFile, read_case
from files.input_refused import InputRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseToDecide:
    """One case and the engine that decides it."""

    engine: Engine
    """The policies, compiled."""

    kind: str
    """The case kind, one of `CASE_KINDS`."""

    facts: Mapping[str, object]
    """Facts by group, as in a request; not yet checked."""

    as_of: date
    """The day for which is decided."""

    id: str
    """The decision's id. It follows from the content: the same case under the same policies has the same id."""

    rate: Rate | None
    """By which the amounts were converted; None where they were in the policies' own currency."""


def case_to_decide(options: CaseOptions) -> CaseToDecide:
    """Reads the policies and the case; prints why and ends the command where there is nothing to decide.

    What an option says counts before what the file says.
    """
    engine = engine_of(options.rules)
    content, name = _content(options.file)
    try:
        case = read_case(content, name, engine.vocabulary, options.test)
    except InputRefused as refused:
        refuse(str(refused))
    kind = case_kind(options.case) if options.case else case.case
    if kind is None:
        refuse(f"{name} doesn't say what kind of case it is; add `case`, or give --case {'|'.join(CASE_KINDS)}")
    as_of = (None if options.as_of else case.as_of) or as_of_day(options.as_of, engine)
    facts, rate = _in_own_currency(engine, kind, case, as_of, options)
    content_of_rate = (repr(rate),) if rate else ()
    id_ = stable_id(kind, as_of.isoformat(), engine.version, repr(sorted(case.facts.items())), *content_of_rate)
    return CaseToDecide(engine=engine, kind=kind, facts=facts, as_of=as_of, id=id_, rate=rate)


def _in_own_currency(
    engine: Engine, kind: str, case: CaseFile, as_of: date, options: CaseOptions
) -> tuple[Mapping[str, object], Rate | None]:
    """The facts in the policies' currency; ends the command where they can't be converted. Rates in the case count
    before those of a file."""
    given = rates_read(options.rates, engine)
    try:
        own = read_rates(case.rates, engine.vocabulary.currency)
        return engine.in_own_currency(kind, case.facts, as_of, case.currency, own if own.currencies else given)
    except FactsRefused as refused:
        refuse_facts(refused.faults)


def refuse_facts(faults: tuple[Fault, ...]) -> NoReturn:
    """Ends the command with every fault of the case's facts, one a line."""
    lines = "\n".join(f"  {fault}" for fault in faults)
    refuse(f"the facts can't be decided on:\n{lines}")


def _content(file: str) -> tuple[bytes, str]:
    """The text of the file, or of standard input, and the name it has in messages."""
    name = "stdin" if file == "-" else file
    try:
        content = sys.stdin.buffer.read(BYTES_MAX + 1) if file == "-" else read_named(Path(file))
    except OSError as error:
        refuse(f"`{file}` can't be read: {error.strerror}")
    if len(content) > BYTES_MAX:
        refuse(f"`{name}` has more than {BYTES_MAX} bytes, too many for a case; `credence batch` takes tables")
    return content, name
