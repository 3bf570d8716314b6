"""The policy sets that `credence diff` and `credence simulate` compare: a folder, a git commit, or a version.

    rules                 a folder
    main, v1.2:policies   a commit of the git repository around the working folder, and the folder in it (`rules`)
    2776b349c7bd          a version that was in force, by at least its first 8 digits; with --journal
    @in-force             the version that took effect last; with --journal

What is tried stands in this order; a folder that is called as a branch is written `./main`.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated

import typer

from api.cli.console import FOUND_PROBLEMS, err, print_diagnostics, refuse
from api.cli.policy_folder import folder_of
from api.cli.record_options import journal_to_read
from api.proof_job import SetText
from engine.pipeline import Engine, Loaded
from engine.reading.list_file import LIST_SUFFIXES
from engine.reading.policy import LISTS
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import FILES_MAX, FOLDER_BYTES_MAX, RulesFolder

IN_FORCE = "@in-force"
"""The version that took effect last."""

_VERSION = re.compile(r"[0-9a-f]{8,64}")
_FOLDER = "rules"
_GIT_SECONDS = 20

SideArgument = Annotated[
    str,
    typer.Argument(
        metavar="BEFORE",
        help="The policies before: a folder, a git commit (COMMIT or COMMIT:FOLDER), or with --journal a version's "
        f"first 8 digits or {IN_FORCE}.",
    ),
]
OtherSideArgument = Annotated[
    str, typer.Argument(metavar="AFTER", help="The policies after, in the same way.", show_default=True)
]


@dataclass(frozen=True, slots=True)
class PolicySide:
    """One of the two sets."""

    name: str
    """As the user gave it."""
    text: SetText
    engine: Engine
    folder: RulesFolder | None
    """Where it is a folder; it may hold policy tests."""


def policy_side(word: str, journal: str | None) -> PolicySide:
    """The set that a word means; ends the command where it means none, or where it has mistakes."""
    path = Path(word)
    folder = None
    if path.is_dir():
        folder = folder_of(path, path.resolve().name)
        text = SetText(folder.policies, None, is_stored=False)
    elif word == IN_FORCE or (_VERSION.fullmatch(word) and journal is not None):
        text = _kept(word, journal)
    else:
        text = SetText(_of_commit(word), None, is_stored=False)
    return PolicySide(word, text, _compiled(word, text), folder)


def _compiled(word: str, text: SetText) -> Engine:
    try:
        with within_limits():
            loaded = text.loaded()
    except Stopped as stopped:
        loaded = Loaded(None, (too_large(text.files, stopped),))
    if loaded.engine is None:
        print_diagnostics(err(), loaded.diagnostics, text.files)
        refuse(f"the policies of `{word}` have mistakes", FOUND_PROBLEMS)
    return loaded.engine


# --- from a journal --------------------------------------------------------------------------------------------------


def _kept(word: str, place: str | None) -> SetText:
    with journal_to_read(place) as journal:
        versions = list(dict.fromkeys(each.version for each in journal.activations()))
        wanted = versions[-1:] if word == IN_FORCE else [each for each in versions if each.startswith(word)]
        if not wanted:
            none_yet = "the journal has no version in force"
            refuse(none_yet if word == IN_FORCE else f"no version that was in force begins with `{word}`")
        if len(wanted) > 1:
            refuse(f"several versions begin with `{word}`: {', '.join(wanted)}; give more digits")
        kept = journal.find_policy_set(wanted[0])
    if kept is None:
        refuse(f"the journal doesn't keep the text of version {wanted[0]}")
    standard = None if kept.standard_facts is None else kept.standard_facts.encode()
    return SetText({name: text.encode() for name, text in kept.files.items()}, standard, is_stored=True)


# --- from git --------------------------------------------------------------------------------------------------------


def _of_commit(word: str) -> dict[str, bytes]:
    commit, _, folder = word.partition(":")
    folder = folder.strip("/") or _FOLDER
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if found is None:
        hint = f"a folder, a git commit, or with --journal a version's first 8 digits or {IN_FORCE}"
        refuse(f"`{word}` is no policy set; give {hint}")
    revision = found.decode().strip()
    listed = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", revision, "--", f"{folder}/")
    paths = filter(None, (listed or b"").decode().split("\0"))
    names = [path for path in paths if _is_of_set(PurePath(path), PurePath(folder))]
    if not names:
        refuse(f"the commit `{commit}` has no folder `{folder}` with policies; name it: {commit}:FOLDER")
    if len(names) > FILES_MAX:
        refuse(f"`{word}` holds {len(names)} files; the most is {FILES_MAX}")
    files: dict[str, bytes] = {}
    for name in names:
        content = _git("show", f"{revision}:{name}")
        if content is None:
            refuse(f"`{name}` of the commit `{commit}` can't be read")
        files[(PurePath(PurePath(folder).name) / PurePath(name).relative_to(folder)).as_posix()] = content
    if sum(map(len, files.values())) > FOLDER_BYTES_MAX:
        refuse(f"`{word}` holds more than {FOLDER_BYTES_MAX} bytes")
    return files


def _is_of_set(name: PurePath, folder: PurePath) -> bool:
    """As `ledger.policies.rules_folder` chooses."""
    if name.name.startswith("."):
        return False
    within = name.relative_to(folder)
    if len(within.parts) == 1:
        return within.suffix in (".yaml", ".yml")
    return len(within.parts) == 2 and within.parts[0] == LISTS and within.suffix in LIST_SUFFIXES


def _git(*arguments: str) -> bytes | None:
    """What git prints; None where it fails."""
    try:
        done = subprocess.run(  # the words are this module's; a commit comes behind --end-of-options
            ("git", *arguments), capture_output=True, check=False, timeout=_GIT_SECONDS
        )
    except FileNotFoundError:
        refuse("git isn't installed, so a commit can't be read; give a folder")
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
