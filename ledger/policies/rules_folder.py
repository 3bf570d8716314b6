"""A folder of rules on disk: policies and facts at the top, lists under lists/, tests under cases/, maps under maps/.

Whatever lies there, no more is read than a policy set can have: so many files, and of each a byte more than the largest
that is allowed, which tells that it is too large.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from engine.reading.list_file import LIST_SUFFIXES
from engine.reading.policy import LISTS
from files.bounded_files import read_ordinary
from files.input_refused import InputRefused
from files.visible import unseen, visible_name

FILES_MAX = 200
"""YAML files in one folder; the default set has a dozen."""

FOLDER_BYTES_MAX = 8 << 20
"""Of all YAML files in one folder together; the default set has a tenth of a megabyte."""

_SUFFIXES = (".yaml", ".yml")
_GIVE = "give the folder that holds the policies' YAML files"
_INIT = "`credence init DIR` makes DIR/rules"


@dataclass(frozen=True, slots=True)
class RulesFolder:
    """File contents by the name shown to users (`rules/orders.yaml`), in order of name."""

    root: Path
    """The folder."""

    policies: Mapping[str, bytes]
    """Policies and facts at the top of the folder, and lists under lists/: the policy set."""

    cases: Mapping[str, bytes]
    """Policy tests under cases/."""

    maps: Mapping[str, bytes]
    """Row and history maps under maps/."""


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a policy set's files without reading them: name, size, the times of the last change of
    content and of anything, inode. Two looks that are equal saw no change. None: the folder can't be looked at."""

    files: tuple[tuple[str, int, int, int, int], ...] | None


def read_folder(root: Path, name: str = "") -> RulesFolder:
    """`name` replaces the folder's path in the names of its files."""
    displayed = PurePath(visible_name(name or str(root)))
    if displayed.name == LISTS:
        raise InputRefused(f"the rules folder `{root}` is called as the folder of lists in one is; rename it")
    try:
        _refuse_unless_folder(root)
    except OSError as error:  # one that nobody may look at, or a name that no file can have
        raise _unreadable(error) from error
    policies = _files(root, displayed)
    if not policies:
        raise InputRefused(f"the folder `{root}` holds no .yaml files; {_GIVE}")
    policies |= _files(root / LISTS, displayed / LISTS, LIST_SUFFIXES)
    cases, maps = _files(root / "cases", displayed / "cases"), _files(root / "maps", displayed / "maps")
    return RulesFolder(root, policies, cases, maps)


def tests_in(folder: Path) -> Mapping[str, bytes]:
    """The policy tests in the folder itself, or under cases/ in it; none where it can't be read."""
    try:
        return _files(folder / "cases", PurePath("cases")) or _files(folder, PurePath(folder.name))
    except InputRefused:
        return {}


def look(root: Path) -> Look:
    """At the files that `read_folder` gives as policies."""
    try:
        lists = ((f"{LISTS}/{entry.name}", *_state(entry)) for entry in _list_files(root / LISTS))
        return Look(tuple(sorted([*((entry.name, *_state(entry)) for entry in _files_ending(root)), *lists])))
    except OSError:
        return Look(None)


def _state(entry: os.DirEntry[str]) -> tuple[int, int, int, int]:
    status = entry.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _files(folder: Path, displayed: PurePath, suffixes: tuple[str, ...] = _SUFFIXES) -> dict[str, bytes]:
    kinds = ".yaml" if suffixes is _SUFFIXES else ".csv and .yaml"
    try:
        names = sorted(entry.name for entry in _files_ending(folder, suffixes))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _unreadable(error) from None
    if len(names) > FILES_MAX:
        raise InputRefused(f"the folder `{displayed}` holds {len(names)} {kinds} files; the most is {FILES_MAX}")
    for name in names:
        if character := unseen(name):
            path = displayed / visible_name(name)
            message = f"the name of `{path}` holds the invisible character U+{ord(character):04X}"
            raise InputRefused(f"{message}; rename the file")
    contents: dict[str, bytes] = {}
    total = 0
    for name in names:
        try:
            content = read_ordinary(folder / name)
        except OSError as error:
            raise _unreadable(error) from None
        if content is not None:
            contents[(displayed / name).as_posix()] = content
            total += len(content)
        if total > FOLDER_BYTES_MAX:
            raise InputRefused(f"the folder `{displayed}` holds more than {FOLDER_BYTES_MAX} bytes in {kinds} files")
    return contents


def _refuse_unless_folder(root: Path) -> None:
    if not root.is_dir():
        if root.exists():
            raise InputRefused(f"the rules folder `{root}` is a file, not a folder; {_GIVE}")
        raise InputRefused(f"the rules folder `{root}` does not exist; {_GIVE}, or write the default ones: {_INIT}")


def _unreadable(error: OSError) -> InputRefused:
    return InputRefused(f"`{error.filename}` can't be read: {error.strerror}")


def _list_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """None where there is no such folder."""
    try:
        yield from _files_ending(folder, LIST_SUFFIXES)
    except (FileNotFoundError, NotADirectoryError):
        return


def _files_ending(folder: Path, suffixes: tuple[str, ...] = _SUFFIXES) -> Iterator[os.DirEntry[str]]:
    """Editors leave hidden files beside the one being edited."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(suffixes) and not entry.name.startswith(".") and _is_ordinary(entry):
                yield entry


def _is_ordinary(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False
