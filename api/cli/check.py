"""`credence check`: every mistake in a rules folder, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, print_diagnostics, print_json
from api.cli.grammar import rules_folder
from api.cli.options import RULES, RUNNING, DayOption, FolderArgument, FolderOption, JsonOption, as_of_day
from api.cli.policy_folder import folder_of
from api.cli.tests_and_maps import mistakes_in_map, mistakes_of_yaml, read_suites, row_maps, suites_named_twice
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.pipeline import Engine, Loaded, load
from engine.vocabulary.case_kinds import CASE_KINDS
from files.batch.checked import unfit_for_batch
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import RulesFolder

StrictOption = Annotated[bool, typer.Option("--strict", help="Warnings fail too.", rich_help_panel=RUNNING)]


def check(
    *,
    directory: FolderArgument = None,
    rules: FolderOption = None,
    as_of: DayOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find every mistake in policies, facts, policy tests and maps, and what can't run in bulk.

    Each is shown as file:line:column: CODE message (hint), sorted by place; on a terminal with the line it is about.

    With N009 or a B code alone, the policies still load and decide. Warnings (W codes) are shown and fail only with
    --strict; they are those of the day --as-of.

    Example:  credence check rules

    Exit code: 0 no mistakes, 1 mistakes, with --strict also warnings, 2 the folder can't be read.
    """
    folder = folder_of(rules_folder(directory, rules, RULES))
    engine, diagnostics = _checked(folder, as_of)
    mistakes = [each for each in diagnostics if not each.code.is_warning]
    fails = bool(diagnostics) if strict else bool(mistakes)
    if as_json:
        version = engine.version if engine and not mistakes else None
        print_json({"version": version, "diagnostics": [item.as_json() for item in diagnostics]})
    else:
        print_diagnostics(out(), diagnostics, {**folder.policies, **folder.cases, **folder.maps})
        if diagnostics:
            out().print(Text(_counts_of(diagnostics), "bold red" if fails else "bold yellow"))
        if engine is not None and not mistakes:
            out().print(Text(_summary(engine, folder), "green"))
    if fails:
        raise typer.Exit(FOUND_PROBLEMS)


def _counts_of(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 mistakes and 1 warning in 2 files`."""
    kinds = Counter(item.severity for item in diagnostics)
    files = len({item.place.file for item in diagnostics})
    counts = (_counted(kinds[kind], kind) for kind in ("mistake", "warning") if kinds[kind])
    return f"{' and '.join(counts)} in {_counted(files, 'file')}"


def _checked(folder: RulesFolder, as_of: datetime | None) -> tuple[Engine | None, tuple[Diagnostic, ...]]:
    """The engine, None where the policies don't load, and every mistake in any file of the folder and warning of the
    day, sorted by place.

    A policy set with N009 alone has an engine and a mistake. One that takes longer or more memory than `check_limits`
    allows has the single mistake Y098, in the file that is largest.
    """
    try:
        with within_limits():
            loaded = load(folder.policies)
            found = [*loaded.diagnostics, *_in_cases_and_maps(folder, loaded)]
            if loaded.engine:
                found += [*unfit_for_batch(loaded.engine), *loaded.engine.warnings(as_of_day(as_of, loaded.engine))]
            return loaded.engine, in_order(found)
    except Stopped as stopped:
        return None, (too_large({**folder.policies, **folder.cases, **folder.maps}, stopped),)


def _in_cases_and_maps(folder: RulesFolder, loaded: Loaded) -> list[Diagnostic]:
    """The mistakes in policy tests and maps, as far as they can be told: where policies have mistakes themselves, not
    whether a test expects what they decide; where the facts have, only what is wrong with the files as YAML."""
    if loaded.vocabulary is None:
        return mistakes_of_yaml(folder)
    suites, in_suites = read_suites(folder, loaded.vocabulary, loaded.engine)
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
    counts = [_counted(len(policies), "policy"), _counted(rules, "rule"), _counted(tables, "table")]
    counts += [_counted(len(engine.lists), "list")] if engine.lists else []
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
