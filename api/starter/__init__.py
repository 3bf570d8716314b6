"""What a new site starts from: the default policies with their tests and maps, schemas for editors, and a sample.

In the repository `rules/` and `schema/` here are links to the folders of that name at its top, and the sample's order
is docs/order.json: one source each. A wheel holds the files themselves.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path

from api.starter.in_currency import OWN_CURRENCY, in_currency
from files.input_refused import InputRefused

PARTS = ("schema", "sample", "rules")
"""Folders, in the order in which they appear: the policies last, when all that they need is there."""

_SUFFIXES = (".yaml", ".json", ".csv")


def write_starter(folder: Path, currency: str = OWN_CURRENCY) -> list[str]:
    """Writes every part into `folder`, which is made, parents included, and gives the files' names below it. It must be
    new or empty; all parts appear or none does. Amounts are in `currency`, in which they are as round as in euros.
    Raises InputRefused, or OSError where the disk fails."""
    files = _files(package_files("api.starter"))
    if currency != OWN_CURRENCY:
        files = in_currency(files, currency)
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    staging = None
    placed: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_unless_empty(folder)
        staging = Path(tempfile.mkdtemp(prefix=".credence-init-", dir=folder))
        _write(files, staging)
        for part in PARTS:
            placed.append((staging / part).rename(folder / part))  # noqa: PERF401  # those in place must be known
    except BaseException:  # an interrupt from the keyboard included
        for path in placed:
            shutil.rmtree(path, ignore_errors=True)
        _remove(staging, made)
        raise
    staging.rmdir()
    return sorted(files)


def _refuse_unless_empty(folder: Path) -> None:
    """Raises InputRefused with the first name there: hidden files count, as they may be somebody's."""
    there = sorted(path.name for path in folder.iterdir())
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputRefused(f"`{folder}` is not empty (`{there[0]}`{more}); nothing was written; give a new folder")


def _files(source: Traversable) -> dict[str, bytes]:
    """The files of all parts by their names below the new folder."""
    return {name: content for part in PARTS for name, content in _files_below(source / part, part)}


def _files_below(source: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """One folder with those below it, but for what is no part of a starter, such as `__pycache__`."""
    for each in source.iterdir():
        inside = f"{name}/{each.name}"
        if each.is_dir():
            yield from _files_below(each, inside)
        elif each.name.endswith(_SUFFIXES) and not each.name.startswith("."):
            yield inside, each.read_bytes()


def _write(files: Mapping[str, bytes], target: Path) -> None:
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _remove(staging: Path | None, made: list[Path]) -> None:
    """Takes away what a start that failed has made: the staging folder, and new folders that are empty."""
    if staging is not None:
        shutil.rmtree(staging, ignore_errors=True)
    for folder in made:  # the innermost first; one that somebody else has put something into stays
        try:
            folder.rmdir()
        except OSError:
            return
