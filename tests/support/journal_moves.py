"""What can happen to a journal's file under a running service, each as a function of its path. The journal stands in a
folder of its own, which is below another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Act = Callable[[Path], object]


def beside(path: Path, ending: str = "") -> Path:
    return path.with_name(path.name + ending)


def away(path: Path) -> Path:
    return path.parent.parent / f"away-{path.name}"


@dataclass(frozen=True, slots=True)
class Move:
    """`back` undoes it, None where that can't be done. `whole`: where the file with all records is after the service
    has stopped, None where nobody can have it. `leave_alone`: nothing may be written into what is at the path."""

    name: str
    act: Act
    back: Act | None = None
    whole: Callable[[Path], Path] | None = lambda path: path
    leave_alone: bool = False


def _removed(ending: str) -> Act:
    return lambda path: beside(path, ending).unlink()


def _moved(ending: str) -> Act:
    return lambda path: beside(path, ending).rename(away(beside(path, ending)))


def _moved_back(ending: str) -> Act:
    def act(path: Path) -> None:
        away(beside(path, ending)).rename(beside(path, ending))

    return act


def _replaced(ending: str) -> Act:
    """By a copy: the same bytes in another file."""

    def act(path: Path) -> None:
        file = beside(path, ending)
        _moved(ending)(path)
        shutil.copy(away(file), file)

    return act


def _emptied(path: Path) -> None:
    _moved("-wal")(path)
    beside(path, "-wal").touch()


def _hard_link_swapped(path: Path) -> None:
    other = path.with_name("other.db")
    shutil.copy(path, other)
    path.rename(away(path))
    os.link(other, path)


def _overwritten(path: Path) -> None:
    """By an older and so smaller state, in place, as `cp` does it."""
    with path.open("r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(content[: len(content) // 2])
        file.truncate()


def _folder_renamed(path: Path) -> None:
    path.parent.rename(path.parent.with_name("renamed"))


def _folder_renamed_back(path: Path) -> None:
    if path.parent.exists():
        shutil.rmtree(path.parent)
    path.parent.with_name("renamed").rename(path.parent)


def _folder_made_anew(path: Path) -> None:
    _folder_renamed(path)
    path.parent.mkdir()


def _folder_restored(path: Path) -> None:
    _folder_renamed(path)
    shutil.copytree(path.parent.with_name("renamed"), path.parent)


def _link_retargeted(path: Path) -> None:
    """The path becomes a link to another file, as when a disk is changed behind it."""
    path.rename(away(path))
    shutil.copy(away(path), path.with_name("other.db"))
    path.symlink_to("other.db")


def _folder_in_its_place(path: Path) -> None:
    path.rename(away(path))
    path.mkdir()


def _folder_in_its_place_back(path: Path) -> None:
    path.rmdir()
    away(path).rename(path)


def _pipe_in_its_place(path: Path) -> None:
    path.rename(away(path))
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.rename(away(path))
    path.symlink_to("nowhere.db")


def _link_to_itself(path: Path) -> None:
    path.rename(away(path))
    path.symlink_to(path.name)


def _put_back(path: Path) -> None:
    away(path).replace(path)


def _renamed(path: Path) -> Path:
    return path.parent.with_name("renamed") / path.name


MOVES = [
    Move("file removed", _removed(""), whole=None),
    Move("file moved", _moved(""), _moved_back(""), away),
    Move("file replaced by a copy", _replaced(""), _put_back, away),
    Move("hard link swapped", _hard_link_swapped, _put_back, away),
    Move("link to another file", _link_retargeted, _put_back, away),
    Move("dangling link", _dangling, _put_back, away),
    Move("link to itself", _link_to_itself, _put_back, away),
    Move("folder in its place", _folder_in_its_place, _folder_in_its_place_back, away),
    Move("pipe in its place", _pipe_in_its_place, _put_back, away),
    Move("file emptied", lambda path: os.truncate(path, 0), whole=None, leave_alone=True),
    Move("file cut off", lambda path: os.truncate(path, 4096), whole=None, leave_alone=True),
    Move("file overwritten in place", _overwritten, whole=None, leave_alone=True),
    Move("log removed", _removed("-wal")),
    Move("log moved", _moved("-wal"), _moved_back("-wal")),
    Move("log replaced by a copy", _replaced("-wal"), whole=None, leave_alone=True),
    Move("log replaced by an empty one", _emptied, whole=None, leave_alone=True),
    Move("index removed", _removed("-shm")),
    Move("index moved", _moved("-shm"), _moved_back("-shm")),
    Move("index replaced by a copy", _replaced("-shm"), whole=None, leave_alone=True),
    Move("folder renamed", _folder_renamed, _folder_renamed_back, _renamed),
    Move("folder made anew", _folder_made_anew, _folder_renamed_back, _renamed),
    Move("folder restored from a copy", _folder_restored, _folder_renamed_back, _renamed),
]


def listing(folder: Path) -> dict[str, int]:
    """Every name below, with its number on the disk."""
    return {str(path.relative_to(folder)): path.lstat().st_ino for path in folder.rglob("*")}
