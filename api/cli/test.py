"""`credence test`: runs the policy tests of a rules folder and says what they don't touch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_diagnostics, print_json, refuse
from api.cli.grammar import rules_folder
from api.cli.junit_xml import junit_xml
from api.cli.options import PRINTED, RULES, WRITTEN, FolderArgument, FolderOption, JsonOption
from api.cli.policy_folder import folder_of, loaded_engine
from api.cli.tests_and_maps import read_suites
from engine.reading.policy_test import Suite
from engine.testing.case_result import CaseResult, CasesRun, Coverage
from engine.testing.run_cases import in_other_currencies, run_cases

_UNCOVERED_SHOWN = 50
_SUITES_SHOWN = 3


def test(
    *,
    directory: FolderArgument = None,
    rules: FolderOption = None,
    as_json: JsonOption = False,
    junit_file: Annotated[
        Path | None,
        typer.Option(
            "--junit",
            metavar="FILE",
            help="Also write the results as JUnit XML, which CI servers read.",
            rich_help_panel=WRITTEN,
        ),
    ] = None,
    min_coverage: Annotated[
        float,
        typer.Option(
            "--min-coverage",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Fail when fewer rules, rows and bands are covered.",
            show_default=True,
            rich_help_panel=PRINTED,
        ),
    ] = 0,
) -> None:
    """Run the policy tests under DIR/cases: expected against got, and which rules and rows no test hits.

    Example:  credence test rules --min-coverage 100 --junit report.xml

    Exit code: 0 all pass, 1 a test fails, coverage is too low or the rules have mistakes, 2 nothing can be read.
    """
    path = rules_folder(directory, rules, RULES)
    folder = folder_of(path)
    engine = loaded_engine(folder)
    suites, diagnostics = read_suites(folder, engine.vocabulary, engine)
    if diagnostics:
        print_diagnostics(err(), diagnostics, folder.cases)
        refuse("the policy tests have mistakes", FOUND_PROBLEMS)
    if not suites:
        refuse(f"there are no policy tests under `{path / 'cases'}`; write one there")
    others = in_other_currencies(suites, engine.vocabulary.currency)
    if others:
        err().print(Text(_not_run(others, engine.vocabulary.currency), "red"))
    run = run_cases([suite for suite in suites if suite not in others], engine, time.perf_counter)
    if junit_file is not None:
        try:
            junit_file.write_bytes(junit_xml(run))
        except OSError as error:
            refuse(f"`{junit_file}` can't be written: {error.strerror}")
    too_low = run.coverage.percent < min_coverage
    if as_json:
        print_json(run.as_json())
    else:
        _print(out(), run, min_coverage if too_low else None)
    if run.failed or too_low or others:
        raise typer.Exit(FOUND_PROBLEMS)


def _not_run(suites: Sequence[Suite], own: str) -> str:
    """One line for all suites whose amounts can't be decided on."""
    count = f"{len(suites)} file{'s' if len(suites) > 1 else ''} of policy tests"
    first = ", ".join(suite.place.file for suite in suites[:_SUITES_SHOWN])
    more = f" and {len(suites) - _SUITES_SHOWN} more" if len(suites) > _SUITES_SHOWN else ""
    hint = "write other amounts, give them `rates`, or begin with `credence init --currency"
    return f"{count} not run, since they are in another currency than {own}: {first}{more}; {hint} {own}`"


def _print(console: Console, run: CasesRun, missed: float | None) -> None:
    """Prints failed tests, the table of coverage, what is not covered, and how many passed. `missed`: the coverage in
    percent that was asked for, where it isn't reached.
    """
    for result in run.failed:
        _print_failure(console, result)
    _print_coverage(console, run.coverage)
    if missed is not None:
        console.print(Text(f"coverage is {run.coverage.percent:.1f}%, wanted {missed:g}%", "bold red"))
    failed = len(run.failed)
    seconds = sum(result.seconds for result in run.results)
    style = "bold red" if failed else "green"
    passed = len(run.results) - failed
    console.print(Text(f"{passed} passed, {failed} failed in {seconds:.2f} s", style))


def _print_failure(console: Console, result: CaseResult) -> None:
    """A failed test with its place, and of each difference what its author expects and what came instead:

    rules/cases/orders.yaml:7 orders/small-order-passes failed
        outcome
            expected  hold
            got       approve
    """
    place = result.case.place
    heading = (f"{place.file}:{place.line}", "bold"), f" {result.suite.name}/{result.case.name} ", ("failed", "red")
    console.print(Text.assemble(*heading))
    for difference in result.differences:
        console.print(Text(f"    {difference.what}"))
        console.print(Text.assemble("        expected  ", (difference.expected, "green")))
        console.print(Text.assemble("        got       ", (difference.got, "red")))


def _print_coverage(console: Console, coverage: Coverage) -> None:
    """A row for each policy with `hit/all` of its rules, table rows and scorecard bands; then the first places that no
    test touches, and the share of all.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading in ("policy", "rules", "rows", "bands"):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    policies = dict.fromkeys(item.id.partition(".")[0] for item in coverage.tried)
    for policy in policies:
        of_policy = [item for item in coverage.tried if item.id.partition(".")[0] == policy]
        cells = []
        for kind in ("rule", "row", "band"):
            hits = [item.hits for item in of_policy if item.kind == kind]
            cells.append(f"{sum(map(bool, hits))}/{len(hits)}" if hits else "")
        table.add_row(policy, *cells)
    console.print(table)
    for item in coverage.uncovered[:_UNCOVERED_SHOWN]:
        console.print(Text.assemble((str(item.place), "bold"), f" {item.kind} {item.id} ", ("not covered", "yellow")))
    if (more := len(coverage.uncovered) - _UNCOVERED_SHOWN) > 0:
        console.print(f"… and {more} more; --json lists all")
    total = len(coverage.tried)
    console.print(f"coverage {coverage.percent:.1f}%: {total - len(coverage.uncovered)} of {total}")
