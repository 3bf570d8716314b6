"""What a change of the policy set takes away, by name: files, policies and rules, and what new exceptions waive.

Verb: two sets of files → Vanished. What is taken away would no longer hold an order, and what is left may check all the
same; so a change that takes something away waits until a person says that it is meant. Only names are compared: what a
rule, a row or a number says may change freely, since that is what editing is. An exception takes rules away for some
cases, so one that is new or says something else waits too; one that is gone takes nothing away, nor does its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics.codes import ErrorCode
from engine.reading import document
from engine.reading.document import Mapping as Entries
from engine.reading.document import Node, Scalar
from engine.reading.exceptions_file import SITE_EXCEPTIONS
from engine.reading.list_file import is_list_file, name_in_set, read_list
from engine.reading.policy import EXCEPTIONS

_EMPTY_FILE = ErrorCode.Y004


@dataclass(frozen=True, slots=True)
class Vanished:
    """`files` are names within the set, `policies` their names, `rules` and `exceptions` ids as decisions name them
    (`orders.over-limit`); each sorted. False where nothing has vanished."""

    files: tuple[str, ...] = ()
    """Names within the set (`orders.yaml`, `lists/banks.csv`), sorted. A list that has lost all its entries counts."""

    policies: tuple[str, ...] = ()
    """Names, sorted."""

    rules: tuple[str, ...] = ()
    """Ids as decisions name them, such as `orders.over-limit`; sorted."""

    exceptions: tuple[str, ...] = ()
    """Ids of exceptions that are new or say something else: for some cases they take rules away; sorted."""

    def __bool__(self) -> bool:
        return bool(self.files or self.policies or self.rules or self.exceptions)


@dataclass(frozen=True, slots=True)
class _Held:
    """What one file defines: (case kind, name). A policy that turns to another kind of case is gone from the first."""

    policies: frozenset[tuple[str, str]] = frozenset()
    rules: frozenset[tuple[str, str]] = frozenset()


def vanished(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Vanished:
    """Files are the same by their names within the set, wherever the folder is. Of a file that can't be read any more
    nothing is said: what it defines is a mistake to mend first, not something that is gone. An empty one defines
    nothing.

    Files {a: policy p with rules r and s} → {a: policy p with rule r}: Vanished((), (), ("p.s",))."""
    old, new = _by_name(before), _by_name(after)
    waived_before, waived_after = (_exceptions(files.pop(SITE_EXCEPTIONS, None)) for files in (old, new))
    waiving = {name for name, said in waived_after.items() if waived_before.get(name) != said}
    held_before = {name: _held(content, name) for name, content in old.items()}
    held_after = {name: _held(content, name) for name, content in new.items()}
    files = set(old) - set(new)
    # a file of before that this engine can't read defines something unknown, which is there only if it hasn't changed
    files |= {name for name, held in held_before.items() if held is None and old[name] != new.get(name)}
    files |= {name for name in old if _is_emptied(name, old[name], new.get(name, old[name]))}
    was = [held for held in held_before.values() if held]
    now = [held or held_before.get(name) or _Held() for name, held in held_after.items()]
    policies = frozenset().union(*(h.policies for h in was)) - frozenset().union(*(h.policies for h in now))
    rules = frozenset().union(*(h.rules for h in was)) - frozenset().union(*(h.rules for h in now))
    exceptions = tuple(f"{EXCEPTIONS}.{name}" for name in sorted(waiving))
    return Vanished(tuple(sorted(files)), _names(policies), _names(rules), exceptions)


def _is_emptied(name: str, before: bytes, after: bytes) -> bool:
    """Whether a list had entries and has none any more: most often an export that went wrong, and as if it were
    gone."""
    if not is_list_file(name) or before == after:
        return False
    was, now = (read_list(content, name, end_mark=False)[0] for content in (before, after))
    return bool(was and any(each.value for each in was.values) and now and not any(each.value for each in now.values))


def _by_name(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name_in_set(name): content for name, content in files.items()}


def _exceptions(content: bytes | None) -> dict[str, object]:
    """What each exception of a file says, without its comments and its layout; nothing of a file that isn't there or
    can't be read, which is a mistake to mend first."""
    read = document.read(content, SITE_EXCEPTIONS)[0] if content is not None else None
    return {key.text: _said(node) for key, node in read.root.entries} if read else {}


def _said(node: Node) -> object:
    if isinstance(node, Entries):
        return frozenset((key.text, _said(value)) for key, value in node.entries)
    return node.text if isinstance(node, Scalar) else tuple(map(_said, node.items))


def _names(pairs: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({name for _, name in pairs}))


def _held(content: bytes, name: str) -> _Held | None:
    """None where the file can't be read. Looks at names only, so that a mistake inside a rule doesn't hide it. A list
    is named by its file."""
    if is_list_file(name):
        return _Held()
    read, mistakes = document.read(content, name)
    if read is None:
        return _Held() if any(mistake.code == _EMPTY_FILE for mistake in mistakes) else None
    policy, kind, rules = (read.root.get(key) for key in ("policy", "decides", "rules"))
    if not isinstance(policy, Scalar):
        return _Held()
    case = kind.text if isinstance(kind, Scalar) else ""
    ids = [key.text for key, _ in rules.entries] if isinstance(rules, Entries) else []
    return _Held(frozenset({(case, policy.text)}), frozenset((case, f"{policy.text}.{id_}") for id_ in ids))
