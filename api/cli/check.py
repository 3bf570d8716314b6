"""`credence check`: every mistake in a rules folder, at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.terminal import FOUND_PROBLEMS, folder_of, out, print_diagnostics, print_json
from engine.compiling.decided_names import decided_names
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.reading.policy import Policy
from engine.reading.policy_file import read_policy
from engine.reading.policy_list import SITE_FACTS
from engine.reading.policy_test import Suite
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Vocabulary
from files.batch.checked import unfit_for_batch
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import RulesFolder
from receivables.history.history_map_file import is_history_map, read_history_map

Directory = Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the policies, with cases/ and maps/.")]


def check(
    directory: Directory = Path("rules"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the diagnostics as a JSON object.")] = False,
) -> None:
    """Find every mistake in policies, facts, policy tests and row maps, and what can't run in bulk.

    Each is shown as file:line:column: CODE message (hint), sorted by place; on a terminal with the line it is about.

    With N009 or a B code alone, the policies still load and decide.

    Example:  credence check rules

    Exit code: 0 no mistakes, 1 mistakes, 2 the folder can't be read.
    """
    folder = folder_of(directory)
    engine, diagnostics = _checked(folder)
    if as_json:
        version = engine.version if engine and not diagnostics else None
        print_json({"version": version, "diagnostics": [item.as_json() for item in diagnostics]})
    elif diagnostics:
        print_diagnostics(out(), diagnostics, {**folder.policies, **folder.cases, **folder.maps})
        count = len(diagnostics)
        files = len({item.place.file for item in diagnostics})
        out().print(Text(f"{_counted(count, 'mistake')} in {_counted(files, 'file')}", "bold red"))
    elif engine is not None:
        out().print(Text(_summary(engine, folder), "green"))
    if diagnostics:
        raise typer.Exit(FOUND_PROBLEMS)


def _checked(folder: RulesFolder) -> tuple[Engine | None, tuple[Diagnostic, ...]]:
    try:
        with within_limits():
            loaded = load(folder.policies)
            if loaded.engine is None:
                return None, loaded.diagnostics
            beside = (*_in_cases_and_maps(folder, loaded.engine), *unfit_for_batch(loaded.engine))
            return loaded.engine, in_order((*loaded.diagnostics, *beside))
    except Stopped as stopped:
        return None, (too_large({**folder.policies, **folder.cases, **folder.maps}, stopped),)


def read_suites(folder: RulesFolder, vocabulary: Vocabulary) -> tuple[list[Suite], tuple[Diagnostic, ...]]:
    """What the tests expect is held against the names in the folder's policies, which have been checked before."""
    suites: list[Suite] = []
    diagnostics: list[Diagnostic] = []
    names = decided_names(_policies(folder)) if folder.cases else None
    for name, content in folder.cases.items():
        document, mistakes = read(content, name)
        diagnostics += mistakes
        if document is not None:
            suite, found = read_cases(document, vocabulary, names)
            diagnostics += found
            suites += [suite] if suite else []
    return suites, in_order(diagnostics)


def _policies(folder: RulesFolder) -> Iterator[Policy]:
    for name, content in folder.policies.items():
        document = read(content, name)[0] if Path(name).name != SITE_FACTS else None
        policy = read_policy(document)[0] if document else None
        if policy is not None:
            yield policy


def read_map(content: bytes, name: str, vocabulary: Vocabulary) -> tuple[RowMap | None, tuple[Diagnostic, ...]]:
    document, mistakes = read(content, name, end_mark=True)
    if document is None:
        return None, mistakes
    found, diagnostics = read_row_map(document, vocabulary)
    both = in_order((*mistakes, *diagnostics))
    return (None if both else found), both


def _in_cases_and_maps(folder: RulesFolder, engine: Engine) -> list[Diagnostic]:
    suites, found = read_suites(folder, engine.vocabulary)
    diagnostics = [*found, *_suites_named_twice(suites)]
    for name, content in folder.maps.items():
        diagnostics += _in_map(content, name, engine.vocabulary)
    return diagnostics


def row_maps(folder: RulesFolder) -> dict[str, bytes]:
    """The files under maps/ that are row maps; history maps are a backtest's, which reads them."""
    documents = {name: read(content, name)[0] for name, content in folder.maps.items()}
    histories = {name for name, document in documents.items() if document and is_history_map(document)}
    return {name: content for name, content in folder.maps.items() if name not in histories}


def _in_map(content: bytes, name: str, vocabulary: Vocabulary) -> tuple[Diagnostic, ...]:
    """Of a row map, or of the map of a backtest's history."""
    document, mistakes = read(content, name, end_mark=True)
    if document is not None and is_history_map(document):
        return (*mistakes, *read_history_map(document, vocabulary)[1])
    return read_map(content, name, vocabulary)[1]


def _suites_named_twice(suites: list[Suite]) -> list[Diagnostic]:
    first: dict[str, Place] = {}
    found = []
    for suite in suites:
        before = first.setdefault(suite.name, suite.place)
        if before != suite.place:
            message = f"the suite `{suite.name}` is already at {before}"
            found.append(Diagnostic(suite.place, ErrorCode.P006, message, "give it another name"))
    return found


def _summary(engine: Engine, folder: RulesFolder) -> str:
    policies = engine.policies.values()
    rules = sum(len(policy.rules) for policy in policies)
    tables = sum(len(policy.tables) for policy in policies)
    counts = (_counted(len(policies), "policy"), _counted(rules, "rule"), _counted(tables, "table"))
    beside = (_counted(len(folder.cases), "cases file"), _counted(len(row_maps(folder)), "row map"))
    summary = f"no mistakes: {', '.join(counts)}; {', '.join(beside)}; version {engine.version}"
    return "; ".join([summary, *_undecided(engine)])


def _undecided(engine: Engine) -> Iterator[str]:
    """A kind of case for which no rule can give the caution outcome or worse, on whatever dates, is decided by none."""
    lacking = {ruleset.case: bool(ruleset.rules) for ruleset in engine.rulesets() if not ruleset.is_decided}
    silent = [kind for kind in CASE_KINDS if lacking.get(kind) is False]
    if silent:
        kinds = " or ".join([", ".join(silent[:-1]), silent[-1]] if silent[1:] else silent)
        yield f"no rules decide {kinds}: such cases are referred to a person"
    for kind in CASE_KINDS:
        if lacking.get(kind):
            caution = CASE_KINDS[kind].caution
            yield f"no rule for {kind} can give `{caution}` or worse: such cases are referred to a person"


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
