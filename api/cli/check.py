"""`credence check`: every mistake in a rules folder, at once."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, print_diagnostics, print_json
from api.cli.grammar import rules_folder
from api.cli.options import RULES, FolderArgument, FolderOption, JsonOption
from api.cli.policy_folder import folder_of
from api.cli.tests_and_maps import mistakes_in_map, mistakes_of_yaml, read_suites, row_maps, suites_named_twice
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.pipeline import Engine, Loaded, load
from engine.vocabulary.case_kinds import CASE_KINDS
from files.batch.checked import unfit_for_batch
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import RulesFolder


def check(*, directory: FolderArgument = None, rules: FolderOption = None, as_json: JsonOption = False) -> None:
    """Find every mistake in policies, facts, policy tests and maps, and what can't run in bulk.

    Each is shown as file:line:column: CODE message (hint), sorted by place; on a terminal with the line it is about.

    With N009 or a B code alone, the policies still load and decide.

    Example:  credence check rules

    Exit code: 0 no mistakes, 1 mistakes, 2 the folder can't be read.
    """
    folder = folder_of(rules_folder(directory, rules, RULES))
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
    """The engine, None where the policies don't load, and every mistake in any file of the folder, sorted by place.

    A policy set with N009 alone has an engine and a mistake. One that takes longer or more memory than `check_limits`
    allows has the single mistake Y098, in the file that is largest.
    """
    try:
        with within_limits():
            loaded = load(folder.policies)
            in_bulk = unfit_for_batch(loaded.engine) if loaded.engine else ()
            return loaded.engine, in_order((*loaded.diagnostics, *_in_cases_and_maps(folder, loaded), *in_bulk))
    except Stopped as stopped:
        return None, (too_large({**folder.policies, **folder.cases, **folder.maps}, stopped),)


def _in_cases_and_maps(folder: RulesFolder, loaded: Loaded) -> list[Diagnostic]:
    """The mistakes in policy tests and maps, as far as they can be told: where policies have mistakes themselves, not
    whether a test expects what they decide; where the facts have, only what is wrong with the files as YAML."""
    if loaded.vocabulary is None:
        return mistakes_of_yaml(folder)
    suites, in_suites = read_suites(folder, loaded.vocabulary, policies_load=loaded.engine is not None)
    diagnostics = [*in_suites, *suites_named_twice(suites)]
    for name, content in folder.maps.items():
        diagnostics += mistakes_in_map(content, name, loaded.vocabulary)
    return diagnostics


def _summary(engine: Engine, folder: RulesFolder) -> str:
    """The one line of a folder without mistakes, such as

        no mistakes: 11 policies, 106 rules, 11 tables; 6 cases files, 3 row maps; version 2776b349…

    with a half sentence for each kind of case that nothing decides.
    """
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
    """`1 policy`, `2 policies`, `3 rules`: a number with its noun; 0 takes the plural."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
