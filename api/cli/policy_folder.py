"""From a folder of policies to an engine that decides by them; every command that reads policies gets them here.

Where the folder or its policies can't be used, these functions print why and end the command.
"""

from __future__ import annotations

from pathlib import Path

from api.cli.console import FOUND_PROBLEMS, err, print_diagnostics, refuse
from engine.pipeline import Engine, Loaded, load
from engine.vocabulary.vocabulary import Vocabulary
from files.input_refused import InputRefused
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import RulesFolder, read_folder


def folder_of(rules: Path, name: str = "") -> RulesFolder:
    """The files of a rules folder. `name` is what places in it begin with instead of the path as the user gave it."""
    try:
        return read_folder(rules, name)
    except InputRefused as refused:
        refuse(str(refused))


def loaded_within_limits(folder: RulesFolder) -> Loaded:
    """The policies compiled, or their mistakes. Policies that take too long or too much memory have one mistake, which
    says so."""
    try:
        with within_limits():
            return load(folder.policies)
    except Stopped as stopped:
        return Loaded(None, (too_large(folder.policies, stopped),))


def loaded_engine(folder: RulesFolder) -> Engine:
    """The engine of a folder; where its policies have mistakes, prints them and ends the command."""
    loaded = loaded_within_limits(folder)
    if loaded.engine is None:
        print_diagnostics(err(), loaded.diagnostics, folder.policies)
        refuse(f"the policies have mistakes; `credence check {folder.root}` shows them again", FOUND_PROBLEMS)
    return loaded.engine


def vocabulary_of(rules: Path) -> Vocabulary:
    """The facts of the folder at `rules`, whatever its policies are like; where facts.yaml has mistakes, prints them
    and ends the command."""
    folder = folder_of(rules)
    loaded = loaded_within_limits(folder)
    if loaded.vocabulary is None:
        print_diagnostics(err(), loaded.diagnostics, folder.policies)
        refuse(f"facts.yaml has mistakes; `credence check {folder.root}` shows them again", FOUND_PROBLEMS)
    return loaded.vocabulary


def engine_of(rules: Path) -> Engine:
    """The engine of the folder at `rules`, for commands that decide.

    Its decisions name places in the policies as those of the service do (`rules/orders.yaml:12:3`), wherever the folder
    is: the same case gets the same bytes on every machine.
    """
    return loaded_engine(folder_of(rules, rules.resolve().name))
