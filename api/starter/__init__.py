"""What a new site starts from: the default policies with their tests and maps, schemas for editors, and a sample.

In the repository `rules/` and `schema/` here are links to the folders of that name at its top, and the sample's order
is docs/order.json: one source each. A wheel holds the files themselves.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path

from files.input_refused import InputRefused

PARTS = ("schema", "sample", "rules")
"""Folders, in the order in which they appear: the policies last, when all that they need is there."""

_SUFFIXES = (".yaml", ".json", ".csv")


def write_starter(folder: Path) -> list[str]:
    """Writes every part into `folder`, which is made, parents included, and gives the files' names below it. It must be
    new or empty; all parts appear or none does. Raises InputRefused, or OSError where the disk fails."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    staging = None
    placed: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_unless_empty(folder)
        staging = Path(tempfile.mkdtemp(prefix=".credence-init-", dir=folder))
        names = _copy(package_files("api.starter"), staging)
        for part in PARTS:
            placed.append((staging / part).rename(folder / part))  # noqa: PERF401  # those in place must be known
    except BaseException:  # an interrupt from the keyboard included
        for path in placed:
            shutil.rmtree(path, ignore_errors=True)
        _remove(staging, made)
        raise
    staging.rmdir()
    return names


def _refuse_unless_empty(folder: Path) -> None:
    """Raises InputRefused with the first name there: hidden files count, as they may be somebody's."""
    there = sorted(path.name for path in folder.iterdir())
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputRefused(f"`{folder}` is not empty (`{there[0]}`{more}); nothing was written; give a new folder")


def _copy(source: Traversable, target: Path) -> list[str]:
    """Copies all parts into `target`, and gives the files' names below it, sorted."""
    return sorted(name for part in PARTS for name in _copy_folder(source / part, target / part, part))


def _copy_folder(source: Traversable, target: Path, name: str) -> list[str]:
    """Copies one folder with those below it, but for what is no part of a starter, such as `__pycache__`."""
    target.mkdir()
    names = []
    for each in source.iterdir():
        inside = f"{name}/{each.name}"
        if each.is_dir():
            names += _copy_folder(each, target / each.name, inside)
        elif each.name.endswith(_SUFFIXES) and not each.name.startswith("."):
            (target / each.name).write_bytes(each.read_bytes())
            names.append(inside)
    return names


def _remove(staging: Path | None, made: list[Path]) -> None:
    """Takes away what a start that failed has made: the staging folder, and new folders that are empty."""
    if staging is not None:
        shutil.rmtree(staging, ignore_errors=True)
    for folder in made:  # the innermost first; one that somebody else has put something into stays
        try:
            folder.rmdir()
        except OSError:
            return
