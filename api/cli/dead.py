"""`credence dead`: rules that can never fire, and rules that never decide alone."""

from __future__ import annotations

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json
from api.cli.grammar import rules_folder
from api.cli.options import RULES, DayOption, FolderArgument, FolderOption, JsonOption, as_of_day
from api.cli.policy_folder import folder_of, loaded_engine
from api.cli.prove import SecondsOption
from api.proof_job import rules_looked_at
from engine.proofs.dead_rules import DeadRule, Finding
from engine.vocabulary.case_kinds import CASE_KINDS

SECONDS_OF_A_RULE = 5.0
SECONDS_OF_A_KIND = 120.0


def dead(
    *,
    directory: FolderArgument = None,
    rules: FolderOption = None,
    as_of: DayOption = None,
    seconds: SecondsOption = SECONDS_OF_A_RULE,
    as_json: JsonOption = False,
) -> None:
    """Find rules that no case can make fire, and rules that fire only where another asks for as much.

    The first is a mistake; the second is only said, since a rule may be there for its text. Both are proved for every
    case that could exist. Needs the extra `proofs`.

    Example:  credence dead rules

    Exit code: 0 every rule can fire, 1 one can't, or it wasn't shown in time, 2 the folder can't be read.
    """
    folder = folder_of(rules_folder(directory, rules, RULES))
    engine = loaded_engine(folder)
    cases = [case for case in CASE_KINDS if engine.ruleset(case, as_of_day(as_of, engine)).rules]
    looked_at = rules_looked_at(folder.policies, cases, as_of_day(as_of, engine), seconds, SECONDS_OF_A_KIND)
    said = [each for _, found in looked_at if not isinstance(found, str) for each in found]
    unknown = [(case, why) for case, why in looked_at if isinstance(why, str)]
    if as_json:
        print_json(
            {
                "version": engine.version,
                "rules": [{"rule": each.rule, "place": each.place, "finding": each.finding} for each in said],
                "not_looked_at": [{"case": case, "because": why} for case, why in unknown],
            }
        )
    else:
        for each in said:
            out().print(_line(each))
        for case, why in unknown:
            err().print(Text(f"rules of `{case}` weren't looked at: {why}", "bold yellow"))
        if not said and not unknown:
            out().print(Text("every rule can fire and decide alone", "green"))
    if unknown or any(each.finding is not Finding.NEVER_ALONE for each in said):
        raise typer.Exit(FOUND_PROBLEMS)


def _line(each: DeadRule) -> Text:
    colour = "" if each.finding is Finding.NEVER_ALONE else "bold red"
    return Text.assemble(f"{each.place}: ", (each.rule, "bold"), " ", (each.finding, colour))
