"""A folder of rules on disk: policies and facts at the top, policy tests under cases/, row maps under maps/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

_SUFFIXES = (".yaml", ".yml")
_GIVE = "give the folder that holds the policies' YAML files"
_INIT = "`credence init DIR` makes DIR/rules"


class FolderUnreadable(Exception):
    """The message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class RulesFolder:
    """File contents by the name shown to users (`rules/orders.yaml`), in order of name."""

    root: Path
    policies: Mapping[str, bytes]
    cases: Mapping[str, bytes]
    maps: Mapping[str, bytes]


def read_folder(root: Path, name: str = "") -> RulesFolder:
    """`name` replaces the folder's path in the names of its files."""
    if not root.is_dir():
        if root.exists():
            raise FolderUnreadable(f"the rules folder `{root}` is a file, not a folder; {_GIVE}")
        raise FolderUnreadable(f"the rules folder `{root}` does not exist; {_GIVE}, or write the default ones: {_INIT}")
    shown = PurePath(name or root)
    policies = _files(root, shown)
    if not policies:
        raise FolderUnreadable(f"the folder `{root}` holds no .yaml files; {_GIVE}")
    cases, maps = _files(root / "cases", shown / "cases"), _files(root / "maps", shown / "maps")
    return RulesFolder(root, policies, cases, maps)


def _files(folder: Path, shown: PurePath) -> dict[str, bytes]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and _is_wanted(path))
        return {(shown / path.name).as_posix(): path.read_bytes() for path in found}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FolderUnreadable(f"`{error.filename}` can't be read: {error.strerror}") from None


def _is_wanted(path: Path) -> bool:
    """Editors leave hidden files beside the one being edited."""
    return path.is_file() and not path.name.startswith(".")
