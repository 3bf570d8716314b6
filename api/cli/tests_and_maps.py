"""What lies beside the policies in a rules folder: policy tests under `cases/` and maps under `maps/`, read as nouns.

`credence check` looks for mistakes in both, `credence test` runs the tests, and commands that read files read a map.
"""

from __future__ import annotations

from engine.compiling.decided_names import decided_names
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.pipeline import Engine
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.reading.policy_test import Suite
from engine.vocabulary.vocabulary import Vocabulary
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from ledger.policies.rules_folder import RulesFolder
from receivables.history.history_map import HistoryMap
from receivables.history.history_map_file import is_history_map, read_history_map

# --- policy tests ----------------------------------------------------------------------------------------------------


def read_suites(
    folder: RulesFolder, vocabulary: Vocabulary, engine: Engine | None
) -> tuple[list[Suite], tuple[Diagnostic, ...]]:
    """The suites of policy tests in a folder, and every mistake in them.

    What the tests expect is held against the names in the folder's policies, where these load as `engine`: a test that
    expects a result that no policy decides has a mistake.
    """
    suites: list[Suite] = []
    diagnostics: list[Diagnostic] = []
    names = decided_names(engine.policies.values(), engine.exceptions) if folder.cases and engine else None
    for name, content in folder.cases.items():
        document, mistakes = read(content, name)
        diagnostics += mistakes
        if document is not None:
            suite, in_suite = read_cases(document, vocabulary, names)
            diagnostics += in_suite
            suites += [suite] if suite else []
    return suites, in_order(diagnostics)


def mistakes_of_yaml(folder: RulesFolder) -> list[Diagnostic]:
    """What can be said of policy tests and maps without the facts that they speak of: that a file is no YAML, or is cut
    off before its end mark."""
    files = {**folder.cases, **folder.maps}
    return [item for name, text in files.items() for item in read(text, name, end_mark=name in folder.maps)[1]]


def suites_named_twice(suites: list[Suite]) -> list[Diagnostic]:
    """A mistake for each suite whose name an earlier one has: results and JUnit reports go by it."""
    first: dict[str, Place] = {}
    diagnostics = []
    for suite in suites:
        before = first.setdefault(suite.name, suite.place)
        if before != suite.place:
            message = f"the suite `{suite.name}` is already at {before}"
            diagnostics.append(Diagnostic(suite.place, ErrorCode.P006, message, "give it another name"))
    return diagnostics


# --- maps ------------------------------------------------------------------------------------------------------------


def read_map(content: bytes, name: str, vocabulary: Vocabulary) -> tuple[RowMap | None, tuple[Diagnostic, ...]]:
    """The row map in a file's text, or None and its mistakes, sorted by place. `name` is the file's name in places."""
    document, mistakes = read(content, name, end_mark=True)
    if document is None:
        return None, mistakes
    row_map, diagnostics = read_row_map(document, vocabulary)
    both = in_order((*mistakes, *diagnostics))
    return (None if both else row_map), both


def read_map_of_history(
    content: bytes, name: str, vocabulary: Vocabulary
) -> tuple[HistoryMap | None, tuple[Diagnostic, ...]]:
    """The history map in a file's text, or None and its mistakes, sorted by place."""
    document, mistakes = read(content, name, end_mark=True)
    history_map, diagnostics = read_history_map(document, vocabulary) if document else (None, ())
    both = in_order((*mistakes, *diagnostics))
    return (None if both else history_map), both


def mistakes_in_map(content: bytes, name: str, vocabulary: Vocabulary) -> tuple[Diagnostic, ...]:
    """Every mistake in a map, which may be a row map or the map of a backtest's history."""
    document, mistakes = read(content, name, end_mark=True)
    if document is not None and is_history_map(document):
        return (*mistakes, *read_history_map(document, vocabulary)[1])
    return read_map(content, name, vocabulary)[1]


def row_maps(folder: RulesFolder) -> dict[str, bytes]:
    """The files under `maps/` that are row maps; history maps are for backtests."""
    documents = {name: read(content, name)[0] for name, content in folder.maps.items()}
    histories = {name for name, document in documents.items() if document and is_history_map(document)}
    return {name: content for name, content in folder.maps.items() if name not in histories}
